"""Prices of a week with some of them tried out: within every rule, the budget, and the chance targets are held with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from shopkeeper.pricing.exploration.candidates import candidates_of
from shopkeeper.pricing.exploration.exploring import UNTRIED, Exploring, Tries
from shopkeeper.pricing.exploration.spending import bought, budgets, net_rate
from shopkeeper.pricing.exploration.stakes import Stakes, stakes_of
from shopkeeper.pricing.optimizer.curves import Choices, Demand
from shopkeeper.pricing.optimizer.frontier import picked
from shopkeeper.pricing.optimizer.risk import Targets
from shopkeeper.pricing.optimizer.solve import DRAWS, Plan, optimise
from shopkeeper.pricing.policy.price_policy import Objective
from shopkeeper.pricing.rules.coupling import Coupling
from shopkeeper.pricing.shelf import Flags, Floats, Ints

ATTEMPTS: Final = 4
"""Times fewer tries are looked at where those before cost too much or put a target at risk."""


@dataclass(frozen=True, slots=True)
class Explored:
    """The plan with tries in it, and what they are; None where nothing is tried."""

    plan: Plan
    tries: Tries | None


def explored(
    plan: Plan, choices: Choices, demand: Demand, targets: Targets, objective: Objective, exploring: Exploring,
    *, coupling: Coupling | None = None, answering: Choices | None = None, seed: int = 0,
) -> Explored:  # fmt: skip
    """Return prices some of which are tried; the others stay, or are chosen anew where a target would suffer.

    What is tried is one of the allowed candidates; what belongs together with other prices is never tried. If together
    the tries cost more than the budget, or a target is held less surely all the same, half of them are left out.

    Args:
        plan: Without tries.
        answering: The choices with only those by which other prices may make up for tries; all of them where None.
        seed: Of the draws by which chances are told, as of `plan`.
    """
    may = exploring.may if coupling is None else exploring.may & ~coupling.coupled()[coupling.node]
    exploring = replace(exploring, may=may)
    kind, place = candidates_of(choices, demand, targets, plan.prices, objective, plan.chosen, exploring)
    stakes = stakes_of(choices, demand, targets, plan.prices, objective, plan.chosen, place)
    revenue = picked(plan.curves.revenue, plan.chosen)
    made = bought(kind, stakes, revenue, exploring)
    budget = float(budgets(revenue, exploring).sum())
    everyone = np.ones(len(kind), np.bool_)
    doubtful = np.where(exploring.unknown, np.maximum(-stakes.cost, 0.0), 0.0)  # nobody knows that it is a gain
    for _ in range(ATTEMPTS):
        if not made.any():
            break
        still = choices.kept_at(np.where(made, place, plan.chosen), everyone)
        for allowed in (still, (choices if answering is None else answering).kept_at(place, made)):
            new = _with_tries(plan, optimise(allowed, demand, targets, objective, coupling=coupling, seed=seed))
            total = _given_up(plan, new, choices, objective) + float(np.where(made, doubtful, 0.0).sum())
            if total <= budget and not _less_sure(plan, new, targets):
                return Explored(new, _tries(kind, plan.chosen, stakes, made, total, budget, exploring.seed))
        made = _better_half(made, net_rate(stakes, exploring))
    return Explored(plan, None)


def _with_tries(plan: Plan, new: Plan) -> Plan:
    """Return a plan with tries as it is told: what prices are worth, and how much of a lift is real, is as without."""
    by = new.lift.modelled - plan.lift.modelled
    moved = {name: getattr(plan.lift, name) + by for name in ("modelled", "expected", "low", "high")}
    return replace(new, prices=plan.prices, lift=replace(plan.lift, **moved))


def _given_up(plan: Plan, new: Plan, choices: Choices, objective: Objective) -> float:
    value = plan.curves.objective(objective, choices.cost)
    return float((picked(value, plan.chosen) - picked(value, new.chosen)).sum())


def _less_sure(plan: Plan, new: Plan, targets: Targets) -> bool:
    """Say whether a target is held less surely than before and than asked, as far as draws can tell."""
    error = np.sqrt(targets.probability * (1 - targets.probability) / DRAWS)
    before = np.append(plan.chance, plan.portfolio_chance)
    after = np.append(new.chance, new.portfolio_chance)
    return bool((after < np.minimum(before, targets.probability) - error).any())


def _better_half(made: Flags, rate: Floats) -> Flags:
    rows = np.flatnonzero(made)
    best = rows[np.argsort(-rate[rows], kind="stable")]
    found = np.zeros(len(made), np.bool_)
    found[best[: len(best) // 2]] = True
    return found


def _tries(kind: Ints, place: Ints, stakes: Stakes, made: Flags, total: float, budget: float, seed: int) -> Tries:
    def kept(values: Floats) -> Floats:
        return np.where(made, values, 0.0)

    return Tries(
        np.where(made, kind, UNTRIED), place, kept(stakes.cost), kept(stakes.risk), kept(stakes.gain), total, budget,
        seed,
    )  # fmt: skip
