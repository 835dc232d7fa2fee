"""Levels hold at the reference price, follow season and recent weeks, and beat a seasonal naive forecast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from evaluations.price_panels import Market, simulated

from shopkeeper.errors import NotEnoughData
from shopkeeper.pricing.demand.demand_level import fit_level, reference_price
from shopkeeper.pricing.demand.level_accuracy import rolling_origin
from shopkeeper.pricing.demand.panel import PricePanel


def steady(pairs: int = 30, periods: int = 104, rate: float = 200.0) -> PricePanel:
    """A shelf without chance: units follow price by a slope of -2 and a season of +-30%."""
    week = np.arange(periods)
    price = np.where(week % 10 == 0, 8.0, 10.0) * np.ones((pairs, 1))
    units = rate * (price / 10.0) ** -2.0 * (1 + 0.3 * np.sin(2 * np.pi * week / 52))
    codes = np.arange(pairs)
    return PricePanel(codes, codes * 0, codes * 0, units, price, np.ones_like(units))


def test_a_level_is_what_sells_at_the_reference_price_in_the_season() -> None:
    level = fit_level(steady(), np.full(30, -2.0))
    season = 1 + 0.3 * np.sin(2 * np.pi * (104 + np.arange(13)) / 52)
    np.testing.assert_allclose(level.expected(13)[0], 200 * season, rtol=0.03)
    np.testing.assert_allclose(level.expected(1, price=np.full((30, 1), 8.0)), level.expected(1) * (8 / 10) ** -2.0)


def test_the_reference_is_the_usual_price_outside_promotions() -> None:
    panel = steady(2)
    promo = (panel.price < 9).astype(np.float32)
    assert reference_price(replace(panel, promo=promo)).tolist() == [10.0, 10.0]


def test_time_out_of_stock_is_no_fall_of_demand() -> None:
    panel = steady()
    exposure, units = np.ones_like(panel.units), panel.units.copy()
    exposure[:, -6:], units[:, -6:] = 0.2, 0.2 * panel.units[:, -6:]
    whole, scarce = (fit_level(p, np.full(30, -2.0)) for p in (panel, replace(panel, units=units, exposure=exposure)))
    np.testing.assert_allclose(scarce.rate, whole.rate, rtol=0.02)


def test_a_category_that_changes_fast_forgets_fast() -> None:
    panel = steady()
    jump = np.where(np.arange(104) >= 90, 3.0, 1.0)
    assert fit_level(replace(panel, units=panel.units * jump), np.full(30, -2.0)).half_life[0] == 4.0


def test_a_level_forecasts_better_than_the_same_week_of_the_year_before() -> None:
    history = simulated(Market(categories=3, products=20, stores=2, periods=104), 8)
    found = rolling_origin(history.panel, history.slope, [80, 92], 8, np.full(120, 0.35))
    assert found.wmape < 0.9 * found.naive_wmape
    assert found.deviance < 0.7 * found.naive_deviance


def test_too_short_a_history_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="A level needs 16 periods"):
        fit_level(steady(periods=12), np.full(30, -2.0))
