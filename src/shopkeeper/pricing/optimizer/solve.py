"""Chooses prices: the most of an objective under hard rules and margin targets met with a stated chance.

Hard rules come in as masks (`offer`), so no choice can break one. Targets are met by shadow prices (`dual`), found anew
until the margin holds at the wanted chance given what is not known of demand (`risk`). What is promised is cut by what
choosing the best-looking of many prices adds (`curse`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from shopkeeper.errors import FieldProblem, InputError
from shopkeeper.pricing.optimizer.blocks import blocks_of
from shopkeeper.pricing.optimizer.curves import Choices, Curves, Demand, curves_of
from shopkeeper.pricing.optimizer.dual import Solution
from shopkeeper.pricing.optimizer.frontier import Meter, picked
from shopkeeper.pricing.optimizer.program import Program
from shopkeeper.pricing.optimizer.risk import Targets, drawn, sample
from shopkeeper.pricing.optimizer.safe import safe_prices
from shopkeeper.pricing.policy.price_policy import Objective
from shopkeeper.pricing.rules.coupling import Coupling
from shopkeeper.pricing.shelf import Floats, Ints

DRAWS: Final = 100
READINGS: Final = 2
"""Second readings of demand by which the winner's curse is measured."""


@dataclass(frozen=True, slots=True)
class Lift:
    """What the chosen prices promise over the current ones, relative.

    Attributes:
        modelled: As the model has it.
        expected: Cut by the winner's curse.
        low, high: Interval of 90% around `expected`, by the posterior.
        kept: Share of what choosing gains, targets at their shadow prices counted in, that is expected to be real.
    """

    modelled: float
    expected: float
    low: float
    high: float
    kept: float


@dataclass(frozen=True, slots=True)
class ShadowPrices:
    """What one more unit of money towards a target costs of the objective.

    Attributes:
        own: Of each group's target, shape (groups,).
        whole: Of the target of all.
    """

    own: Floats
    whole: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Chosen prices, and what they rest on.

    Attributes:
        chosen: Candidate of each pair, shape (pairs,).
        price: As shown, shape (pairs,).
        solution: Value, certified bound and targets out of reach.
        prices: Shadow prices of the targets.
        curves: Expected figures of all candidates.
        chance: With which each group's target is met, by sampling, shape (groups,).
        portfolio_chance: The same for the target of all.
        lift: What is promised.
        margin_change: Change of the margin of all together, a share of revenue: low, mean and high of its 90%; what
            the winner's curse makes of it is not taken off.
        buffer: What each group brings beyond its target so that the chance is met, money, shape (groups,).
        portfolio_buffer: The same for the target of all.
    """

    chosen: Ints
    price: Floats
    solution: Solution
    prices: ShadowPrices
    curves: Curves
    chance: Floats
    portfolio_chance: float
    lift: Lift
    margin_change: tuple[float, float, float]
    buffer: Floats
    portfolio_buffer: float


def optimise(
    choices: Choices, demand: Demand, targets: Targets, objective: Objective = "revenue", *,
    coupling: Coupling | None = None, guess: float | None = None, draws: int = DRAWS, seed: int = 0,
) -> Plan:  # fmt: skip
    """Return the prices that bring the most of the objective.

    Args:
        coupling: Prices that belong together; of an `Offer` that was made with it.
        guess: Shadow price of the portfolio's target in the run before, to begin with.
        draws: Of the posterior, for chances and intervals.
        seed: Of the draws.
    Raises:
        InputError: arrays do not fit, or figures of demand are none; names field, row and remedy.
    """
    check(choices, demand, targets)
    meter = Meter(choices.price.size)
    curves = curves_of(choices, demand)
    meter.seen += choices.price.size
    program = program_of(choices, curves, targets, objective)
    found = safe_prices(choices, demand, targets, curves, program, coupling, guess, meter)
    chosen, solution = found.chosen, found.solution
    sampled = sample(choices, demand, targets, chosen, objective, draws, seed)
    value = curves.objective(objective, choices.cost)
    today = float(picked(curves.made(objective, choices.cost), choices.place).sum())
    modelled = float((picked(value, chosen) - picked(value, choices.place)).sum()) / today
    prices = shadow_prices(targets, solution)
    kept = curse(choices, demand, targets, prices, objective, coupling, seed + 1, meter)
    gains = free_worth(choices, curves, targets, prices, objective)  # a target may cost objective: its gain is here
    cut = (1 - kept) * max(float((picked(gains, chosen) - picked(gains, choices.place)).sum()), 0.0) / today
    low, high = np.quantile(sampled.lift, (0.05, 0.95)) - cut
    return Plan(
        chosen, picked(choices.price, chosen), replace(solution, passes=meter.passes), prices, curves,
        sampled.chance, sampled.portfolio_chance, Lift(modelled, modelled - cut, float(low), float(high), kept),
        _spread(sampled.margin_change), found.buffer, found.whole_buffer,
    )  # fmt: skip


def _spread(draws: Floats) -> tuple[float, float, float]:
    low, high = np.quantile(draws, (0.05, 0.95))
    return float(low), float(draws.mean()), float(high)


def program_of(choices: Choices, curves: Curves, targets: Targets, objective: Objective) -> Program:
    """Return what is to be solved when demand is as expected."""
    value = np.where(choices.allowed, curves.objective(objective, choices.cost), -np.inf)
    need = np.where(np.isnan(targets.margin), -np.inf, 0.0)
    if targets.portfolio is None:
        return Program(value=value, group=targets.group, brings=targets.brings(curves), need=need)
    whole = targets.whole(curves)
    if np.isinf(need).all():  # one target only: it is read off one frontier
        return Program(value=value, group=np.zeros(len(value), np.int64), brings=whole, need=np.zeros(1))
    brings = targets.brings(curves)
    return Program(value=value, group=targets.group, brings=brings, need=need, whole=whole, whole_need=0.0)


def shadow_prices(targets: Targets, solution: Solution) -> ShadowPrices:
    """Return the shadow prices of targets; where that of all was the only one, it was solved as that of one group."""
    if targets.portfolio is not None and np.isnan(targets.margin).all():
        return ShadowPrices(np.zeros(len(targets.margin)), float(solution.prices[0]))
    return ShadowPrices(solution.prices, solution.whole_price)


def worth(choices: Choices, curves: Curves, targets: Targets, prices: ShadowPrices, objective: Objective) -> Floats:
    """Return each candidate's objective plus its worth to the targets, -inf where it is not allowed."""
    return np.where(choices.allowed, free_worth(choices, curves, targets, prices, objective), -np.inf)


