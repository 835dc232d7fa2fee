"""What other margin targets would bring: the frontier of revenue against margin of a store's prices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from shopkeeper.pricing.choose import Chosen
from shopkeeper.pricing.explanation import Reached
from shopkeeper.pricing.optimizer.curves import Choices, Demand, curves_of
from shopkeeper.pricing.optimizer.frontier import picked
from shopkeeper.pricing.policy.price_policy import PricePolicy
from shopkeeper.pricing.propose import lift_of
from shopkeeper.pricing.shelf import Ints

AROUND = (-0.02, -0.01, 0.0, 0.01, 0.02, 0.03)
"""Margins that are looked at where nobody names any, from today's expected one."""


def with_margin(policy: PricePolicy, margin: float) -> PricePolicy:
    """Return the policy with another margin target for all prices together and no tries; categories keep theirs."""
    scopes = tuple(replace(one, rules=replace(one.rules, exploration=None)) for one in policy.scopes)
    return replace(policy, portfolio_margin=margin, rules=replace(policy.rules, exploration=None), scopes=scopes)


def today(chosen: Chosen) -> Reached | None:
    """Return what today's prices are expected to bring; None where nothing is known of any."""
    return None if chosen.now is None else _brought(chosen.choices, chosen.now, chosen.choices.place, None)


def reached(chosen: Chosen) -> Reached | None:
    """Return what prices chosen for the policy's margin target are expected to bring; None as `today`."""
    if chosen.weekly is None:
        return None
    plan, targets = chosen.weekly.plan, chosen.targets
    found = _brought(chosen.choices, chosen.weekly.demand, plan.chosen, targets.portfolio)
    moved = int((plan.chosen != chosen.choices.place).sum())
    if targets.portfolio is None:
        return replace(found, moved=moved, lift=lift_of(chosen))
    alone = bool(np.isnan(targets.margin).all())  # then it was solved as the target of one group
    missed = bool(plan.solution.unmet[0]) if alone else plan.solution.whole_unmet
    return replace(
        found, moved=moved, lift=lift_of(chosen), chance=plan.portfolio_chance,
        reachable=not missed or plan.portfolio_chance >= targets.probability,
        shadow_price=plan.prices.whole,
    )  # fmt: skip


def margins_around(now: Reached, wanted: Sequence[float]) -> tuple[float, ...]:
    """Return the margins to look at: those named, else some around today's."""
    return tuple(wanted) or tuple(float(np.round(now.margin + step, 3)) for step in AROUND)


def _brought(choices: Choices, demand: Demand, place: Ints, target: float | None) -> Reached:
    """Return the money of some choices, given demand near them."""
    curves = curves_of(choices, demand)
    units, net = picked(curves.units, place), picked(choices.price, place) / (1 + choices.tax)
    revenue, profit = float((net * units).sum()), float(((net - choices.cost) * units).sum())
    return Reached(target=target, revenue=revenue, profit=profit, margin=profit / revenue if revenue else 0.0)
