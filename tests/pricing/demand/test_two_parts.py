"""Prices that follow a product's luck in all stores say little of its slope; in what stores differ says it."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.pricing.demand.elasticity import Elasticities, estimate
from shopkeeper.pricing.demand.panel import PricePanel
from shopkeeper.pricing.shelf import Floats

CATEGORIES, PRODUCTS, STORES, WEEKS = 4, 12, 4, 78
FOLLOWS = 0.1


def a_market(stores: int, rivals_follow: float | None = None) -> tuple[PricePanel, Floats]:
    """Return a panel whose prices follow the luck of products, and the true slope of each pair.

    Args:
        rivals_follow: How much of what lasts of our prices rivals follow, whom no shopper looks at; None = nobody does.
    """
    rng = np.random.default_rng(8)
    product = np.repeat(np.arange(CATEGORIES * PRODUCTS), stores)
    store, category = np.tile(np.arange(stores), CATEGORIES * PRODUCTS), product // PRODUCTS
    slope = -rng.uniform(1.5, 3.5, CATEGORIES * PRODUCTS)[product]
    luck = rng.normal(0, 0.25, (CATEGORIES * PRODUCTS, WEEKS))[product]
    whim = np.repeat(rng.normal(0, 0.03, (len(product), WEEKS // 6)), 6, axis=1)
    price = FOLLOWS * luck + whim
    units = rng.poisson(60 * np.exp(luck + slope[:, None] * price))
    rival = None
    if rivals_follow is not None:
        rival = 11 * np.exp(rivals_follow * whim + rng.normal(0, 0.02, price.shape))
    cells = np.ones(price.shape)
    return PricePanel(product, store, category, units.astype(float), 10 * np.exp(price), cells, rival=rival), slope


@pytest.fixture(scope="module")
def market() -> tuple[PricePanel, Floats]:
    return a_market(STORES)


@pytest.fixture(scope="module")
def told(market: tuple[PricePanel, Floats]) -> Elasticities:
    return estimate(market[0])


def test_luck_that_prices_follow_is_taken_out_and_named(
    market: tuple[PricePanel, Floats], told: Elasticities
) -> None:  # fmt: skip
    true = market[1].mean()
    taken = np.mean([category.reaction for category in told.categories.values()])
    assert told.raw.mean() - true > 0.5  # prices that rise in good weeks make demand look calm
    assert abs(told.slope.mean() - true) < 0.3
    assert taken == pytest.approx(told.raw.mean() - told.free.mean(), abs=0.2)


def test_products_are_told_apart_and_intervals_hold(
    market: tuple[PricePanel, Floats], told: Elasticities
) -> None:  # fmt: skip
    true = market[1]
    assert np.corrcoef(told.slope, true)[0, 1] > 0.6
    assert ((told.low <= true) & (true <= told.high)).mean() >= 0.85


def test_rivals_who_follow_what_lasts_of_prices_bring_no_luck_back_in(told: Elasticities) -> None:
    panel, true = a_market(STORES, rivals_follow=0.6)
    beside = estimate(panel)
    assert abs(beside.slope.mean() - true.mean()) < 0.3
    assert abs(beside.slope.mean() - told.slope.mean()) < 0.15


def test_with_one_store_nothing_sets_luck_and_answer_apart() -> None:
    panel, true = a_market(1)
    told = estimate(panel)
    assert all(category.reaction == 0 for category in told.categories.values())
    assert told.slope.mean() - true.mean() > 0.5
