"""What the prices of a run are found by: how far they move, their category, and what the rules and gates said of them.

A mark is one thing said of a price: `anomaly:below_cost` (the gate held it back), `held:no_opinion` (it may not move),
`binding:margin_floor` (a better price was kept out), `tried:wobble` (it is tried out to learn). Whose scope a rule
comes from is no part of its mark.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from shopkeeper.pricing.runs.price_run import RunPrice

FARTHEST: Final = 10**12
"""Size of a move that is no number, or too large for one; in millionths of the price."""


class RowsWanted(Struct, frozen=True):
    """Which prices of a run.

    Attributes:
        moving: Only those that change.
        category: Only of this category; empty = of any.
        mark: Only those it is said of; empty = any.
    """

    moving: bool = True
    category: str = ""
    mark: str = ""


class RowsFound(Struct, frozen=True):
    """Prices of one page; `of` is how many were found in all."""

    prices: tuple[RunPrice, ...]
    of: int


class RunTally(Struct, frozen=True):
    """How many prices of a run are of each category, and of how many each mark is said; in the order of names."""

    categories: dict[str, int]
    marks: dict[str, int]


def marks_of(price: RunPrice) -> tuple[str, ...]:
    """Return what is said of a price."""
    said = (
        ("anomaly", price.held_back), ("held", price.proposal.hold), ("binding", price.proposal.binding),
        ("tried", _tried(price)),
    )  # fmt: skip
    found = (f"{kind}:{name.partition(' ')[0]}" for kind, names in said for name in names)
    return tuple(dict.fromkeys(found))


def _tried(price: RunPrice) -> tuple[str, ...]:
    tried = price.proposal.tried
    return () if tried is None or price.held_back else (tried.kind,)


def size_of(price: RunPrice) -> int:
    """Return how far a price moves, or would have moved had no gate held it, in millionths of what it is."""
    wanted = price.proposal.proposed if price.held_back else price.price
    move = abs(wanted / price.current - 1) if price.current else math.inf
    return min(round(move * 1e6), FARTHEST) if math.isfinite(move) else FARTHEST


def between_bars(*marks: str) -> str:
    """Return marks as they are kept: each between bars, so that no mark is found within another."""
    return f"|{'|'.join(marks)}|" if marks else ""


def tallied(groups: Iterable[tuple[str, str, int]]) -> RunTally:
    """Return the tally of prices that were counted by category and marks between bars."""
    categories, marks = Counter[str](), Counter[str]()
    for category, said, n in groups:
        categories[category] += n
        for mark in filter(None, said.split("|")):
            marks[mark] += n
    return RunTally(dict(sorted(categories.items())), dict(sorted(marks.items())))
