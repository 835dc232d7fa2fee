"""Where demand answers to a fresh price more than to one that stays, intervals say so; elsewhere they do not."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.pricing.demand.elasticity import Elasticities, estimate
from shopkeeper.pricing.demand.lasting import patience
from shopkeeper.pricing.demand.panel import PricePanel

CATEGORIES, PRODUCTS, STORES, WEEKS = 4, 12, 4, 104
FRESH, USED_TO = -3.5, -1.5
"""Slope in the first week of a price, and from the second on where shoppers get used to it."""


def answered(used_to: float) -> Elasticities:
    """Return the slopes of a panel whose shoppers answer by `FRESH` to a new price and by `used_to` later."""
    rng = np.random.default_rng(4)
    product = np.repeat(np.arange(CATEGORIES * PRODUCTS), STORES)
    store, category = np.tile(np.arange(STORES), CATEGORIES * PRODUCTS), product // PRODUCTS
    price = np.repeat(rng.normal(0, 0.05, (len(product), WEEKS // 8)), 8, axis=1)
    before = np.concatenate([price[:, :1], price[:, :-1]], axis=1)
    units = rng.poisson(60 * np.exp(FRESH * (price - before) + used_to * before))
    panel = PricePanel(product, store, category, units.astype(float), 10 * np.exp(price), np.ones(price.shape))
    return estimate(panel)


def test_an_interval_reaches_from_the_fresh_answer_to_the_lasting_one() -> None:
    told, steady = answered(USED_TO), answered(FRESH)
    assert (told.high - told.low).mean() > 3 * (steady.high - steady.low).mean()
    assert 10 * told.sd.mean() < (told.high - told.low).mean(), "how long a price stays is no chance of one week"
    assert ((told.low < USED_TO - 0.1) & (told.slope < USED_TO)).mean() > 0.95
    assert (np.abs(steady.slope - FRESH) < 0.3).mean() > 0.9


def test_ends_that_differ_by_chance_or_were_not_told_widen_nothing() -> None:
    assert patience([(0.1, 0.2), (-0.1, 0.2)]) == 0
    assert patience([(0.0, np.inf), (0.0, np.inf)]) == 0
    assert patience([]) == 0


def test_an_even_spread_between_the_ends_is_what_is_not_known() -> None:
    assert patience([(-1.2, 0.01), (-1.2, 0.01), (5.0, np.inf)]) == pytest.approx(1.2**2 / 12, rel=1e-3)
