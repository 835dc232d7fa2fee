"""Sums over units hold everything a test needs, and add up over any split of the units."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.experiments.arms import arm_of, mean_arm, proportion_arm, ratio_arm
from shopkeeper.experiments.moments import Sums, add_up


def test_means_and_covariance_are_those_of_the_rows() -> None:
    rows = np.array([[1.0, 2.0], [3.0, 1.0], [5.0, 6.0], [2.0, 2.0]])
    sums = Sums.of_rows(rows)
    assert sums.means == pytest.approx([11 / 4, 11 / 4])
    assert sums.covariance == pytest.approx(np.cov(rows, rowvar=False))


def test_parts_add_up_to_the_whole_and_figures_can_be_taken_out() -> None:
    rows = np.random.default_rng(1).normal(size=(20, 3))
    whole, joined = Sums.of_rows(rows), add_up([Sums.of_rows(rows[:7]), Sums.of_rows(rows[7:])], 3)
    assert joined.n == 20
    assert joined.products == pytest.approx(whole.products)
    assert joined.take([2, 0]).covariance == pytest.approx(np.cov(rows[:, [2, 0]], rowvar=False))


def test_nobody_has_no_mean_and_one_unit_no_variance() -> None:
    assert add_up([], 1).means == pytest.approx([0.0])
    assert Sums.of_rows([4.0]).covariance == pytest.approx(np.zeros((1, 1)))


def test_products_that_are_not_symmetric_are_refused() -> None:
    with pytest.raises(ValueError, match="symmetric"):
        Sums.of_figures(2, [1.0, 2.0], [[1.0, 2.0], [3.0, 4.0]])


def test_a_mean_holds_its_covariance_with_before() -> None:
    rows = np.array([[1.0, 2.0], [3.0, 1.0], [5.0, 6.0]])
    arm = mean_arm(Sums.of_rows(rows))
    assert [arm.value, arm.pre, arm.covariance] == pytest.approx([3.0, 3.0, np.cov(rows, rowvar=False)[0, 1]])
    assert arm.adjusted(0.5).value == pytest.approx(3.0 - 0.5 * 3.0)
    assert arm.adjusted(0.5).variance == pytest.approx((rows[:, 0] - 0.5 * rows[:, 1]).var(ddof=1))


def test_a_proportion_varies_as_p_times_one_less_p() -> None:
    arm = proportion_arm(30, 100)
    assert [arm.value, arm.variance] == pytest.approx([0.3, 0.3 * 0.7])
    assert proportion_arm(0, 0).value == 0.0


def test_a_ratio_is_one_of_sums_and_a_unit_counts_its_distance_from_it() -> None:
    clicks, visits = np.array([1.0, 4.0, 0.0, 3.0]), np.array([2.0, 5.0, 1.0, 4.0])
    arm = ratio_arm(Sums.of_rows(np.column_stack([clicks, visits])))
    assert arm.value == pytest.approx(8 / 12)
    assert arm.variance == pytest.approx(((clicks - 8 / 12 * visits) / 3).var(ddof=1))
    assert arm_of("ratio", Sums.of_rows(np.zeros((3, 2)))).value == 0.0
