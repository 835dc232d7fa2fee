"""The optimizer where prices belong together: no coupling is ever broken, and HiGHS finds nothing better."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pricing.couplings import a_coupling, broken, by_highs
from tests.pricing.markets import a_market
from tests.pricing.shelves import a_shelf

from shopkeeper.pricing.explain import explain
from shopkeeper.pricing.optimizer.curves import Choices, Demand, curves_of
from shopkeeper.pricing.optimizer.frontier import picked
from shopkeeper.pricing.optimizer.risk import Targets
from shopkeeper.pricing.optimizer.solve import optimise, program_of
from shopkeeper.pricing.policy.price_policy import PricePolicy, Rules, Steps
from shopkeeper.pricing.policy.together import Band, OnePrice, Packs, Together
from shopkeeper.pricing.reprice import reprice
from shopkeeper.pricing.rules.coherence import together
from shopkeeper.pricing.rules.coupling import Coupling, coupling_of
from shopkeeper.pricing.rules.offer import Offer, make_offer
from shopkeeper.pricing.rules.part_offer import part_of
from shopkeeper.pricing.rules.relaxation_together import cheapest_relaxation
from shopkeeper.pricing.rules.traits import Traits
from shopkeeper.pricing.shelf import Shelf

DAY = date(2026, 11, 26)
TOGETHER = Together(
    one_price=(OnePrice(name="national", of="national", stores="all"), OnePrice(name="variants", of="parent")),
    packs=(Packs(name="packs", of="line", size="size"),),
    bands=(Band(name="own", of="line", brands=("Own",), beside=("Top",), lowest=0.7, highest=0.95, size="size"),),
)
VARIANTS = Together(one_price=(OnePrice(name="v", of="parent"),))


def coupled_market(pairs: int, groups: int, seed: int) -> tuple[Choices, Demand, Targets, Coupling]:
    """Return a market of which a tenth shares prices two by two, over groups, and a fifth is packs in threes."""
    choices, demand, targets = a_market(pairs, groups, seed)
    price, node = choices.price.copy(), np.arange(pairs)
    some = pairs // 10
    for row in range(0, some, 2):
        node[row + 1], price[row + 1] = node[row], price[row]
    node = np.unique(node, return_inverse=True)[1].reshape(-1)
    bounds = []
    for row in range(some, 3 * some - 2, 3 * groups):
        first, second, third = row, row + groups, row + 2 * groups  # of one group
        price[second], price[third] = price[first] * 1.9, price[first] * 3.7
        bounds += [(int(node[second]), int(node[first]), 1.94), (int(node[third]), int(node[second]), 1.94)]
    price = np.round(price, 2)
    coupling = a_coupling(node, bounds)
    grown = price[:, 5] / choices.price[:, 5]
    masks = together(price, choices.allowed, choices.place, coupling, approach=False)
    choices = replace(choices, price=price, cost=choices.cost * grown, allowed=masks.allowed)
    return choices, replace(demand, reference=demand.reference * grown), targets, coupling


@st.composite
def _shops(draw: st.DrawFn) -> tuple[PricePolicy, Shelf, Traits]:
    products, stores = draw(st.integers(2, 6)), draw(st.integers(1, 3))
    pairs = products * stores
    product, store = np.divmod(np.arange(pairs), stores)
    base = np.array(draw(st.lists(st.floats(3, 30), min_size=products, max_size=products)))
    apart = np.array(draw(st.lists(st.floats(0.9, 1.1), min_size=pairs, max_size=pairs)))
    attributes = tuple(
        {
            name: value
            for name, values in (("line", "xy"), ("national", ("n", "m")), ("size", ("250 g", "500 g", "1 kg", "?")))
            if (value := draw(st.none() | st.sampled_from(values))) is not None
        }
        for _ in range(products)
    )
    brand = tuple(draw(st.sampled_from(("Own", "Top", ""))) for _ in range(products))
    parent = [draw(st.sampled_from((-1, -1, 0))) for _ in range(products)]
    policy = PricePolicy(
        version=1, together=TOGETHER, infeasible=draw(st.sampled_from(("hold", "approach"))),
        rules=Rules(daily_move=draw(st.floats(0.02, 0.5)), over_cost=0.02), points=draw(st.sampled_from((11, 20, 21))),
        endings=draw(st.sampled_from([{}, {"GBP": (Steps(step=0.1, minus=0.01),)}])),
    )  # fmt: skip
    shelf = a_shelf(
        list(np.round(base[product] * apart, 2)), product=product, store=store, parent=np.array(parent)[product],
        products=tuple(f"p{one}" for one in range(products)), stores=tuple(f"s{one}" for one in range(stores)),
        currency=("GBP",) * stores, opinion=np.array(draw(st.lists(st.booleans(), min_size=pairs, max_size=pairs))),
    )  # fmt: skip
    return policy, shelf, Traits(brand=brand, attributes=attributes, legal_entity=("",) * stores)


@settings(max_examples=40, deadline=None)
@given(_shops(), st.integers(0, 1_000))
def test_whatever_belongs_together_no_rule_is_broken(shop: tuple[PricePolicy, Shelf, Traits], seed: int) -> None:
    policy, shelf, traits = shop
    coupling = coupling_of(policy, shelf, traits)
    offer = make_offer(policy, shelf, DAY, coupling)
    rng = np.random.default_rng(seed)
    demand = Demand(
        units=rng.uniform(1, 9, shelf.pairs), reference=shelf.current, elasticity=-rng.uniform(1, 4, shelf.pairs),
        elasticity_sd=np.full(shelf.pairs, 0.3), level_sd=np.full(shelf.pairs, 0.1), family=shelf.store,
        stock=np.full(shelf.pairs, np.inf),
    )  # fmt: skip
    choices = Choices(price=offer.price, allowed=offer.allowed, place=offer.place, tax=shelf.tax, cost=shelf.cost)
    targets = Targets(group=shelf.store, margin=np.full(len(shelf.stores), 0.51), portfolio=0.5)
    plan = optimise(choices, demand, targets, "profit", coupling=coupling, draws=5)
    assert plan.solution.bound >= plan.solution.value * (1 - 1e-9)
    kept = np.logical_and.reduce([bound.allows(plan.price[:, None], shelf.current)[:, 0] for bound in offer.bounds])
    assert kept[~offer.stuck].all()
    moves = np.abs(plan.price / shelf.current - 1)
    assert (moves <= policy.rules.daily_move * (1 + 1e-6)).all()  # type: ignore[operator]  # never unset here
    if policy.infeasible == "hold":
        assert (plan.price[offer.stuck] == shelf.current[offer.stuck]).all()
    if coupling is not None:
        wrong = broken(coupling, plan.price)
        blocks = coupling.blocks()
        assert set(blocks[wrong]) <= set(blocks[coupling.node[offer.stuck]])


@pytest.mark.parametrize("seed", range(3))
def test_without_targets_it_agrees_with_a_mixed_integer_program(seed: int) -> None:
    choices, demand, targets, coupling = coupled_market(60, 2, seed)
    free = Targets(group=targets.group, margin=np.full(2, np.nan))
    plan = optimise(choices, demand, free, coupling=coupling, draws=5)
    value = program_of(choices, curves_of(choices, demand), free, "revenue").value
    assert plan.solution.value == pytest.approx(by_highs(value, choices.price, coupling, [], []), rel=1e-6)
    assert plan.solution.gap < 1e-9


@pytest.mark.parametrize(("seed", "one"), [(0, True), (1, True), (0, False)])
def test_with_targets_its_bound_lies_above_what_a_mixed_integer_program_finds(seed: int, one: bool) -> None:
    choices, demand, targets, coupling = coupled_market(60, 2, seed)
    sure = replace(demand, elasticity_sd=np.zeros(60), level_sd=np.zeros(60))
    asked = replace(targets, margin=np.full(2, np.nan)) if one else replace(targets, portfolio=None)
    plan = optimise(choices, sure, asked, coupling=coupling, draws=5)
    program = program_of(choices, plan.curves, asked, "revenue")
    brings = [np.where((program.group == group)[:, None], program.brings, 0.0) for group in range(len(program.need))]
    best = by_highs(program.value, choices.price, coupling, brings, [0.0] * len(brings))
    assert not plan.solution.unmet.any()
    assert all(picked(held, plan.chosen).sum() >= -1e-9 for held in brings)
    assert plan.solution.bound >= best * (1 - 1e-5)  # HiGHS takes whole numbers within a tolerance
    assert plan.solution.value >= best * (1 - 1e-3)  # one whole step is a large part of sixty prices
    assert not broken(coupling, plan.price).size


def test_targets_of_stores_that_share_prices_hold_with_the_chance_asked_for() -> None:
    choices, demand, targets, coupling = coupled_market(900, 3, 4)
    plan = optimise(choices, demand, targets, coupling=coupling)
    assert not plan.solution.unmet.any()
    assert plan.solution.gap < 2e-3
    assert plan.chance.min() > 0.9 - 3 * (0.9 * 0.1 / 100) ** 0.5
    assert not broken(coupling, plan.price).size


def test_prices_that_can_share_none_are_held_and_those_with_one_current_price_move_together() -> None:
    policy = PricePolicy(version=1, rules=Rules(daily_move=0.1), together=VARIANTS)
    shelf = a_shelf([10.0, 10.0, 10.0, 14.0], parent=[-1, 0, -1, 2])
    coupling = coupling_of(policy, shelf, Traits(brand=("",) * 4, attributes=({},) * 4, legal_entity=("",)))
    offer = make_offer(policy, shelf, DAY, coupling)
    assert offer.stuck.tolist() == [False, False, True, True]
    assert [_prices(offer, row) for row in (2, 3)] == [[10.0], [14.0]]
    assert _prices(offer, 0) == _prices(offer, 1)
    assert len(_prices(offer, 0)) > 5


def test_prices_that_can_share_none_approach_where_the_policy_lets_them() -> None:
    policy = PricePolicy(version=1, rules=Rules(daily_move=0.1), infeasible="approach", together=VARIANTS)
    shelf = a_shelf([10.0, 14.0], parent=[-1, 0])
    coupling = coupling_of(policy, shelf, Traits(brand=("",) * 2, attributes=({},) * 2, legal_entity=("",)))
    low, high = (_prices(make_offer(policy, shelf, DAY, coupling), row) for row in (0, 1))
    assert [*low, *high] == pytest.approx([11.0, 12.6], rel=0.01)


def test_a_price_of_several_stores_moves_if_the_demand_of_one_is_known() -> None:
    policy = PricePolicy(version=1, together=VARIANTS)
    shelf = a_shelf([10.0, 10.0, 8.0], parent=[-1, 0, -1], opinion=[True, False, False])
    coupling = coupling_of(policy, shelf, Traits(brand=("",) * 3, attributes=({},) * 3, legal_entity=("",)))
    offer = make_offer(policy, shelf, DAY, coupling)
    assert [len(_prices(offer, row)) > 1 for row in range(3)] == [True, True, False]


def _prices(offer: Offer, pair: int) -> list[float]:
    return [float(price) for price in offer.price[pair, offer.allowed[pair]]]


def test_what_cannot_stand_together_names_the_rule_that_would_have_to_give_least() -> None:
    policy = PricePolicy(version=1, rules=Rules(daily_move=0.1, over_cost=0.0), together=VARIANTS)
    shelf = a_shelf([10.0, 14.0, 20.0], parent=[-1, 0, -1])
    coupling = coupling_of(policy, shelf, Traits(brand=("",) * 3, attributes=({},) * 3, legal_entity=("",)))
    offer = make_offer(policy, shelf, DAY, coupling)
    found = cheapest_relaxation(policy, shelf, offer, 0)
    assert found is not None
    # 11.00 and 12.60 are as near as they come: the move would have to give (12.6 / 11) ** .5, the one price 12.6 / 11.
    assert found.rule == "daily_move"
    assert found.by == pytest.approx((14 * 0.9 / (10 * 1.1)) ** 0.5 - 1, abs=0.003)
    assert 11.0 < found.price < 12.6
    assert "one_price (v)" in found.against


def test_a_price_that_follows_another_one_is_explained_by_the_coupling_that_keeps_it() -> None:
    policy = PricePolicy(version=1, rules=Rules(daily_move=0.1), together=VARIANTS)
    shelf = a_shelf([10.0, 10.0], parent=[-1, 0])
    coupling = coupling_of(policy, shelf, Traits(brand=("",) * 2, attributes=({},) * 2, legal_entity=("",)))
    offer = make_offer(policy, shelf, DAY, coupling)
    choices = Choices(price=offer.price, allowed=offer.allowed, place=offer.place, tax=shelf.tax, cost=shelf.cost)
    demand = Demand(
        units=np.array([100.0, 1.0]), reference=shelf.current, elasticity=np.array([-3.0, -0.2]),
        elasticity_sd=np.full(2, 0.1), level_sd=np.full(2, 0.1), family=shelf.store, stock=np.full(2, np.inf),
    )  # fmt: skip
    targets = Targets(group=shelf.store, margin=np.array([np.nan]))
    plan = optimise(choices, demand, targets, coupling=coupling)
    assert plan.price[0] == plan.price[1] < 10
    said = [
        explain(offer, choices, demand, targets, plan.prices, row, int(plan.chosen[row]), shown=plan.price)
        for row in (0, 1)
    ]
    assert "one_price (v)" in said[1].binding
    higher = [point for point in said[1].curve if 10 < point.price < 11]
    assert {point.broken for point in higher} == {("one_price (v)",)}  # alone it would have gone up
    assert reprice(choices, demand, targets, plan.prices, coupling=coupling).tolist() == plan.chosen.tolist()


def test_a_part_is_priced_beside_what_is_held_and_sharers_outside_it_follow() -> None:
    attributes: tuple[dict[str, object], ...] = ({"line": "x", "size": "1 kg"}, {"line": "x", "size": "2 kg"}, {}, {})
    policy = PricePolicy(version=1, rules=Rules(daily_move=0.1), together=TOGETHER)
    shelf = a_shelf([10.0, 19.0, 8.0, 8.0], parent=[-1, -1, -1, 2])
    coupling = coupling_of(policy, shelf, Traits(brand=("",) * 4, attributes=attributes, legal_entity=("",)))
    offer = make_offer(policy, shelf, DAY, coupling)
    part = part_of(offer, np.array([0, 2]))
    assert offer.price[0, part.allowed[0]].min() >= 9.5  # the larger pack, held at 19.00, is not dearer per unit
    lowest = part.allowed.argmax(axis=1)
    shown = offer.price[np.arange(4), part.places(offer, lowest)]
    assert shown[1] == 19.0
    assert shown[2] == shown[3] == offer.price[2, lowest[1]] < 8
