"""What tries cost in fact: no cost where nothing was lost, the planted one where it was, an interval that holds it."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.errors import NotEnoughData
from shopkeeper.pricing.exploration.realised import RealisedCost, Sold, realised


def week(seed: int, lost: float, prices: int = 60) -> RealisedCost:
    """Return what is told of a slow week whose tries lost a share of their revenue, with luck of each price."""
    rng = np.random.default_rng(seed)
    tried = np.arange(prices) % 3 == 0
    expected = rng.uniform(50, 500, prices)
    true = np.where(tried, expected * (1 - lost), expected)
    took = 0.7 * true * rng.gamma(25, 1 / 25, prices)
    return realised(Sold(tried, took, expected * np.where(tried, 0.98, 1.0), expected), "EUR", 7)


def test_a_slow_week_is_no_cost_and_a_planted_one_is_found_in_nine_of_ten_intervals() -> None:
    for lost in (0.0, 0.1):
        weeks = [week(seed, lost) for seed in range(300)]
        rng = [np.random.default_rng(seed) for seed in range(300)]
        truth = [0.7 * lost * float(one.uniform(50, 500, 60)[::3].sum()) for one in rng]
        held = np.mean([one.low <= true <= one.high for one, true in zip(weeks, truth, strict=True)])
        assert 0.84 <= held <= 0.96
        assert np.mean([one.cost for one in weeks]) == pytest.approx(np.mean(truth), abs=25)


def test_what_was_expected_is_of_the_tries_alone() -> None:
    found = week(1, 0.0)
    expected = np.random.default_rng(1).uniform(50, 500, 60)[::3].sum()
    assert found.expected == pytest.approx(0.02 * expected)
    assert (found.tried, found.beside, found.currency) == (20, 40, "EUR")


def test_too_few_prices_say_nothing() -> None:
    few = Sold(np.array([True, True, False, False, False]), *(np.ones(5) for _ in range(3)))
    with pytest.raises(NotEnoughData, match="2 tried prices"):
        realised(few, "EUR", 7)
