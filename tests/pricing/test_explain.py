"""A price explains itself, and is found again by one look while the shadow prices stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from tests.pricing.markets import a_market
from tests.pricing.shelves import a_shelf

from shopkeeper.pricing.explain import explain
from shopkeeper.pricing.optimizer.curves import Choices, Demand
from shopkeeper.pricing.optimizer.frontier import picked
from shopkeeper.pricing.optimizer.risk import Targets
from shopkeeper.pricing.optimizer.solve import Plan, optimise, worth
from shopkeeper.pricing.policy.price_policy import PricePolicy, Rules, Steps
from shopkeeper.pricing.reprice import reprice
from shopkeeper.pricing.rules.offer import Offer, make_offer


def _one() -> tuple[Offer, Choices, Demand, Targets, Plan]:
    policy = PricePolicy(version=1, endings={"GBP": (Steps(step=0.5, minus=0.01),)}, rules=Rules(daily_move=0.1))
    shelf = a_shelf([10.0])
    offer = make_offer(policy, shelf, date(2026, 3, 2))
    choices = Choices(price=offer.price, allowed=offer.allowed, place=offer.place, tax=shelf.tax, cost=shelf.cost)
    one = np.ones(1)
    demand = Demand(
        units=100 * one, reference=10 * one, elasticity=-0.5 * one, elasticity_sd=0.2 * one, level_sd=0.1 * one,
        stock=np.inf * one, family=np.zeros(1, np.int64),
    )  # fmt: skip
    targets = Targets(group=np.zeros(1, np.int64), margin=np.full(1, np.nan))
    return offer, choices, demand, targets, optimise(choices, demand, targets)


def test_the_rule_that_keeps_out_a_better_price_is_named() -> None:
    offer, choices, demand, targets, plan = _one()
    told = explain(offer, choices, demand, targets, plan.prices, 0, int(plan.chosen[0]))
    assert told.chosen == 10.99  # revenue rises with price at an elasticity of -.5, up to the largest move
    assert (told.better, told.binding) == (11.49, ("daily_move",))
    point = next(point for point in told.curve if point.price == 10.0)
    assert point.units[0] < point.units[1] == 100.0 < point.units[2]
    assert (point.revenue[1], point.profit[1], point.margin) == pytest.approx((1_000.0, 500.0, 0.5))
    assert told.elasticity[1] == -0.5


def test_a_few_prices_found_again_at_fixed_shadow_prices_are_those_of_the_run() -> None:
    choices, demand, targets = a_market(900, 3, 8)
    plan = optimise(choices, demand, targets)
    again = reprice(choices, demand, targets, plan.prices)
    value = worth(choices, plan.curves, targets, plan.prices, "revenue")
    assert picked(value, again).sum() == pytest.approx(picked(value, plan.chosen).sum(), rel=2e-3)
    assert (again == plan.chosen).mean() > 0.9


def test_a_cost_that_jumps_raises_the_price() -> None:
    choices, demand, targets = a_market(300, 1, 9)
    plan = optimise(choices, demand, targets, "profit")
    dearer = replace(choices, cost=choices.cost * 1.1)
    before, after = (reprice(one, demand, targets, plan.prices, "profit") for one in (choices, dearer))
    assert (after >= before).all()
    assert (after > before).any()
