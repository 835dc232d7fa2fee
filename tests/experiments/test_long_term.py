"""A money figure stands beside what could have been seen, and a win is paid back what winning added."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from shopkeeper.experiments.arms import Arm
from shopkeeper.experiments.effect import Effect
from shopkeeper.experiments.long_term import annual_money, holdout_figure, shrunk


def effect(value: float, error: float) -> Effect:
    return Effect(value, error, math.inf, 1_000, 1.0, 1.0 + value)


def test_the_figure_of_the_holdout_is_the_difference_a_unit_times_the_units_with_its_interval() -> None:
    found = holdout_figure(Arm(20_000, 10.0, 900.0), Arm(1_980_000, 10.5, 900.0))
    error = math.sqrt(900 / 20_000 + 900 / 1_980_000)
    assert found.money == pytest.approx(0.5 * 1_980_000)
    half = stats.t.isf(0.025, 20_000) * error * 1_980_000
    assert found.money_high - found.money == pytest.approx(half, rel=1e-3)
    assert found.relative == pytest.approx(0.05)
    assert found.low < 0.05 < found.high


def test_it_says_what_so_small_a_holdout_could_have_seen() -> None:
    found = holdout_figure(Arm(20_000, 10.0, 900.0), Arm(1_980_000, 10.5, 900.0))
    assert found.detectable == pytest.approx((1.96 + 0.8416) * math.sqrt(900 / 20_000) / 10, rel=0.1)
    assert f"{100 * found.detectable:.1f}% or more" in found.words
    assert holdout_figure(Arm(1, 10.0, 0.0), Arm(100, 10.0, 1.0)).words.startswith("Nothing can be said")


def test_a_win_that_just_crossed_is_shrunk_a_lot_and_a_clear_one_hardly() -> None:
    near, far = shrunk(effect(0.021, 0.01), 2.0), shrunk(effect(0.08, 0.01), 2.0)
    assert near.value < 0.5 * near.raw
    assert far.value == pytest.approx(far.raw, rel=0.01)
    assert shrunk(effect(0.01, 0.01), 2.0).value == 0.01


def test_over_many_wins_the_shrunk_effect_is_too_high_as_often_as_too_low_and_its_interval_holds() -> None:
    rng = np.random.default_rng(3)
    truth, error = 0.02, 0.01
    won = [z * error for z in rng.normal(truth / error, 1, 3_000) if z > 2.0]
    found = [shrunk(effect(value, error), 2.0) for value in won]
    assert np.mean([one.raw for one in found]) > 1.2 * truth
    assert np.mean([one.value > truth for one in found]) == pytest.approx(0.5, abs=0.05)
    assert np.mean([one.low <= truth <= one.high for one in found]) == pytest.approx(0.95, abs=0.02)


def test_the_yearly_figure_says_that_luck_was_taken_off() -> None:
    found = annual_money(effect(0.03, 0.01), 2.0, 1_000_000.0, "EUR")
    assert found.money == pytest.approx(shrunk(effect(0.03, 0.01), 2.0).value * 1_000_000)
    assert found.low < found.money < 30_000
    assert "+3.0% was measured" in found.words
