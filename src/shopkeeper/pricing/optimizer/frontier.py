"""What a group of prices can trade: the upper hull of every row's choices, and all steps of a group from cheap to dear.

A row is one price, or several that move as one. Each of its choices has a value and brings something to a constraint.
Only choices on the upper hull of the two can be best for some shadow price; from one to the next, bringing more costs
value at a rate that only rises. Sorted by that rate, the steps of all rows of a group are the group's whole frontier:
the shadow price of its constraint is read off in one sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shopkeeper.pricing.shelf import Flags, Floats, Ints

BLOCK: Final = 4_096
"""Rows worked on together: their cells stay in the processor's cache."""


@dataclass(slots=True)
class Meter:
    """Counts the cells that were looked at.

    Attributes:
        cells: Cells of one pass over all rows and choices.
        seen: Cells looked at so far.
    """

    cells: int
    seen: int = 0

    @property
    def passes(self) -> float:
        """Passes over all cells so far."""
        return self.seen / self.cells


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps along the hulls of some rows, each row's in its order.

    Attributes:
        row: Row that takes the step, shape (steps,).
        order: Number of the step in its row, from 0.
        to: Choice it leads to.
        brings: What it adds to the constraint, above 0.
        costs: Value it gives up, 0 or more.
    """

    row: Ints
    order: Ints
    to: Ints
    brings: Floats
    costs: Floats

    @property
    def rate(self) -> Floats:
        """Value given up for one unit of the constraint."""
        return self.costs / self.brings

    def at(self, places: Ints | slice) -> Steps:
        """Return some of the steps."""
        return Steps(
            self.row[places], self.order[places], self.to[places], self.brings[places], self.costs[places]
        )  # fmt: skip


def best_choices(value: Floats, brings: Floats, meter: Meter) -> Ints:
    """Return each row's choice of the highest value; of equal ones the one that brings most.

    Args:
        value: Of each choice, -inf where it is not allowed, shape (rows, choices).
        brings: What it brings to the constraint, of the same shape.
    """
    meter.seen += value.size
    chosen = value.argmax(axis=1)
    top = value[np.arange(len(value)), chosen]
    tied = np.flatnonzero((value == top[:, None]).sum(axis=1) > 1)
    if tied.size:
        level = np.where(value[tied] == top[tied, None], brings[tied], -np.inf)
        chosen[tied] = level.argmax(axis=1)
    return np.asarray(chosen)


def hull_steps(value: Floats, brings: Floats, start: Ints, rows: Ints, meter: Meter) -> Steps:
    """Return the steps along the upper hulls of some rows, from each one's best choice to the one that brings most.

    Args:
        value: Of each choice, -inf where it is not allowed, shape (rows, choices).
        brings: What it brings to the constraint, of the same shape.
        start: Best choice of each row.
        rows: The rows to look at.
    """
    found: list[tuple[Ints, Ints, Ints, Floats, Floats]] = []
    for first in range(0, len(rows), BLOCK):
        block = rows[first : first + BLOCK]
        found += _block_steps(value[block], brings[block], start[block], block, meter)
    if not found:
        nothing, none = np.zeros(0, np.int64), np.zeros(0)
        return Steps(nothing, nothing, nothing, none, none)
    return Steps(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _block_steps(
    value: Floats, brings: Floats, start: Ints, names: Ints, meter: Meter
) -> list[tuple[Ints, Ints, Ints, Floats, Floats]]:
    """Wrap the hulls of one block of rows: from each corner the next is the one seen at the least rate."""
    found, at, order = [], start, 0
    rate_before = np.zeros(len(names))
    while len(names):
        meter.seen += value.size
        here = np.arange(len(names))
        more = brings - brings[here, at][:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = (value[here, at][:, None] - value) / more
        rate[~(more > 0)] = np.inf
        to = rate.argmin(axis=1)
        least = rate[here, to]
        on = np.isfinite(least)
        if not on.all():
            value, brings, names, at, to = value[on], brings[on], names[on], at[on], to[on]
            least, rate_before, here = least[on], rate_before[on], np.arange(len(names))
        brought = brings[here, to] - brings[here, at]
        rate_before = np.maximum(rate_before, least)  # rounding must not turn two steps of a row around
        found.append((names, np.full(len(names), order), to, brought, rate_before * brought))
        at, order = to, order + 1
    return found


def in_order(steps: Steps, group: Ints) -> Ints:
    """Return the order of steps by group, and within one by rate; a row's steps keep their own order."""
    return np.asarray(np.lexsort((steps.order, steps.rate, group[steps.row])))


def sums_by(group: Ints, values: Floats | Flags, groups: int) -> Floats:
    """Return the sum of values of each group, shape (groups,)."""
    return np.asarray(np.bincount(group, weights=values, minlength=groups), np.float64)


def picked(cells: Floats, chosen: Ints) -> Floats:
    """Return the cell of each row's choice, shape (rows,)."""
    return np.asarray(cells[np.arange(len(chosen)), chosen])
