"""Effects, with what was before exposure taken off, and their tests."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from shopkeeper.experiments.arms import Arm, mean_arm
from shopkeeper.experiments.cuped import arms_theta, pooled_theta, variance_left
from shopkeeper.experiments.effect import (
    Effect,
    adjusted_effect,
    effect_of,
    pooled_effect,
    relative_difference,
    t_test,
)
from shopkeeper.experiments.moments import Sums

A, B = Arm(100, 10.0, 4.0), Arm(120, 11.0, 6.0)


def test_an_absolute_effect_has_welchs_error_and_freedom() -> None:
    found = effect_of(A, B, "absolute")
    assert [found.value, found.error] == pytest.approx([1.0, math.sqrt(4 / 100 + 6 / 120)])
    assert found.freedom == pytest.approx((4 / 100 + 6 / 120) ** 2 / ((4 / 100) ** 2 / 99 + (6 / 120) ** 2 / 119))


def test_a_relative_effect_has_the_error_of_the_delta_method() -> None:
    found = effect_of(A, B, "relative")
    assert found.value == pytest.approx(1 / 10)
    assert found.error == pytest.approx(math.sqrt(6 / 120 / 10**2 + 4 / 100 * 11**2 / 10**4))


def test_more_is_positive_whatever_the_sign_of_the_control() -> None:
    assert relative_difference(-10.0, -8.0) == pytest.approx(0.2)
    assert effect_of(Arm(100, -10.0, 4.0), Arm(100, -8.0, 4.0), "relative").value == pytest.approx(0.2)
    assert relative_difference(0.0, 5.0) == 0.0


@pytest.mark.parametrize(
    ("control", "treatment", "why"),
    [(Arm(1, 1.0, 0.0), B, "fewer than two"), (Arm(9, 1.0, 0.0), Arm(9, 2.0, 0.0), "no unit differs"),
     (Arm(9, 0.0, 1.0), B, "control's value is 0")],
)  # fmt: skip
def test_what_cannot_be_said_has_a_reason(control: Arm, treatment: Arm, why: str) -> None:
    found = effect_of(control, treatment, "relative")
    assert why in found.reason
    assert t_test(found, "two-sided", 0.05).p == 1.0


def test_t_tests_hold_the_interval_of_their_side() -> None:
    effect = Effect(1.0, 0.5, 20.0, 22, 0.0, 1.0)
    both, more, less = (t_test(effect, side, 0.05) for side in ("two-sided", "greater", "less"))
    assert both.low == pytest.approx(1 - stats.t.isf(0.025, 20) * 0.5)
    assert both.p == pytest.approx(2 * stats.t.sf(2, 20))
    assert [more.low, more.high] == pytest.approx([1 - stats.t.isf(0.05, 20) * 0.5, math.inf])
    assert less.p == pytest.approx(stats.t.cdf(2, 20))


def test_one_variance_for_both_arms_where_the_design_promises_it() -> None:
    found = pooled_effect(A, B)
    pooled = (99 * 4 + 119 * 6) / 218
    assert found.error == pytest.approx(math.sqrt(pooled * (1 / 100 + 1 / 120)))


def test_what_was_before_takes_off_the_variance_its_correlation_explains() -> None:
    rng = np.random.default_rng(1)
    before = rng.normal(10, 2, (2, 3_000))
    after = before + rng.normal(0, 1, (2, 3_000))
    sums = [Sums.of_rows(np.column_stack([after[arm], before[arm]])) for arm in (0, 1)]
    control, treatment = map(mean_arm, sums)
    theta = pooled_theta(sums)
    assert theta == pytest.approx(np.cov(after.ravel(), before.ravel())[0, 1] / before.var(ddof=1))
    r = np.corrcoef(after.ravel(), before.ravel())[0, 1]
    assert variance_left(control, treatment, theta) == pytest.approx(1 - r**2, abs=0.01)
    plain, adjusted = (adjusted_effect(control, treatment, one, "absolute") for one in (0.0, theta))
    assert adjusted.error**2 / plain.error**2 == pytest.approx(1 - r**2, abs=0.01)


def test_without_variance_before_nothing_is_taken_off() -> None:
    assert pooled_theta([Sums.of_rows([[1.0, 5.0], [2.0, 5.0]])]) == 0.0
    assert arms_theta([Arm(9, 1.0, 1.0, 1.0, 0.0, 0.0)]) == 0.0
    assert arms_theta([Arm(9, 1.0, 1.0, 1.0, 2.0, 1.0), Arm(9, 1.0, 1.0, 1.0, 4.0, 2.0)]) == pytest.approx(3 / 6)
