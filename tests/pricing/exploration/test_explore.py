"""Tries in a week's prices: inside every rule, the budget and the targets, the same for the same seed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pricing.couplings import a_coupling
from tests.pricing.markets import a_market

from shopkeeper.pricing.exploration.candidates import candidates_of, wobbled
from shopkeeper.pricing.exploration.explore import Explored, explored
from shopkeeper.pricing.exploration.exploring import KINDS, Exploring
from shopkeeper.pricing.exploration.spending import bought, budgets
from shopkeeper.pricing.exploration.stakes import Stakes, stakes_of
from shopkeeper.pricing.exploration.turns import TURN_WEEKS, goes_up
from shopkeeper.pricing.optimizer.curves import Choices, Demand
from shopkeeper.pricing.optimizer.frontier import picked, sums_by
from shopkeeper.pricing.optimizer.risk import Targets
from shopkeeper.pricing.optimizer.solve import ShadowPrices, optimise

NO_TARGETS = Targets(group=np.zeros(1, np.int64), margin=np.array([np.nan]))
FREE = ShadowPrices(np.zeros(1), 0.0)


def all_may(pairs: int, pools: int = 1, **said: Any) -> Exploring:  # noqa: ANN401 - fields of it
    figures = {"budget": 0.003, "share": 0.5, "move": 0.05, "weeks": 1e4, "enough": 0.1, "wide": 0.8}
    arrays = {name: np.full(pairs, said.get(name, figure)) for name, figure in figures.items()}
    rows = np.arange(pairs)
    return Exploring(
        may=said.get("may", np.ones(pairs, np.bool_)), weak=said.get("weak", rows % 3 == 0), unknown=rows < 0,
        pool=rows % pools,
        up=rows % 2 == 0, seed=said.get("seed", 5), **arrays,
    )  # fmt: skip


def tried(market: tuple[Choices, Demand, Targets], exploring: Exploring) -> Explored:
    choices, demand, targets = market
    plan = optimise(choices, demand, targets, seed=1)
    return explored(plan, choices, demand, targets, "revenue", exploring, seed=1)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), budget=st.floats(1e-4, 0.02), move=st.floats(0.01, 0.1))
def test_every_rule_and_the_budget_hold_whatever_is_tried(seed: int, budget: float, move: float) -> None:
    choices, demand, targets = a_market(60, 3, seed)
    plan = optimise(choices, demand, targets, seed=1)
    exploring = all_may(60, 2, budget=budget, move=move, seed=seed, may=np.arange(60) % 4 != 0)
    found = explored(plan, choices, demand, targets, "revenue", exploring, seed=1)
    assert picked(choices.allowed.astype(np.float64), found.plan.chosen).all()
    if found.tries is None:
        assert (found.plan.chosen == plan.chosen).all()
        return
    assert (found.plan.chance >= np.minimum(plan.chance, targets.probability) - 0.03).all()
    rows = found.tries.tried
    assert (rows <= exploring.may).all()
    lost = picked(plan.curves.revenue, plan.chosen).sum() - picked(plan.curves.revenue, found.plan.chosen).sum()
    assert lost == pytest.approx(found.tries.total, abs=1e-6)
    assert lost <= found.tries.budget
    at_risk = sums_by(exploring.pool, found.tries.risk, 2)
    assert (at_risk <= budgets(picked(plan.curves.revenue, plan.chosen), exploring) + 1e-9).all()
    assert (found.tries.cost[rows] <= found.tries.risk[rows] + 1e-9).all()
    away = np.abs(found.plan.price / plan.price - 1)[rows]
    assert (away <= move + 1e-6).all()
    assert (away > 0).all()


def test_the_same_seed_tries_the_same_and_another_draws_otherwise() -> None:
    market = a_market(200, 2, 3)
    one, same, other = (tried(market, all_may(200, seed=seed)) for seed in (5, 5, 6))
    assert one.tries is not None
    assert same.tries is not None
    assert other.tries is not None
    assert (one.plan.chosen == same.plan.chosen).all()
    assert {KINDS[kind] for kind in one.tries.kind[one.tries.tried].tolist()} == set(KINDS)
    drawn = one.tries.kind == KINDS.index("draw")
    assert (one.plan.chosen != other.plan.chosen)[drawn].any()


def test_a_slope_that_is_known_is_not_tried_and_a_weak_one_is_wobbled() -> None:
    choices, demand, targets = a_market(40, 1, 4)
    demand = replace(demand, elasticity_sd=np.where(np.arange(40) < 20, 0.05, 0.5))
    exploring = all_may(40)
    kind, place = candidates_of(choices, demand, targets, FREE, "revenue", choices.place, exploring)
    assert (kind[:20] == -1).all()
    assert (place[:20] == choices.place[:20]).all()
    weak = exploring.weak[20:]
    assert set(kind[20:][weak].tolist()) <= {-1, KINDS.index("wobble")}
    assert set(kind[20:][~weak].tolist()) <= {-1, KINDS.index("draw")}


def test_a_wobble_goes_to_its_side_as_far_as_it_may_and_nowhere_else() -> None:
    price = np.tile([9.5, 9.75, 10.0, 10.25, 10.5, 11.0], (3, 1))
    allowed = np.ones(price.shape, np.bool_)
    allowed[2, :2] = False
    choices = Choices(price=price, allowed=allowed, place=np.full(3, 2), tax=np.zeros(3), cost=np.full(3, 5.0))
    exploring = replace(all_may(3, move=0.05), up=np.array([True, False, False]))
    assert wobbled(choices, choices.place, exploring).tolist() == [4, 0, 2]


def test_prices_that_belong_together_are_never_tried() -> None:
    choices, demand, targets = a_market(40, 1, 5)
    choices.price[1], choices.allowed[1] = choices.price[0], choices.allowed[0]
    node = np.concatenate([[0, 0], np.arange(1, 39)])
    coupling = a_coupling(node, [])
    plan = optimise(choices, demand, targets, coupling=coupling)
    found = explored(plan, choices, demand, targets, "revenue", all_may(40), coupling=coupling)
    assert found.tries is not None
    assert not found.tries.tried[:2].any()


def test_what_is_known_for_sure_teaches_nothing_and_risk_is_never_below_cost() -> None:
    choices, demand, targets = a_market(30, 1, 6)
    other = np.where(choices.allowed[:, 4], 4, choices.place)
    found = stakes_of(choices, demand, targets, FREE, "revenue", choices.place, other)
    assert (found.risk >= found.cost - 1e-9).all()
    assert (found.gain >= 0).all()
    sure = replace(demand, elasticity_sd=np.zeros(30))
    known = stakes_of(choices, sure, targets, FREE, "revenue", choices.place, other)
    assert known.gain == pytest.approx(0, abs=1e-9)
    assert known.risk == pytest.approx(np.maximum(known.cost, 0))


def test_a_week_settles_what_its_distance_and_noise_say() -> None:
    # A slope of -2 +- .5 and a price at which revenue is flat in it: one week at 5% off, 400 units sold.
    choices = Choices(
        price=np.array([[9.5, 10.0, 10.5]]), allowed=np.ones((1, 3), np.bool_), place=np.array([1]), tax=np.zeros(1),
        cost=np.array([5.0]),
    )  # fmt: skip
    demand = Demand(
        units=np.array([400.0]), reference=np.array([10.0]), elasticity=np.array([-1.0]),
        elasticity_sd=np.array([0.5]), level_sd=np.array([0.03]), stock=np.array([np.inf]),
        family=np.zeros(1, np.int64),
    )  # fmt: skip
    targets = replace(NO_TARGETS, margin=np.array([np.nan]))
    found = stakes_of(choices, demand, targets, FREE, "revenue", np.array([1]), np.array([2]))
    told = np.log(1.05) ** 2 / (1 / 400 + 0.03**2)
    slopes = np.random.default_rng(0).normal(-1, 0.5, 200_000)
    at = [10.0 * 1.05 * 400 * np.exp(slopes * np.log(1.05)), 9.5 * 400 * np.exp(slopes * np.log(0.95))]
    best = np.maximum(np.maximum(at[0], at[1]), 4_000).mean() - max(at[0].mean(), at[1].mean(), 4_000)
    assert found.gain[0] == pytest.approx(best * told / (4 + told), rel=0.2)
    assert found.risk[0] == pytest.approx(np.maximum(4_000 - at[0], 0).mean(), rel=0.15)


def test_the_best_tries_are_bought_first_and_a_pool_never_spends_anothers_money() -> None:
    stakes = Stakes(cost=np.zeros(4), risk=np.full(4, 1.0), gain=np.array([1.0, 3.0, 2.0, 9.0]))
    exploring = all_may(4, 1, budget=0.01, share=1.0)
    made = bought(np.zeros(4, np.int64), stakes, np.full(4, 50.0), exploring)  # 2 units of money for all four
    assert made.tolist() == [False, True, False, True]
    apart = replace(exploring, pool=np.array([0, 0, 1, 1]))
    assert bought(np.zeros(4, np.int64), stakes, np.full(4, 50.0), apart).tolist() == [False, True, False, True]
    dear = Stakes(np.full(4, 5.0), np.full(4, 5.0), np.zeros(4))
    assert not bought(np.zeros(4, np.int64), dear, np.full(4, 1e6), exploring).any()


def test_wobbles_are_balanced_over_stores_and_categories_and_change_sides_each_turn() -> None:
    products, store, category = [f"p{row // 4}" for row in range(400)], np.arange(400) % 4, np.arange(400) // 40
    first = goes_up(products, category, store, 0, 7)
    assert (sums_by(np.arange(400) // 4, first, 100) == 2).all()
    assert (sums_by(category * 4 + store, first, 40) == 5).all()
    assert (goes_up(products, category, store, TURN_WEEKS - 1, 7) == first).all()
    assert (goes_up(products, category, store, TURN_WEEKS, 7) != first).all()
    assert not np.array_equal(goes_up(products, category, store, 0, 8), first)
