"""Where demand answers to a new price more than to one that stays, both slopes are told; elsewhere they are one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from shopkeeper.pricing.demand.elasticity import Elasticities, estimate
from shopkeeper.pricing.demand.lasting import Wear, ends, interval
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


def test_slopes_of_new_prices_and_of_those_that_stayed_are_found_and_an_interval_holds_both() -> None:
    told, steady = answered(USED_TO), answered(FRESH)
    first, last = told.of_age()
    # What wears off in one week is told by a mean of four, which takes part of it for the price's own.
    assert first.mean() == pytest.approx(FRESH, abs=0.8)
    assert last.mean() == pytest.approx(USED_TO, abs=0.2)
    assert ((told.low < first) & (told.high > last)).all()
    assert 10 * told.sd.mean() < (told.high - told.low).mean(), "how long a price stays is no chance of one week"
    assert (np.abs(steady.slope - FRESH) < 0.3).mean() > 0.9
    assert np.abs(steady.ends).max() < 0.2


def test_ends_that_differ_by_chance_or_were_not_told_are_one() -> None:
    assert ends([Wear(0.1, 0.2, 0.6), Wear(-0.1, 0.2, 0.6)]) == (0, 0)
    assert ends([Wear.unknown(), Wear.unknown()]) == (0, 0)
    assert ends([]) == (0, 0)


def test_the_slope_over_all_moves_lies_between_the_ends_by_its_share_of_lasting_ones() -> None:
    told = [Wear(-1.2, 0.01, 0.75), Wear(-1.2, 0.01, 0.75), Wear(5.0, np.inf, 0.5)]
    assert ends(told) == pytest.approx((-0.9, 0.3), rel=1e-3)


@pytest.mark.parametrize("apart", [0.0, 0.3, 2.0])
def test_an_interval_holds_either_end_with_its_chance(apart: float) -> None:
    sd = np.array([0.2, 0.5])
    low, high = interval(np.full(2, -9.0), sd, (-apart, 0.0), -0.05)
    for end in (-9.0 - apart, -9.0):
        assert ndtr((high - end) / sd) - ndtr((low - end) / sd) == pytest.approx([0.9, 0.9])
