"""The best choice of each group under its own target where some rows bring to several: one price in all stores.

The groups do not come apart any more. The dual is lowered by one group after the other, each exactly with the shadow
prices of the others as they stand (groups without a common row at once). Whatever the prices are when that ends, they
give a bound. Rows of several groups then take their best choice at these prices, the others what the targets still
need; where a group has too few others, shared rows are moved on, cheapest first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from shopkeeper.pricing.optimizer.frontier import Meter, Steps, best_choices, hull_steps, in_order, picked, sums_by
from shopkeeper.pricing.optimizer.group_dual import ROUNDING, Frontiers, frontiers_of, inner
from shopkeeper.pricing.optimizer.program import Inner, Program
from shopkeeper.pricing.shelf import Flags, Floats, Ints

SWEEPS: Final = 4
"""Times every group's price is found anew, at most."""
STILL: Final = 1e-3
"""Relative change of prices below which they count as found."""
REPAIRS: Final = 8


@dataclass(frozen=True, slots=True)
class Entries:
    """What shared rows bring to groups with a target.

    Attributes:
        rows: The shared rows, shape (shared,).
        row: Place in `rows` of each entry, shape (entries,).
        group: Shape (entries,).
        brings: Shape (entries, choices).
        classes: Groups no two of which have a common row, as lists of entries.
    """

    rows: Ints
    row: Ints
    group: Ints
    brings: Floats
    classes: tuple[Ints, ...]


def inner_shared(program: Program, value: Floats, near: Floats | None, meter: Meter) -> Inner:
    """Return the best choice of each group under its own target, and the bound of their sum.

    Args:
        near: Shadow prices to begin with, nought where None.
    """
    entries = entries_of(program)
    lone = np.flatnonzero(program.lone())
    mine = lone_part(program, lone)
    frontiers = frontiers_of(mine, value[lone], meter)
    prices = np.zeros(len(program.need)) if near is None else near.copy()
    worth = value[entries.rows] + weighted(entries, prices)
    prices, worth = _lowered(frontiers, program.need, entries, prices, worth, meter)
    chosen = np.zeros(len(value), np.int64)
    chosen[entries.rows] = best_choices(worth, np.zeros(worth.shape), meter)
    for _ in range(REPAIRS):
        found = inner(frontiers, program.need - brought_by(entries, chosen, len(program.need)), meter)
        chosen[lone] = found.chosen
        if not found.unmet.any() or not _moved_on(program, entries, worth, chosen, found.unmet, meter):
            break
    brought = program.own(chosen)
    unmet = brought < program.need - ROUNDING * np.abs(brought)
    need = np.where(unmet, brought, np.where(np.isfinite(program.need), program.need, 0.0))
    bound = float(worth.max(axis=1).sum()) + frontiers.bound(prices) - float(prices @ need)
    return Inner(chosen, bound, prices, unmet)


def lone_part(program: Program, lone: Ints) -> Program:
    """Return the program of the rows that bring something to one group only."""
    return replace(
        program, value=program.value[lone], group=program.group[lone], brings=program.brings[lone], whole=None,
        also=None,
    )  # fmt: skip


def entries_of(program: Program) -> Entries:
    """Return what the shared rows of a program bring to groups with a target."""
    also = program.also
    assert also is not None  # noqa: S101 - callers looked
    rows = np.unique(also.row)
    row = np.concatenate([np.arange(len(rows)), np.searchsorted(rows, also.row)])
    group = np.concatenate([program.group[rows], also.group])
    brings = np.concatenate([program.brings[rows], also.brings])
    wanted = np.isfinite(program.need[group])
    row, group, brings = row[wanted], group[wanted], brings[wanted]
    return Entries(rows, row, group, brings, _classes(row, group, len(program.need)))


def _classes(row: Ints, group: Ints, groups: int) -> tuple[Ints, ...]:
    """Return entries by classes of groups: a group takes the first class that none of those it shares rows with has."""
    order = np.argsort(row, kind="stable")
    bundles = {tuple(sorted(held.tolist())) for held in np.split(group[order], np.flatnonzero(np.diff(row[order])) + 1)}
    beside: dict[int, set[int]] = {}
    for bundle in bundles:
        for one in bundle:
            beside.setdefault(one, set()).update(bundle)
    label = np.full(groups, -1)
    for one in sorted(beside):
        taken = {int(label[other]) for other in beside[one] if other != one}
        label[one] = next(place for place in range(len(taken) + 1) if place not in taken)
    return tuple(np.flatnonzero(label[group] == place) for place in range(int(label.max(initial=-1)) + 1))


