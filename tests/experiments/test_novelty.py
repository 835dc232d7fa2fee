"""An effect that wears off is told from one that stays, and what is left of it is said."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.errors import NotEnoughData
from shopkeeper.experiments.arms import arm_of
from shopkeeper.experiments.effect import adjusted_effect
from shopkeeper.experiments.moments import Array, Sums
from shopkeeper.experiments.novelty import novelty


def seen(lifts: Array, n: int = 4_000, seed: int = 1) -> tuple[Sums, Sums]:
    """Return units of two arms over days; each shopper is more or less keen on every day, so days hang together."""
    rng = np.random.default_rng(seed)
    keen = rng.gamma(4, 2.5, (2 * n, 1))
    rows = keen + rng.normal(0, 2, (2 * n, len(lifts)))
    return Sums.of_rows(rows[:n]), Sums.of_rows(rows[n:] * (1 + lifts))


def test_an_effect_that_wears_off_fades_and_what_is_left_is_that_of_the_last_days() -> None:
    found = novelty([seen(np.linspace(0.3, 0.0, 9))])
    assert found.trend == "fades"
    assert found.slope_low < -0.3 / 8 < found.slope_high
    assert found.settled_low < np.linspace(0.3, 0.0, 9)[-3:].mean() < found.settled_high


def test_an_effect_that_shoppers_learn_grows() -> None:
    assert novelty([seen(np.linspace(0.02, 0.3, 9))]).trend == "grows"


def test_a_constant_effect_is_called_a_trend_no_more_often_than_alpha() -> None:
    found = [novelty([seen(np.full(7, 0.1), 400, seed)]).p < 0.05 for seed in range(200)]
    assert np.mean(found) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)


def test_the_slope_is_least_squares_over_the_daily_effects() -> None:
    control, treatment = seen(np.array([0.1, 0.3, 0.2, 0.0]))
    found = novelty([(control, treatment)])
    effects = treatment.means / control.means - 1
    assert found.slope == pytest.approx(np.polyfit(np.arange(4), effects, 1)[0])
    assert [one.effect for one in found.days] == pytest.approx(effects.tolist())


def test_of_a_ratio_each_day_is_its_own_ratio_and_its_error_that_of_the_delta_method() -> None:
    rng = np.random.default_rng(5)
    orders = rng.poisson(2.0, (2_000, 3)).astype(float)
    rows = np.hstack([orders * 20.0 + rng.normal(0, 5, orders.shape), orders])
    halves = Sums.of_rows(rows[:1_000]), Sums.of_rows(rows[1_000:])
    found = novelty([halves], "ratio")
    for day, one in enumerate(found.days):
        control, treatment = (arm_of("ratio", half.take((day, 3 + day))) for half in halves)
        alone = adjusted_effect(control, treatment, 0.0, "relative")
        assert (one.effect, one.high - one.low) == pytest.approx((alone.value, 2 * 1.959964 * alone.error), rel=1e-6)


def test_epochs_are_compared_each_by_itself_and_one_that_says_nothing_is_left_out() -> None:
    """The second epoch sells ten times as much and holds most of the treatment: pooled, it would look like a rise."""
    control, treatment = seen(np.linspace(0.2, 0.0, 5), 3_000)
    many = Sums.of_rows(np.full((600, 5), 100.0)), Sums.of_rows(np.full((2_400, 5), 100.0))
    empty = Sums.of_rows(np.zeros((50, 5))), Sums.of_rows(np.ones((50, 5)))
    alone, both = novelty([(control, treatment)]), novelty([(control, treatment), many, empty])
    assert both.slope == pytest.approx(alone.slope * 6_000 / 9_000)
    assert both.days[0].effect == pytest.approx(alone.days[0].effect * 6_000 / 9_000)


def test_two_days_are_no_trend_and_a_day_without_anything_is_named() -> None:
    with pytest.raises(NotEnoughData, match="2 days"):
        novelty([seen(np.zeros(2))])
    rows = np.ones((10, 3))
    rows[:, 1] = 0
    with pytest.raises(NotEnoughData, match="day 1"):
        novelty([(Sums.of_rows(rows), Sums.of_rows(rows))])
