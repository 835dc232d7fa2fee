"""Targets held with a chance: solved again with what must be brought beyond them, until the chance is there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Final

import numpy as np

from shopkeeper.pricing.optimizer.curves import Choices, Curves, Demand
from shopkeeper.pricing.optimizer.dual import TOLERANCE, Solution, solve
from shopkeeper.pricing.optimizer.frontier import Meter
from shopkeeper.pricing.optimizer.polish import polished
from shopkeeper.pricing.optimizer.program import Program
from shopkeeper.pricing.optimizer.risk import Targets, target_sd
from shopkeeper.pricing.optimizer.shared_polish import shared_moved
from shopkeeper.pricing.optimizer.units import AROUND, Units, certified, units_of
from shopkeeper.pricing.rules.coupling import Coupling
from shopkeeper.pricing.shelf import Floats, Ints

RISK_ROUNDS: Final = 3
ROUGH: Final = 3e-4
"""Tolerance of the first rounds, which only tell how much more than a target must be brought."""
CLOSE: Final = 1.02
"""How much more than its buffer a target may need before it is solved again."""
LISTED: Final = 1e-5
"""Share of the sum that blocks may gain by choices not listed before it is solved again."""
MORE: Final = 3
"""Rounds for that alone, at most."""


@dataclass(frozen=True, slots=True)
class Safe:
    """Prices that hold the targets with the chance asked for.

    Attributes:
        chosen: Candidate of each pair, shape (pairs,).
        solution: Of the rows that were solved for: single prices, or with couplings single prices and blocks.
        buffer: What each group brings beyond its target, money, shape (groups,).
        whole_buffer: The same for the target of all.
    """

    chosen: Ints
    solution: Solution
    buffer: Floats
    whole_buffer: float


def safe_prices(
    choices: Choices, demand: Demand, targets: Targets, curves: Curves, program: Program, coupling: Coupling | None,
    guess: float | None, meter: Meter,
) -> Safe:  # fmt: skip
    """Return the best prices whose targets hold with the wanted chance.

    Args:
        program: Pair by pair, without couplings.
        guess: Shadow price of the target of all to begin near.
    """
    sure = NormalDist().inv_cdf(targets.probability)
    wanted, single = ~np.isnan(targets.margin), program.whole is None and targets.portfolio is not None
    buffer, whole_buffer = np.zeros(len(wanted)), 0.0
    units = None if coupling is None else units_of(program, choices, coupling, meter)
    for turn in range(RISK_ROUNDS + 1 + (0 if units is None else MORE)):
        need = np.array([whole_buffer]) if single else np.where(np.isinf(program.need), -np.inf, buffer)
        whole_need = -np.inf if program.whole is None else whole_buffer
        asked = _asked(program, units, need, whole_need)
        solution = solve(asked, meter, guess, TOLERANCE if turn > 1 else ROUGH)
        guess = solution.whole_price or guess
        units, listed = _listed(units, solution, meter)
        chosen = solution.chosen if units is None else units.pairs_of(solution.chosen)
        own, whole = target_sd(choices, demand, targets, curves, chosen)
        enough = bool((sure * own <= buffer * CLOSE)[wanted].all())
        fine = (turn > 1 or program.whole is None) and listed
        if fine and enough and (targets.portfolio is None or sure * whole <= whole_buffer * CLOSE):
            break
        if turn < RISK_ROUNDS:
            buffer = np.where(wanted, np.maximum(buffer, sure * own), 0.0)
            whole_buffer = max(whole_buffer, sure * whole) if targets.portfolio is not None else 0.0
        elif listed:
            break
    solution = polished(asked, shared_moved(asked, solution, meter), meter)
    if units is None:
        return Safe(solution.chosen, solution, buffer, whole_buffer)
    gain = units.looked(solution.prices, solution.whole_price, meter)[1]
    return Safe(units.pairs_of(solution.chosen), certified(asked, solution, gain, meter), buffer, whole_buffer)


def _asked(program: Program, units: Units | None, need: Floats, whole_need: float) -> Program:
    if units is None:
        return replace(program, need=need, whole_need=whole_need)
    return units.rows(need, whole_need)


def _listed(units: Units | None, solution: Solution, meter: Meter) -> tuple[Units | None, bool]:
    """Return rows that list what blocks would choose at the shadow prices found, and whether they had it already."""
    if units is None:
        return None, True
    gains = []
    for factor in AROUND:
        units, gain = units.looked(factor * solution.prices, factor * solution.whole_price, meter)
        gains.append(gain)
    return units, gains[0] <= LISTED * abs(solution.value)
