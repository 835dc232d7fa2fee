"""Slopes are found where they are known (simulated), and nobody has an opinion where nothing tells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from evaluations.elasticity_truth import figures_of
from evaluations.price_panels import History, Market, simulated

from shopkeeper.errors import InputError, NotEnoughData
from shopkeeper.pricing.demand.elasticity import BOUND, Elasticities, estimate
from shopkeeper.pricing.demand.panel import PricePanel

SMALL = Market(categories=5, products=25, stores=3, periods=78, units=8.0)


@pytest.fixture(scope="module")
def history() -> History:
    return simulated(SMALL, 3)


@pytest.fixture(scope="module")
def told(history: History) -> Elasticities:
    return estimate(history.panel)


def test_slopes_lie_nearer_to_the_truth_than_one_slope_a_category(history: History, told: Elasticities) -> None:
    assert figures_of(history, told)["rmse_of_pooled"] <= 0.8


def test_intervals_hold_what_they_say_and_a_confounded_past_tells_what_its_twin_tells(told: Elasticities) -> None:
    twin = simulated(SMALL, 3, twin=True)
    of_twin = estimate(twin.panel)
    assert 0.85 <= figures_of(twin, of_twin)["coverage"] <= 0.95
    # Five categories of 25 products: two standard errors of the difference. The bar of .15 is held by the evaluation.
    assert abs(told.slope.mean() - of_twin.slope.mean()) <= 0.4


def test_moves_of_cost_tell_prices_that_react_to_unseen_demand() -> None:
    history = simulated(Market(categories=6, stores=2, confounding=0.1, insight=0.3, units=12.0), 4)
    with_cost, without = estimate(history.panel), estimate(replace(history.panel, cost=None))
    true = history.slope.mean()
    assert without.slope.mean() - true > 0.5
    assert abs(with_cost.slope.mean() - true) < 0.5 * (without.slope.mean() - true)


def test_no_slope_is_positive_and_intervals_lie_around_means(told: Elasticities) -> None:
    assert (told.high <= BOUND).all()
    assert ((told.low < told.slope) & (told.slope < told.high)).all()


def test_a_price_that_never_moved_has_no_say_but_its_category_speaks(history: History) -> None:
    price = history.panel.price.copy()
    price[0] = 10.0
    told = estimate(replace(history.panel, price=price))
    assert told.support[0] == "category"
    assert told.raw_error[0] > 100
    assert told.sd[0] > np.median(told.sd[history.panel.category == 0])


def test_where_no_price_moved_there_is_no_estimate(history: History) -> None:
    with pytest.raises(NotEnoughData, match="No price moved in 375 pairs"):
        estimate(replace(history.panel, price=np.full_like(history.panel.price, 9.99)))


def test_prices_that_demand_does_not_answer_to_support_no_opinion(history: History) -> None:
    rng = np.random.default_rng(5)
    price = 10 * np.exp(rng.normal(0, 0.08, history.panel.price.shape)).astype(np.float32)
    told = estimate(replace(history.panel, price=price, promo=None, rival=None, cost=None))
    assert told.support.count("none") >= 4 / 5 * history.panel.pairs


def test_half_the_time_in_stock_halves_sales_and_moves_no_slope(history: History, told: Elasticities) -> None:
    """Expected units fall with exposure, so the same rates in the same cells give the same slope."""
    rng = np.random.default_rng(6)
    scarce = rng.random(history.panel.units.shape) < 0.3
    cheap = history.panel.price < np.median(history.panel.price, axis=1, keepdims=True)
    cells = scarce & cheap  # what is cheap sells out
    sold = np.where(cells, rng.binomial(history.panel.units.astype(int), 0.3), history.panel.units)
    exposure = np.where(cells, 0.3 * history.panel.exposure, history.panel.exposure)
    known = estimate(replace(history.panel, units=sold, exposure=exposure)).slope.mean()
    ignored = estimate(replace(history.panel, units=sold)).slope.mean()
    whole = told.slope.mean()
    assert abs(known - whole) < 0.2
    assert ignored - whole > 0.5


def test_a_pair_never_sold_gets_its_categorys_slope_in_its_store(history: History) -> None:
    units = history.panel.units.copy()
    units[7] = 0
    told = estimate(replace(history.panel, units=units))
    category = told.categories[0]
    assert told.free[7] == pytest.approx(category.stores[int(history.panel.store[7])])
    assert told.free_sd[7] == pytest.approx(category.store_sd[int(history.panel.store[7])])
    assert told.evidence[7] == 0


def test_effects_of_others_prices_are_never_below_zero(told: Elasticities) -> None:
    assert all(c.cross > 0 and c.rival > 0 for c in told.categories.values())


def test_pairs_in_another_order_have_the_same_slopes(history: History, told: Elasticities) -> None:
    turned = estimate(history.panel.of_pairs(np.arange(history.panel.pairs)[::-1]))
    np.testing.assert_allclose(turned.free[::-1], told.free, atol=0.1)


def test_a_panel_names_the_field_that_does_not_fit() -> None:
    ones = np.ones((2, 3))
    codes = np.zeros(2, dtype=np.int64)
    with pytest.raises(InputError, match="price has shape"):
        PricePanel(codes, codes, codes, ones, ones[:, :2], ones)
    with pytest.raises(InputError, match="units go down to -1"):
        PricePanel(codes, codes, codes, -ones, ones, ones)
