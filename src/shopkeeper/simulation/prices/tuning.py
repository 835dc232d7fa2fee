"""Tuning the rule baseline on its own history, with a hindsight no shop has: it lives through the last weeks again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from shopkeeper.simulation.prices.history import HISTORY_BOOK, TUNING_WEEKS, Past
from shopkeeper.simulation.prices.market import play
from shopkeeper.simulation.prices.plan import HISTORY_WEEKS
from shopkeeper.simulation.prices.rules import GRID, RuleBook, Rules
from shopkeeper.simulation.prices.takings import takings_of

SHORT: Final = 10.0
"""Share of revenue that counts as lost per unit of margin below what the stores have to hold: four times what cheaper
prices bring, so that the margin is held first."""


@dataclass(frozen=True, slots=True)
class _Tried:
    book: RuleBook
    worth: float


def tuned(
    past: Past, start: RuleBook = HISTORY_BOOK, grid: Mapping[str, Sequence[float]] = GRID
) -> RuleBook:  # fmt: skip
    """Return the parameters of the grid that bring the most revenue at the margin the stores have to hold.

    One parameter after the other is set to the best of its values, the others as they are by then; the first one again
    at the end, since what the margin asks of it hangs on the others.
    """
    best = _Tried(start, worth(past, start))
    for name in (*grid, next(iter(grid))):
        for value in grid[name]:
            if value != getattr(best.book, name):
                book = msgspec.structs.replace(best.book, **{name: value})
                best = max(best, _Tried(book, worth(past, book)), key=lambda tried: tried.worth)
    return best.book


def worth(past: Past, book: RuleBook) -> float:
    """Return the revenue of the tuning weeks under some parameters, less what a margin that is too low costs."""
    market = play(past.earlier, Rules(book), TUNING_WEEKS, past.target)
    takings = takings_of(market, HISTORY_WEEKS - TUNING_WEEKS, HISTORY_WEEKS)
    by_store = takings.revenue.sum(axis=0)
    least = float((past.target * by_store).sum() / by_store.sum())
    return takings.total_revenue * (1 - SHORT * max(0.0, least - takings.total_margin))
