"""Stock with an end: what is sold now cannot be sold later, what is left must go, and all other rules hold."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from tests.pricing.couplings import a_coupling
from tests.pricing.shelves import a_shelf

from shopkeeper.pricing.optimizer.clearance import left_over, only_falling
from shopkeeper.pricing.optimizer.curves import Choices, Demand
from shopkeeper.pricing.optimizer.ending import Ending, ending_of
from shopkeeper.pricing.optimizer.risk import Targets
from shopkeeper.pricing.optimizer.solve import ShadowPrices, optimise
from shopkeeper.pricing.policy.price_policy import Clearance, PricePolicy, Rules
from shopkeeper.pricing.rules.offer import make_offer

POINTS = 11
NONE = ShadowPrices(np.zeros(1), 0.0)


def _one(units: float, price: list[float], place: int) -> tuple[Choices, Demand, Targets]:
    """Return one price with elasticity -2 and cost 4, without tax and targets."""
    one = np.ones(1)
    choices = Choices(
        price=np.array([price]), allowed=np.ones((1, len(price)), np.bool_), place=np.array([place]), tax=0 * one,
        cost=4 * one,
    )  # fmt: skip
    demand = Demand(
        units=units * one, reference=choices.price[:, place], elasticity=-2 * one, elasticity_sd=0.1 * one,
        level_sd=0.1 * one, stock=np.full(1, np.inf), family=np.zeros(1, np.int64),
    )  # fmt: skip
    return choices, demand, Targets(group=np.zeros(1, np.int64), margin=np.full(1, np.nan))


def _ending(weeks: int, on_hand: float, *, falling: bool = True, floor: float = 0.0, salvage: float = 0.0) -> Ending:
    one = np.ones(1)
    return Ending(
        weeks=np.array([weeks]), on_hand=on_hand * one, salvage=salvage * one, holding=0 * one, floor=floor * one,
        falling=falling,
    )  # fmt: skip


def _chosen(weeks: int, on_hand: float, prices: ShadowPrices = NONE, targets: Targets | None = None) -> float:
    choices, demand, free = _one(5.0, list(np.linspace(9, 11, POINTS)), POINTS // 2)
    ending = _ending(weeks, on_hand, falling=False)
    left = left_over(choices, demand, ending, np.ones((1, max(weeks - 1, 1))), targets or free, prices, "revenue")
    held = replace(demand, later=left.later, stock=ending.capped(demand.stock))
    return float(optimise(choices, held, targets or free).price[0])


def test_one_unit_and_two_weeks_are_worth_what_the_recursion_says() -> None:
    choices, demand, targets = _one(0.5, [10.0], 0)
    left = left_over(
        choices, demand, _ending(2, 1.0, floor=10.0, salvage=1.0), np.ones((1, 1)), targets, NONE, "revenue"
    )
    sold = 1 - math.exp(-0.5)
    last = sold * 10 + (1 - sold) * 1.0
    # Of half a unit asked for on average, chance sells `sold` of the one there is.
    assert left.later[0, 0] == pytest.approx((1 - sold) * last - last + 10 * (sold - 0.5))
    assert left.stock_price[0] == pytest.approx(last)


def test_a_season_that_ends_counts_less_demand_later() -> None:
    choices, demand, targets = _one(2.0, [9.0, 10.0, 11.0], 1)
    ending = _ending(4, 30.0)
    steady, fading = (
        left_over(choices, demand, ending, np.tile(season, (1, 1)), targets, NONE, "revenue").stock_price[0]
        for season in ([1.0, 1.0, 1.0], [0.5, 0.2, 0.1])
    )
    assert fading < steady


def test_much_stock_with_little_time_is_priced_low_and_little_stock_with_much_time_high() -> None:
    assert _chosen(2, 40.0) == pytest.approx(9.0)
    assert _chosen(8, 4.0) == pytest.approx(11.0)


def test_a_unit_is_kept_for_later_at_the_shadow_price_of_a_margin_target_too() -> None:
    choices, demand, targets = _one(5.0, [9.0, 10.0, 11.0], 1)
    asked = replace(targets, margin=np.full(1, 0.5))
    ending = _ending(3, 10.0)
    plain, dear = (
        left_over(choices, demand, ending, np.ones((1, 2)), asked, ShadowPrices(np.array([price]), 0.0), "revenue")
        for price in (0.0, 1.0)
    )
    # At 1, a unit sold at p brings p + (p - 4) - .5 p = 1.5 p - 4: at 10, eleven instead of ten.
    assert dear.stock_price[0] != pytest.approx(plain.stock_price[0])


def test_stock_without_an_end_is_left_alone() -> None:
    choices, demand, targets = _one(5.0, [9.0, 10.0, 11.0], 1)
    for ending in (_ending(0, 10.0), _ending(3, math.inf), _ending(3, 0.0)):
        assert not left_over(choices, demand, ending, np.ones((1, 2)), targets, NONE, "revenue").later.any()
        assert only_falling(choices, ending, None).allowed.all()


def test_a_clearance_price_does_not_rise_unless_another_that_shares_it_must() -> None:
    choices, _, _ = _one(5.0, [9.0, 10.0, 11.0], 1)
    assert only_falling(choices, _ending(3, 9.0), None).allowed.tolist() == [[True, True, False]]
    two = Choices(
        price=np.tile(choices.price, (2, 1)), allowed=np.array([[True] * 3, [False, False, True]]),
        place=np.array([1, 1]), tax=np.zeros(2), cost=np.ones(2),
    )  # fmt: skip
    both = Ending(
        weeks=np.array([3, 0]), on_hand=np.full(2, 9.0), salvage=np.zeros(2), holding=np.zeros(2), floor=np.zeros(2)
    )
    shared = only_falling(two, both, a_coupling(np.zeros(2, np.int64), []))
    assert shared.allowed.tolist() == two.allowed.tolist()


def test_a_policy_says_from_when_an_end_counts_and_its_floors_hold_until_then() -> None:
    policy = PricePolicy(
        version=1, rules=Rules(over_cost=0.1), clearance=Clearance(weeks=4, salvage=-0.1, holding=0.01, falling=False)
    )  # fmt: skip
    shelf = a_shelf([12.0] * 4, cost=5.0, tax=0.2)
    offer = make_offer(policy, shelf, date(2026, 11, 26))
    days = np.array([10.0, 29.0, math.inf, math.nan])
    ending = ending_of(policy, shelf, offer, days, np.full(4, 30.0))
    assert ending.weeks.tolist() == [2, 0, 0, 0]
    assert ending.floor.tolist() == pytest.approx([5 * 1.1] * 4)
    assert (ending.salvage[0], ending.holding[0], ending.falling) == (-0.1 * 5, 0.01 * 5, False)
