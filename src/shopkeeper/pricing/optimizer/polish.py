"""Spends the slack that whole steps leave: exchanges of one or two choices that raise the sum and keep all targets."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from shopkeeper.pricing.optimizer.dual import Solution
from shopkeeper.pricing.optimizer.frontier import Meter, picked, sums_by
from shopkeeper.pricing.optimizer.program import Program
from shopkeeper.pricing.shelf import Floats, Ints

OF_ALL: Final = 600
"""Moves looked at two by two over all rows: those that cost least at the shadow prices."""
OF_GROUP: Final = 60
"""The same within one group."""
ROUNDS: Final = 12


def polished(program: Program, solution: Solution, meter: Meter) -> Solution:
    """Return a solution no worse than the one given: no exchange of two of the cheapest moves would raise its sum."""
    if solution.whole_unmet or solution.unmet.all():
        return solution
    moves = _cheapest(program, solution, meter)
    chosen = solution.chosen.copy()
    fixed = solution.unmet[program.group[moves[0]]] | ~program.lone()[moves[0]]
    row, choice = moves[0][~fixed], moves[1][~fixed]
    group = program.group[row]
    for one in np.flatnonzero((solution.prices > 0) & ~solution.unmet):
        mine = np.flatnonzero(group == one)[:OF_GROUP]
        _exchange(program, chosen, row[mine], choice[mine])
    _exchange(program, chosen, row[:OF_ALL], choice[:OF_ALL])
    value = float(picked(program.value, chosen).sum())
    return replace(solution, chosen=chosen, value=value, passes=meter.passes) if value > solution.value else solution


def _cheapest(program: Program, solution: Solution, meter: Meter) -> tuple[Ints, Ints]:
    """Return rows and choices of the moves that cost least at the shadow prices, cheapest first."""
    meter.seen += program.value.size
    worth = program.value + solution.prices[program.group][:, None] * program.brings
    if program.whole is not None and solution.whole_price:
        worth += solution.whole_price * program.whole
    loss = picked(worth, solution.chosen)[:, None] - worth
    loss[np.arange(len(loss)), solution.chosen] = np.inf
    wanted = OF_ALL + OF_GROUP * int((solution.prices > 0).sum()) * 2
    flat = loss.ravel()
    cheap = np.argpartition(flat, min(wanted, flat.size - 1))[:wanted]
    cheap = cheap[np.argsort(flat[cheap])]
    cheap = cheap[np.isfinite(flat[cheap])]
    return cheap // loss.shape[1], cheap % loss.shape[1]


def _exchange(program: Program, chosen: Ints, row: Ints, choice: Ints) -> None:
    """Make the best exchange of at most two moves until there is none, in place."""
    for _ in range(ROUNDS):
        gain = program.value[row, choice] - program.value[row, chosen[row]]
        own = program.brings[row, choice] - program.brings[row, chosen[row]]
        both = np.add.outer(gain, gain)
        both[~_keeps(program, chosen, row, choice, own)] = -np.inf
        both[np.equal.outer(row, row)] = -np.inf
        np.fill_diagonal(both, np.where(_keeps_one(program, chosen, row, choice, own), gain, -np.inf))
        if not both.size:
            return
        first, second = np.unravel_index(both.argmax(), both.shape)
        if not both[first, second] > 1e-12 * max(abs(float(gain[first])), 1.0):
            return
        chosen[row[first]], chosen[row[second]] = choice[first], choice[second]


def _slack(program: Program, chosen: Ints) -> tuple[Floats, float]:
    held = picked(program.brings, chosen)
    own = program.own(chosen) - program.need
    whole = np.inf if program.whole is None else float(picked(program.whole, chosen).sum()) - program.whole_need
    return own - 1e-11 * sums_by(program.group, np.abs(held), len(program.need)), whole - 1e-11 * abs(whole)


def _more(program: Program, chosen: Ints, row: Ints, choice: Ints) -> Floats:
    if program.whole is None:
        return np.zeros(len(row))
    return program.whole[row, choice] - program.whole[row, chosen[row]]


def _keeps(program: Program, chosen: Ints, row: Ints, choice: Ints, own: Floats) -> np.ndarray:
    """Return which two moves together keep the targets of their groups and of all."""
    slack, whole = _slack(program, chosen)
    more, group = _more(program, chosen, row, choice), program.group[row]
    alone = (slack[group] + own >= 0) | (own >= 0)
    together = slack[group][:, None] + np.add.outer(own, own)
    fits = np.where(np.equal.outer(group, group), together >= 0, np.logical_and.outer(alone, alone))
    return np.asarray(fits & (whole + np.add.outer(more, more) >= 0))


def _keeps_one(program: Program, chosen: Ints, row: Ints, choice: Ints, own: Floats) -> np.ndarray:
    slack, whole = _slack(program, chosen)
    more = _more(program, chosen, row, choice)
    return np.asarray((slack[program.group[row]] + own >= 0) & (whole + more >= 0))