def weighted(entries: Entries, prices: Floats) -> Floats:
    """Return what the choices of shared rows are worth to all targets, shape (shared, choices)."""
    found = np.zeros((len(entries.rows), entries.brings.shape[1]))
    np.add.at(found, entries.row, prices[entries.group][:, None] * entries.brings)
    return found


def brought_by(entries: Entries, chosen: Ints, groups: int) -> Floats:
    """Return what a choice of all rows has shared ones bring to each group, shape (groups,)."""
    return sums_by(entries.group, picked(entries.brings, chosen[entries.rows][entries.row]), groups)


def _lowered(
    frontiers: Frontiers, need: Floats, entries: Entries, prices: Floats, worth: Floats, meter: Meter
) -> tuple[Floats, Floats]:
    """Return prices at which the dual is low, and the worth of shared choices at them."""
    groups, base = len(need), frontiers.sums
    prices, worth = prices.copy(), worth.copy()
    untouched = np.ones(groups, np.bool_)
    untouched[entries.group] = False
    for sweep in range(SWEEPS):
        before = prices.copy()
        for place, held in enumerate(entries.classes):
            row, group, brings = entries.row[held], entries.group[held], entries.brings[held]
            free = worth[row] - prices[group][:, None] * brings
            best = best_choices(free, brings, meter)
            sums = base + sums_by(group, picked(brings, best), groups)
            meant = np.zeros(groups, np.bool_)
            meant[group] = True
            if place == 0 and sweep == 0:
                meant |= untouched  # whatever has no shared row is settled once
            short = meant & (sums < need)
            new = np.where(meant, 0.0, prices)
            if short.any():
                steps = hull_steps(free, brings, best, np.flatnonzero(short[group]), meter)
                order = in_order(steps, group)
                first = np.searchsorted(group[steps.row[order]], np.arange(groups + 1))
                lone = frontiers.of(short, meter)
                for one in np.flatnonzero(short).tolist():
                    shared = steps.at(order[first[one] : first[one + 1]])
                    new[one] = _price(need[one] - sums[one], lone[one], shared)
            worth[row] = free + new[group][:, None] * brings
            prices = new
        if np.abs(prices - before).max(initial=0.0) <= STILL * max(float(prices.max(initial=0.0)), 1e-12):
            break
    return prices, worth


def _price(missing: float, own: Steps, shared: Steps) -> float:
    """Return the rate of the step with which a group reaches what it misses; the last one's where it does not."""
    rate = np.concatenate([own.rate, shared.rate])
    brings = np.concatenate([own.brings, shared.brings])
    if not len(rate):
        return 0.0
    order = np.argsort(rate, kind="stable")
    at = int(np.searchsorted(np.cumsum(brings[order]), missing))
    return float(rate[order[min(at, len(order) - 1)]])


def _moved_on(program: Program, entries: Entries, worth: Floats, chosen: Ints, short: Flags, meter: Meter) -> bool:
    """Move shared rows on, in place, until groups that miss something do not; return whether any was moved."""
    moved = False
    for held in entries.classes:
        row, group, brings = entries.row[held], entries.group[held], entries.brings[held]
        missing = program.need - program.own(chosen)
        lacks = np.flatnonzero((short & (missing > 0))[group])
        if not lacks.size:
            continue
        now = chosen[entries.rows[row]]
        steps = hull_steps(_below(worth[row], now), brings, now, lacks, meter)
        order = in_order(steps, group)
        done: dict[int, float] = {}
        for at in order:
            one = int(group[steps.row[at]])
            if done.get(one, 0.0) < missing[one]:
                done[one] = done.get(one, 0.0) + float(steps.brings[at])
                chosen[entries.rows[row[steps.row[at]]]] = steps.to[at]
                moved = True
    return moved


def _below(worth: Floats, now: Ints) -> Floats:
    """Return the worth of choices with nothing better than the present one, so that a step up never gains."""
    return np.minimum(worth, picked(worth, now)[:, None])
