"""Prices of stock that has an end."""

from __future__ import annotations

import math

import numpy as np
import pytest

from shopkeeper.errors import InputError
from shopkeeper.pricing.optimizer.markdown import plan_markdown

PRICES = np.array([5.0, 8.0, 10.0])


def _units(weeks: int) -> np.ndarray:
    return np.tile(6.0 * (PRICES / 10.0) ** -2.0, (weeks, 1))


def test_one_unit_in_one_week_sells_at_the_price_times_the_chance_of_a_buyer() -> None:
    plan = plan_markdown(PRICES, np.array([[0.9, 0.5, 0.2]]), 1.0)
    bring = [5 * (1 - math.exp(-0.9)), 8 * (1 - math.exp(-0.5)), 10 * (1 - math.exp(-0.2))]
    assert plan.expected(2) == pytest.approx(max(bring))
    assert plan.now(2) == int(np.argmax(bring))


def test_two_weeks_of_one_unit_are_worth_what_the_recursion_says() -> None:
    chance = 1 - math.exp(-0.5)
    plan = plan_markdown(np.array([10.0]), np.array([[0.5], [0.5]]), 1.0, salvage=2.0, holding=0.1)
    last = chance * 10 + (1 - chance) * 2 - 0.1
    assert plan.expected(0) == pytest.approx(chance * 10 + (1 - chance) * last - 0.1)


def test_more_stock_is_worth_less_a_unit_and_priced_no_higher() -> None:
    few, many = plan_markdown(PRICES, _units(4), 10.0), plan_markdown(PRICES, _units(4), 90.0)
    assert few.stock_price(2) > many.stock_price(2) >= -1e-9
    assert few.now(2) > many.now(2)


def test_prices_that_may_only_fall_never_rise_and_bring_no_more_than_free_ones() -> None:
    falling, free = (plan_markdown(PRICES, _units(5), 40.0, falling=one) for one in (True, False))
    assert (falling.best <= np.arange(3)).all()
    assert falling.expected(2) <= free.expected(2) + 1e-9


def test_a_large_stock_is_taken_in_lots_and_worth_nearly_the_same() -> None:
    whole = plan_markdown(PRICES, _units(3) * 100, 2_000.0)
    lots = plan_markdown(PRICES, _units(3) * 200, 4_000.0)
    assert lots.lot == 2.0
    assert lots.expected(2) == pytest.approx(2 * whole.expected(2), rel=0.01)


def test_figures_that_are_none_are_named() -> None:
    with pytest.raises(InputError, match="low to high"):
        plan_markdown(PRICES[::-1], _units(2), 5.0)
    with pytest.raises(InputError, match="units on hand"):
        plan_markdown(PRICES, _units(2), math.nan)
