"""From a history to prices: allowed ones, with reasons, learnt anew only when due."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from evaluations.price_panels import Market, simulated
from tests.pricing.couplings import a_coupling, broken

from shopkeeper.pricing.coming_demand import Coming, demand_at, outlook
from shopkeeper.pricing.demand.panel import PricePanel
from shopkeeper.pricing.demand.support import Support
from shopkeeper.pricing.optimizer.curves import Choices, curves_of
from shopkeeper.pricing.optimizer.ending import Ending
from shopkeeper.pricing.optimizer.risk import Targets
from shopkeeper.pricing.weekly_prices import REASONS, WeeklyPrices, weekly_prices

NOW = 5


@pytest.fixture(scope="module")
def panel() -> PricePanel:
    return simulated(Market(categories=3, products=8, stores=2, units=30.0), 3).panel


@pytest.fixture(scope="module")
def coming(panel: PricePanel) -> Coming:
    now = panel.price[:, -1].astype(np.float64)
    price = now[:, None] * np.linspace(0.9, 1.1, 2 * NOW + 1)
    assert panel.cost is not None
    choices = Choices(
        price=price, allowed=np.ones(price.shape, np.bool_), place=np.full(panel.pairs, NOW), tax=np.zeros(panel.pairs),
        cost=panel.cost[:, -1].astype(np.float64),
    )  # fmt: skip
    return Coming(choices=choices, stock=np.full(panel.pairs, np.inf))


def targets_of(panel: PricePanel, margin: float) -> Targets:
    return Targets(group=panel.store.astype(np.int64), margin=np.full(2, margin))


@pytest.fixture(scope="module")
def found(panel: PricePanel, coming: Coming) -> WeeklyPrices:
    return weekly_prices(panel, coming, targets_of(panel, 0.3))


def test_every_price_is_one_of_the_choices_and_says_why(found: WeeklyPrices, coming: Coming) -> None:
    rows = np.arange(len(found.price))
    assert (coming.choices.price[rows, found.chosen] == found.price).all()
    moved = found.chosen != NOW
    assert moved.any()
    assert {REASONS[why] for why in found.why[moved]} <= {"objective", "target"}
    assert {REASONS[why] for why in found.why[~moved]} <= {"best_as_is", "no_opinion"}


def test_a_margin_that_asks_for_more_is_met_and_named(panel: PricePanel, coming: Coming, found: WeeklyPrices) -> None:
    dear = weekly_prices(panel, coming, targets_of(panel, 0.36), before=found.knowledge)
    assert REASONS.index("target") in dear.why
    assert (dear.plan.chance >= 0.85).all()
    assert dear.price.mean() > found.price.mean()


def test_only_what_is_allowed_is_chosen(panel: PricePanel, coming: Coming, found: WeeklyPrices) -> None:
    held = np.arange(2 * NOW + 1) == NOW
    only = replace(coming, choices=replace(coming.choices, allowed=np.tile(held, (panel.pairs, 1))))
    told = weekly_prices(panel, only, targets_of(panel, 0.3), before=found.knowledge)
    assert (told.chosen == NOW).all()
    assert {REASONS[why] for why in told.why} <= {"no_choice", "no_opinion"}


def test_of_whom_nobody_knows_anything_the_price_stays(
    panel: PricePanel, coming: Coming, found: WeeklyPrices
) -> None:  # fmt: skip
    silent: tuple[Support, ...] = ("none",) * 4
    words = silent + found.knowledge.slopes.support[4:]
    unsure = replace(found.knowledge, slopes=replace(found.knowledge.slopes, support=words))
    told = weekly_prices(panel, coming, targets_of(panel, 0.3), before=unsure)
    assert (told.chosen[:4] == NOW).all()
    assert {REASONS[why] for why in told.why[:4]} == {"no_opinion"}


def test_what_was_learnt_stands_for_some_periods(panel: PricePanel, coming: Coming, found: WeeklyPrices) -> None:
    earlier = replace(found.knowledge, periods=panel.periods - 3)
    aims = targets_of(panel, 0.3)
    assert weekly_prices(panel, coming, aims, before=earlier).knowledge is earlier
    assert weekly_prices(panel, coming, aims, before=earlier, every=3).knowledge is not earlier


def test_what_a_price_does_to_its_neighbours_is_counted(
    panel: PricePanel, coming: Coming, found: WeeklyPrices
) -> None:  # fmt: skip
    known = outlook(panel, found.knowledge.slopes, coming)
    price = coming.choices.price[:, NOW]
    here = demand_at(known, coming, price)
    dearer = price.copy()
    dearer[0] *= 1.01
    others = np.arange(panel.pairs) > 0
    gained = float(((demand_at(known, coming, dearer).units - here.units) * price)[others].sum())
    assert here.beside_revenue is not None
    own_next_week = float((known.carry * here.units * price)[0])
    assert gained == pytest.approx((here.beside_revenue[0] - own_next_week) * np.log(1.01), rel=0.02)
    alone = curves_of(coming.choices, replace(here, beside_revenue=None, beside_profit=None))
    both = curves_of(coming.choices, here)
    np.testing.assert_allclose(both.revenue[:, NOW], alone.revenue[:, NOW])
    assert (both.revenue[:, -1] > alone.revenue[:, -1]).all()


def test_a_weeks_luck_asks_for_more_distance_from_a_target(panel: PricePanel, coming: Coming) -> None:
    lucky = weekly_prices(panel, coming, targets_of(panel, 0.34))
    assert lucky.demand.luck is not None
    assert (lucky.demand.luck > lucky.demand.level_sd).all()
    assert (lucky.plan.buffer > 0).all()


def test_a_steeper_slope_leaves_promoted_weeks_as_they_sold(
    panel: PricePanel, coming: Coming, found: WeeklyPrices
) -> None:  # fmt: skip
    """Whatever part of a promoted week's sales is put down to its price, the rest is the promotion's."""
    assert panel.promo is not None
    slopes = found.knowledge.slopes
    steeper = replace(slopes, slope=slopes.slope - 1.0)
    offered = np.ones(panel.pairs)
    usual = coming.choices.price[:, NOW]
    weeks = [demand_at(outlook(panel, each, coming), replace(coming, promo=offered), 0.88 * usual).units.sum()
             for each in (slopes, steeper)]  # fmt: skip
    alone = (0.88**-1.0) - 1
    assert abs(weeks[1] / weeks[0] - 1) < alone / 2


def test_prices_that_belong_together_do_so_in_every_round(panel: PricePanel, coming: Coming) -> None:
    pairs = np.arange(panel.pairs)
    price = coming.choices.price.copy()
    share = np.flatnonzero(panel.product == 0)  # one product in both stores
    price[share] = price[share[0]]
    pack = np.flatnonzero(panel.product == 1)[0]
    node = np.where(np.isin(pairs, share), share[0], pairs)
    node = np.unique(node, return_inverse=True)[1].reshape(-1)
    one, other = int(node[pack]), int(node[np.flatnonzero(panel.product == 2)[0]])
    factor = float(price[node == one][0, NOW] / price[node == other][0, NOW])
    coupling = a_coupling(node, [(one, other, factor * 1.005), (other, one, 1.005 / factor)])
    choices = replace(coming.choices, price=price)
    found = weekly_prices(panel, replace(coming, choices=choices), targets_of(panel, 0.3), coupling=coupling)
    assert not broken(coupling, found.price).size
    assert (found.chosen != NOW).any()


def test_stock_with_an_end_takes_its_price_from_the_weeks_it_has_left(
    panel: PricePanel, coming: Coming, found: WeeklyPrices
) -> None:  # fmt: skip
    nothing, place = np.zeros(panel.pairs), np.arange(panel.pairs)
    much, little = place % 6 == 0, place % 6 == 3
    ending = Ending(
        weeks=np.where(much | little, 3, 0), on_hand=np.where(much, 2_000.0, 20.0), salvage=nothing, holding=nothing,
        floor=nothing,
    )  # fmt: skip
    before = found.knowledge
    found = weekly_prices(panel, replace(coming, ending=ending), targets_of(panel, 0.3), before=before)
    assert (found.chosen[much | little] <= NOW).all()
    assert found.stock_price is not None
    assert found.stock_price[much].max() < found.stock_price[little].min()
    assert not found.stock_price[~(much | little)].any()
    assert (found.plan.chance >= 0.85).all()
    assert found.plan.solution.bound >= found.plan.solution.value
