"""Tuning the rule baseline on its own history, with a hindsight no shop has: it lives through the last weeks again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from shopkeeper.simulation.prices.history import HISTORY_BOOK, TUNING_WEEKS, Past
from shopkeeper.simulation.prices.market import play
from shopkeeper.simulation.prices.plan import HISTORY_WEEKS
from shopkeeper.simulation.prices.rules import GRID, RuleBook, Rules
from shopkeeper.simulation.prices.takings import Takings, takings_of


@dataclass(frozen=True, slots=True)
class Tried:
    """What one set of parameters brought in the tuning weeks.

    Attributes:
        enough: Its margin over all stores was not below what the stores have to hold.
    """

    book: RuleBook
    revenue: float
    margin: float
    enough: bool

    @property
    def rank(self) -> tuple[bool, float]:
        """Return by what it is chosen: the margin first, then revenue, or the margin where none holds it."""
        return self.enough, self.revenue if self.enough else self.margin


def tuned(
    past: Past, start: RuleBook = HISTORY_BOOK, grid: Mapping[str, Sequence[float]] = GRID
) -> RuleBook:  # fmt: skip
    """Return the parameters of the grid that bring the most revenue at the margin the stores have to hold.

    One parameter after the other is set to the best of its values, the others as they are by then.
    """
    best = _try(past, start)
    for name, values in grid.items():
        for value in values:
            if value != getattr(best.book, name):
                found = _try(past, msgspec.structs.replace(best.book, **{name: value}))
                best = max(best, found, key=lambda tried: tried.rank)
    return best.book


def _try(past: Past, book: RuleBook) -> Tried:
    market = play(past.earlier, Rules(book), TUNING_WEEKS, past.target)
    takings: Takings = takings_of(market, HISTORY_WEEKS - TUNING_WEEKS, HISTORY_WEEKS)
    by_store = takings.revenue.sum(axis=0)
    least = float((past.target * by_store).sum() / by_store.sum())
    margin = takings.total_margin
    return Tried(book, takings.total_revenue, margin, margin >= least)
