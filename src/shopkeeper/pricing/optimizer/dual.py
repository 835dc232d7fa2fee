"""Chooses for every row at once under targets: a Lagrangian dual solved to its end, with its bound.

Each group of rows may have a target (a store's main category), all together one more (the portfolio). For a shadow
price of the portfolio's target the groups come apart, and each one's is read off its frontier (`frontier`); the
portfolio's is found by a bracket. Whatever they are, the dual is an upper bound of what any choice could reach.

Source: Everett (1963), Generalized Lagrange multiplier method; Sinha, Zoltners (1979), Multiple-choice knapsack.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shopkeeper.pricing.optimizer.frontier import Meter, picked
from shopkeeper.pricing.optimizer.group_dual import ROUNDING, frontiers_of, inner
from shopkeeper.pricing.optimizer.program import Inner, Program
from shopkeeper.pricing.optimizer.shared_dual import inner_shared
from shopkeeper.pricing.shelf import Flags, Floats, Ints

TOLERANCE: Final = 1e-5
"""Share of the sum that slack of the target of all may be worth when the search for its shadow price ends."""
ROUNDS: Final = 24
FIRST: Final = 0.5
SMALLEST: Final = 1e-4
NEAR: Final = 1.1
FAR: Final = 4.0
"""Factors by which a bracket is opened: near a guess, squared each time, and where there is none."""
STEEPEST: Final = 1e4
"""Shadow price from which a target counts as out of reach."""


@dataclass(frozen=True, slots=True)
class Solution:
    """What was chosen.

    Attributes:
        chosen: Of each row, shape (rows,).
        value: Sum of the values chosen.
        bound: No choice that meets the targets (those out of reach lowered to what can be reached) has a larger sum.
        prices: Shadow price of each group's target: value given up for one more unit of it, shape (groups,).
        whole_price: The same for the target of all.
        unmet: Groups whose target is out of reach, shape (groups,); theirs is as near as it can be.
        whole_unmet: Whether the target of all is.
        passes: Passes over all cells so far.
    """

    chosen: Ints
    value: float
    bound: float
    prices: Floats
    whole_price: float
    unmet: Flags
    whole_unmet: bool
    passes: float

    @property
    def gap(self) -> float:
        """How far the sum can be below the best there is, a share of it."""
        return max(self.bound - self.value, 0.0) / max(abs(self.bound), 1e-300)


def solve(program: Program, meter: Meter, guess: float | None = None, tolerance: float = TOLERANCE) -> Solution:
    """Return a choice that meets all targets that can be met, near the best there is.

    Args:
        guess: Shadow price of the target of all to begin near, such as that of the run before.
        tolerance: Share of the sum that slack of the target of all may be worth.
    """
    if program.whole is None:
        found = _inner(program, program.value, None, meter)
        return _solution(program, found, found.bound, 0.0, False, meter)
    return _search(program, guess, tolerance, meter)


def _search(program: Program, guess: float | None, tolerance: float, meter: Meter) -> Solution:
    """Close in on the least shadow price of the target of all that meets it."""
    bound, stale = np.inf, 0
    low: tuple[float, float, Inner] | None = None  # price, what is missing, choice
    high: tuple[float, float, Inner] | None = None
    prices: Floats | None = None
    at, grow = (guess, NEAR) if guess else (0.0, FAR)
    for _ in range(ROUNDS):
        found, miss = _at_price(program, at, prices, meter)
        prices = found.prices
        bound = min(bound, found.bound - at * program.whole_need)
        if miss >= 0:
            stale = stale + 1 if high is not None and stale >= 0 else 0
            high = (at, miss, found)
            if at * miss <= tolerance * abs(bound):  # what the target costs more than it must
                break
        else:
            stale = stale - 1 if low is not None and stale <= 0 else 0
            low = (at, miss, found)
        if high is None:
            if at >= STEEPEST:
                break
            at = min(at * grow, STEEPEST) if at else FIRST
            grow = min(grow * grow, FAR)
        elif low is None:
            at = at / grow if at > SMALLEST else 0.0
            grow = min(grow * grow, FAR)
        else:
            share = -low[1] / max(high[1] - low[1], 1e-300)
            share = 0.5 if abs(stale) > 1 else min(max(share, 0.02), 0.98)
            at = low[0] + share * (high[0] - low[0])
    if high is None:
        return _out_of_reach(program, prices, meter)
    filled = high[2].chosen if low is None else _filled(program, high[2].chosen, low[2].chosen)
    inner = Inner(filled, high[2].bound, high[2].prices, high[2].unmet)
    return _solution(program, inner, bound, high[0], False, meter)


def _at_price(program: Program, price: float, near: Floats | None, meter: Meter) -> tuple[Inner, float]:
    """Return the best choice of each group at a shadow price of the target of all, and what it brings beyond that."""
    whole = program.whole
    assert whole is not None  # noqa: S101 - `solve` looked
    if price:
        meter.seen += whole.size
    found = _inner(program, program.value + price * whole if price else program.value, near, meter)
    return found, _whole_of(program, found.chosen) - program.whole_need


def _out_of_reach(program: Program, near: Floats | None, meter: Meter) -> Solution:
    """Return the choice that brings most to the target of all while each group meets its own."""
    whole = program.whole
    assert whole is not None  # noqa: S101 - `solve` looked
    meter.seen += whole.size
    found = _inner(program, np.where(np.isfinite(program.value), whole, -np.inf), near, meter)
    value = float(picked(program.value, found.chosen).sum())
    return _solution(program, found, value, STEEPEST, True, meter)


def _inner(program: Program, value: Floats, near: Floats | None, meter: Meter) -> Inner:
    if program.also is not None:
        return inner_shared(program, value, near, meter)
    return inner(frontiers_of(program, value, meter), program.need, meter)


def _filled(program: Program, chosen: Ints, freer: Ints) -> Ints:
    """Return a choice that meets all targets, with rows of a freer one wherever the slack allows, best first."""
    whole = program.whole
    rows = np.flatnonzero((chosen != freer) & program.lone())
    if whole is None or not rows.size:
        return chosen
    chosen = chosen.copy()
    slack = _whole_of(program, chosen) - program.whole_need
    own = program.own(chosen) - program.need
    gain = program.value[rows, freer[rows]] - program.value[rows, chosen[rows]]
    loss = whole[rows, chosen[rows]] - whole[rows, freer[rows]]
    own_loss = program.brings[rows, chosen[rows]] - program.brings[rows, freer[rows]]
    worth = np.flatnonzero(gain > 0)
    for at in worth[np.argsort(loss[worth] / gain[worth], kind="stable")]:
        row, group = rows[at], program.group[rows[at]]
        if loss[at] <= slack and (own_loss[at] <= 0 or own_loss[at] <= own[group]):
            chosen[row] = freer[row]
            slack, own[group] = slack - loss[at], own[group] - own_loss[at]
    return chosen


def _whole_of(program: Program, chosen: Ints) -> float:
    assert program.whole is not None  # noqa: S101 - callers looked
    held = picked(program.whole, chosen)
    return float(held.sum() - ROUNDING * np.abs(held).sum())


def _solution(program: Program, inner: Inner, bound: float, at: float, unmet: bool, meter: Meter) -> Solution:
    value = float(picked(program.value, inner.chosen).sum())
    return Solution(inner.chosen, value, bound, inner.prices, at, inner.unmet, unmet, meter.passes)
