"""Moves rows that bring to several groups one by one, and lets the groups they touch answer, while that is better."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from shopkeeper.pricing.optimizer.dual import Solution
from shopkeeper.pricing.optimizer.frontier import Meter, picked, sums_by
from shopkeeper.pricing.optimizer.group_dual import ROUNDING, Frontiers, frontiers_of, inner
from shopkeeper.pricing.optimizer.program import Program
from shopkeeper.pricing.optimizer.shared_dual import Entries, brought_by, entries_of, lone_part, weighted
from shopkeeper.pricing.shelf import Floats, Ints

MOVES: Final = 250
"""Moves that are tried: those that cost least at the shadow prices."""


def shared_moved(program: Program, solution: Solution, meter: Meter) -> Solution:
    """Return a solution that misses no more and is worth no less than the one given."""
    if program.also is None or solution.whole_unmet:
        return solution
    entries, value = entries_of(program), program.value
    if program.whole is not None:
        meter.seen += value.size
        value = value + solution.whole_price * program.whole
    lone = np.flatnonzero(program.lone())
    frontiers = frontiers_of(lone_part(program, lone), value[lone], meter)
    chosen = solution.chosen.copy()
    worth = value[entries.rows] + weighted(entries, solution.prices)
    for row, choice in _cheapest(worth, chosen[entries.rows]):
        meter.seen += worth.shape[1]
        chosen = _tried(program, entries, frontiers, lone, chosen, row, choice, meter)
    missing = _missing(program, entries, chosen, lone)
    value_now = float(picked(program.value, chosen).sum())
    return replace(solution, chosen=chosen, value=value_now, unmet=missing > 0, passes=meter.passes)


def _cheapest(worth: Floats, now: Ints) -> list[tuple[int, int]]:
    """Return shared rows and choices that cost least, in order."""
    loss = picked(worth, now)[:, None] - worth
    loss[np.arange(len(now)), now] = np.inf
    flat = loss.ravel()
    cheap = np.argsort(flat, kind="stable")[:MOVES]
    cheap = cheap[np.isfinite(flat[cheap])]
    return [(int(cell) // worth.shape[1], int(cell) % worth.shape[1]) for cell in cheap]


def _tried(
    program: Program, entries: Entries, frontiers: Frontiers, lone: Ints, chosen: Ints, row: int, choice: int,
    meter: Meter,
) -> Ints:  # fmt: skip
    """Return the choice with a shared row moved and its groups answering, if that is better; else as it was."""
    if chosen[entries.rows[row]] == choice:
        return chosen
    trial = chosen.copy()
    trial[entries.rows[row]] = choice
    touched = np.zeros(len(program.need), np.bool_)
    touched[entries.group[entries.row == row]] = True
    left = np.where(touched, program.need - brought_by(entries, trial, len(program.need)), -np.inf)
    found = inner(frontiers, left, meter)
    mine = touched[frontiers.program.group]
    trial[lone[mine]] = found.chosen[mine]
    changed = np.append(lone[mine], entries.rows[row])
    before, after = (_missing(program, entries, one, lone[mine])[touched].sum() for one in (chosen, trial))
    value = program.value[changed]
    gain = float((picked(value, trial[changed]) - picked(value, chosen[changed])).sum())
    better = after < before * (1 - 1e-9) or (after <= before and gain > 0)
    return trial if better and _whole_kept(program, trial) else chosen


def _missing(program: Program, entries: Entries, chosen: Ints, lone: Ints) -> Floats:
    """Return what each group misses whose rows that are not shared are given."""
    groups, group = len(program.need), program.group[lone]
    now = picked(program.brings[lone], chosen[lone])
    brought = brought_by(entries, chosen, groups) + sums_by(group, now, groups)
    short = brought < program.need - ROUNDING * sums_by(group, np.abs(now), groups)
    return np.where(short, program.need - brought, 0.0)


def _whole_kept(program: Program, chosen: Ints) -> bool:
    if program.whole is None:
        return True
    held = picked(program.whole, chosen)
    return bool(held.sum() >= program.whole_need + ROUNDING * np.abs(held).sum())