def free_worth(
    choices: Choices, curves: Curves, targets: Targets, prices: ShadowPrices, objective: Objective
) -> Floats:
    """Return the same whether a candidate is allowed or not."""
    total = curves.objective(objective, choices.cost)
    if prices.own.any():
        total = total + prices.own[targets.group][:, None] * targets.brings(curves)
    return total + prices.whole * targets.whole(curves) if prices.whole else total


def curse(
    choices: Choices,
    demand: Demand,
    targets: Targets,
    prices: ShadowPrices,
    objective: Objective,
    coupling: Coupling | None,
    seed: int,
    meter: Meter,
) -> float:
    """Return the share of a promised lift that is real when prices follow a reading of demand that has its error.

    Demand is drawn from its posterior and read with an error of the same size; prices are chosen by the reading at the
    same shadow prices; what the reading promised is held against what the drawn demand gives. It is careful: estimates
    that were shrunk well promise less too much than readings with their whole error.
    """
    promised = given = 0.0
    blocks = None if coupling is None else blocks_of(choices, coupling)
    moved = picked(choices.allowed.astype(np.float64), choices.place) > 0  # who must leave a price gains nothing by it
    for (slope, level), (off, noise) in zip(
        drawn(demand, READINGS, seed), drawn(demand, READINGS, seed + 7), strict=True
    ):
        read = worth(
            choices,
            curves_of(choices, demand, slope + off - demand.elasticity, level * noise),
            targets,
            prices,
            objective,
        )
        true = worth(choices, curves_of(choices, demand, slope, level), targets, prices, objective)
        meter.seen += 5 * choices.price.size  # two curves, two worths, the choice
        chosen = read.argmax(axis=1) if blocks is None else blocks.chosen(read, meter)
        promised += float((picked(read, chosen) - picked(read, choices.place))[moved].sum())
        given += float((picked(true, chosen) - picked(true, choices.place))[moved].sum())
    return min(max(given / promised, 0.0), 1.0) if promised > 0 else 1.0


def check(choices: Choices, demand: Demand, targets: Targets) -> None:
    """Raise InputError for arrays that do not fit or are no demand; names field, row and remedy."""
    pairs = len(choices.price)
    held = {name: getattr(demand, name) for name in demand.__slots__ if name not in {"shared", "together"}}
    held = {name: values for name, values in held.items() if values is not None and name != "later"}
    if demand.later is not None and demand.later.shape != choices.price.shape:
        reason = f"has shape {demand.later.shape} for prices of shape {choices.price.shape}"
        _refuse("later", reason, "Give one entry a candidate.", None)
    held |= {"place": choices.place, "tax": choices.tax, "cost": choices.cost, "group": targets.group}
    for name, values in held.items():
        if values.shape != (pairs,):
            _refuse(name, f"has shape {values.shape} for {pairs} prices", "Give one entry a price.", None)
    wrong = {
        "units": ~(demand.units >= 0), "reference": ~(demand.reference > 0), "elasticity": ~(demand.elasticity < 0),
        "elasticity_sd": ~(demand.elasticity_sd >= 0), "level_sd": ~(demand.level_sd >= 0),
        "stock": ~(demand.stock >= 0), "cost": ~np.isfinite(choices.cost), "allowed": ~choices.allowed.any(axis=1),
    }  # fmt: skip
    for name, rows in wrong.items():
        if rows.any():
            remedy = "Hold such a price: leave it out, or mend its figure."
            _refuse(name, f"cannot be used in {int(rows.sum())} row(s)", remedy, int(rows.argmax()))


def _refuse(name: str, reason: str, remedy: str, row: int | None) -> None:
    raise InputError(f"{name} {reason}, first in row {row}.", remedy, (FieldProblem(name, reason, remedy, row),))
