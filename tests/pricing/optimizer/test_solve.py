"""The optimizer: inside the masks, targets met with the chance asked for, a lift that promises what it holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.pricing.markets import a_market

from shopkeeper.errors import InputError
from shopkeeper.pricing.optimizer.curves import Choices, Demand, curves_of
from shopkeeper.pricing.optimizer.frontier import picked
from shopkeeper.pricing.optimizer.risk import Targets, sample, target_sd
from shopkeeper.pricing.optimizer.solve import optimise, shadow_prices, worth
from shopkeeper.pricing.shelf import Floats, Ints


def test_units_fall_by_the_elasticity_and_stop_at_the_stock() -> None:
    one = np.ones(1)
    choices = Choices(
        price=np.array([[12.0, 6.0]]),
        allowed=np.ones((1, 2), np.bool_),
        place=np.zeros(1, np.int64),
        tax=0.2 * one,
        cost=4 * one,
    )
    demand = Demand(
        units=8 * one, reference=10 * one, elasticity=-2 * one, elasticity_sd=one, level_sd=one, stock=20 * one,
        family=np.zeros(1, np.int64),
    )  # fmt: skip
    curves = curves_of(choices, demand)
    assert curves.units[0] == pytest.approx([8.0, 20.0])  # at 5 net: 8 x 4 = 32, of which 20 are there
    assert curves.profit[0] == pytest.approx([8 * (10 - 4), 20 * (5 - 4)])


@pytest.mark.parametrize("objective", ["revenue", "profit", "sell_through"])
def test_prices_stay_within_the_masks_and_targets_hold_with_the_chance_asked_for(objective: str) -> None:
    choices, demand, targets = a_market(900, 3, 1)
    plan = optimise(choices, demand, targets, objective)  # type: ignore[arg-type]  # a parameter of the test
    assert picked(choices.allowed.astype(float), plan.chosen).all()
    assert not plan.solution.unmet.any()
    many = sample(choices, demand, targets, plan.chosen, "revenue", 400, 9)
    assert many.chance.min() > 0.9 - 3 * (0.9 * 0.1 / 400) ** 0.5
    assert many.portfolio_chance > 0.9 - 3 * (0.9 * 0.1 / 400) ** 0.5
    assert plan.solution.gap < 2e-3


@pytest.mark.parametrize("together", [0.0, 0.3])
def test_the_delta_method_agrees_with_sampling(together: float) -> None:
    choices, demand, targets = a_market(600, 2, 2)
    demand = replace(demand, luck=np.full(600, 0.4), together=together)
    plan = optimise(choices, demand, targets)
    _, whole = target_sd(choices, demand, targets, plan.curves, plan.chosen)
    many = sample(choices, demand, targets, plan.chosen, "revenue", 600, 3)
    revenue = picked(plan.curves.revenue, plan.chosen).sum()
    assert whole / revenue == pytest.approx(many.margin.std(), rel=0.15)


def test_luck_in_common_moves_a_margin_where_its_families_earn_unlike_shares() -> None:
    choices, demand, targets = a_market(600, 2, 2)
    lucky = replace(demand, luck=np.full(600, 0.4))
    plan = optimise(choices, lucky, targets)
    dear = (picked(targets.brings(plan.curves), plan.chosen) > 0).astype(np.int64)

    def deviation(family: Ints, together: float) -> Floats:
        one = replace(lucky, family=family, together=together)
        return target_sd(choices, one, targets, plan.curves, plan.chosen)[0]

    alike = np.zeros(600, np.int64)
    assert (deviation(alike, 0.3) < deviation(alike, 0.0)).all()  # what sells alike leaves the margin as it is
    assert (deviation(dear, 0.3) > 2 * deviation(dear, 0.0)).all()


def test_the_margin_changes_by_what_its_own_draws_say_and_not_at_all_where_no_price_does() -> None:
    choices, demand, targets = a_market(60, 2, 2)
    plan = optimise(choices, demand, targets, draws=200, seed=4)
    low, middle, high = plan.margin_change
    assert low < middle < high
    many = sample(choices, demand, targets, plan.chosen, "revenue", 200, 4)
    assert middle == pytest.approx(float(many.margin_change.mean()))
    same = sample(choices, demand, targets, choices.place, "revenue", 50, 4)
    assert not same.margin_change.any()


def test_a_lift_promises_less_the_less_is_known() -> None:
    choices, demand, targets = a_market(600, 2, 3)
    sure = replace(demand, elasticity_sd=np.full(600, 1e-6), level_sd=np.full(600, 1e-6))
    known, guessed = optimise(choices, sure, targets).lift, optimise(choices, demand, targets).lift
    assert known.kept == pytest.approx(1.0, abs=1e-3)
    assert known.expected == pytest.approx(known.modelled, rel=1e-3)
    assert guessed.kept < 0.9
    assert guessed.low < guessed.expected < guessed.high


def test_a_target_that_costs_revenue_is_not_promised_to_cost_less_than_modelled() -> None:
    lift = optimise(*a_market(600, 2, 3, above=0.025)).lift
    assert lift.modelled < 0
    assert lift.expected < lift.modelled


def test_one_target_of_all_reads_its_shadow_price_off_one_frontier_and_choices_follow_it() -> None:
    choices, demand, targets = a_market(600, 2, 4)
    alone = replace(targets, margin=np.full(2, np.nan))
    plan = optimise(choices, demand, alone)
    prices = shadow_prices(alone, plan.solution)
    by_price = worth(choices, plan.curves, alone, prices, "revenue").argmax(axis=1)
    assert (prices.own.tolist(), prices.whole > 0) == ([0.0, 0.0], True)
    assert (by_price != plan.chosen).mean() < 0.02


def test_the_same_inputs_give_the_same_prices() -> None:
    market = a_market(300, 2, 5)
    assert np.array_equal(optimise(*market).chosen, optimise(*market).chosen)


def test_demand_that_is_none_names_field_and_row() -> None:
    choices, demand, targets = a_market(20, 2, 6)
    wrong = replace(demand, elasticity=np.where(np.arange(20) == 7, 0.3, demand.elasticity))
    with pytest.raises(InputError, match="elasticity cannot be used in 1 row") as raised:
        optimise(choices, wrong, targets)
    assert raised.value.problems[0].row == 7


def test_without_targets_every_price_is_its_own_best() -> None:
    choices, demand, targets = a_market(50, 2, 7)
    plan = optimise(choices, demand, Targets(group=targets.group, margin=np.full(2, np.nan)))
    best = np.where(choices.allowed, plan.curves.revenue, -np.inf).argmax(axis=1)
    assert plan.chosen.tolist() == best.tolist()
