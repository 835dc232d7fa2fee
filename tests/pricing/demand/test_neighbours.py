"""What neighbours' prices do is told by their promotions, not by prices that follow a store's demand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shopkeeper.pricing.demand.controls import others_index
from shopkeeper.pricing.demand.neighbours import neighbours
from shopkeeper.pricing.demand.panel import PricePanel

CATEGORIES, PRODUCTS, STORES, WEEKS = 4, 10, 3, 104
SLOPE, PULL = -2.0, 0.8


def a_market(follows: float) -> PricePanel:
    """Return a panel whose prices follow the luck of a category in a store by a factor."""
    rng = np.random.default_rng(4)
    product = np.repeat(np.arange(CATEGORIES * PRODUCTS), STORES)
    store, category = np.tile(np.arange(STORES), CATEGORIES * PRODUCTS), product // PRODUCTS
    group = category * STORES + store
    luck = rng.normal(0, 0.1, (CATEGORIES * STORES, WEEKS))[group]
    promo = (rng.random((CATEGORIES * PRODUCTS, WEEKS)) < 0.15)[product]
    price = follows * luck - 0.2 * promo + rng.normal(0, 0.01, luck.shape)
    price -= price.mean(axis=1, keepdims=True)
    index = others_index(price, np.ones(len(product)), group)
    units = rng.poisson(50 * np.exp(luck + SLOPE * price + PULL * index + 0.3 * promo))
    return PricePanel(
        product, store, category, units.astype(float), 10 * np.exp(price), np.ones(price.shape), promo.astype(float)
    )


def test_prices_that_follow_demand_do_not_pass_for_a_pull() -> None:
    panel = a_market(follows=0.5)
    found = neighbours(panel, np.full(panel.pairs, SLOPE))
    effect, error = found.effect, found.error
    assert (error < 0.4).all()
    assert (np.abs(effect - PULL) < 3 * error).all()
    assert abs(effect.mean() - PULL) < 0.2


def test_without_promotions_nothing_is_told() -> None:
    panel = a_market(follows=0.0)
    quiet = replace(panel, promo=np.zeros_like(panel.units))
    assert np.isinf(neighbours(quiet, np.full(panel.pairs, SLOPE)).error).all()
    assert np.isinf(neighbours(replace(panel, promo=None), np.full(panel.pairs, SLOPE)).error).all()


def test_whose_promotions_take_the_most_says_how_the_index_is_weighed() -> None:
    """The same market twice: the dear pull as their revenue squared, or the cheap as their units."""
    rng = np.random.default_rng(5)
    products = CATEGORIES * PRODUCTS
    product = np.repeat(np.arange(products), STORES)
    store, category = np.tile(np.arange(STORES), products), product // PRODUCTS
    group = category * STORES + store
    usual = np.exp(rng.normal(0, 0.7, products))[product]
    promo = (rng.random((products, WEEKS)) < 0.15)[product]
    change = -0.2 * promo + rng.normal(0, 0.01, promo.shape)
    ratios = []
    for power in (1.0, -1.0):
        index = others_index(change, usual ** (1 + power), group)
        units = rng.poisson(200 * np.exp(SLOPE * change + 1.5 * index))
        panel = PricePanel(
            product, store, category, units.astype(float), usual[:, None] * np.exp(change), np.ones(change.shape),
            promo.astype(float),
        )  # fmt: skip
        weight = neighbours(panel, np.full(len(product), SLOPE)).weight
        ratios.append(np.polyfit(np.log(usual), np.log(weight), 1)[0])
    assert ratios[0] > 1.7
    assert abs(ratios[1]) < 0.3


def test_a_pair_beside_others_that_sold_nothing_has_no_index() -> None:
    price = np.array([[0.1, -0.1], [0.2, -0.2]])
    index = others_index(price, np.array([1e9, 0.0]), np.zeros(2, dtype=np.int64))
    np.testing.assert_allclose(index, [[0.0, 0.0], [0.1, -0.1]], atol=1e-12)
