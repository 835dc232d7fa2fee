from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.simulation.worlds.paired import joined, mean, ratio

CLICKS, LISTS = np.array([1.0, 2.0, 0.0, 3.0]), np.array([4.0, 4.0, 2.0, 6.0])


def test_a_ratio_is_sum_over_sum_with_the_error_of_the_delta_method() -> None:
    found = ratio(CLICKS, LISTS)
    assert found.value == pytest.approx(6 / 16)
    residual = CLICKS - 6 / 16 * LISTS
    assert found.error == pytest.approx(np.sqrt(np.square(residual).sum() / 3 / 4) / 4)


def test_an_interval_is_two_errors_wide_on_both_sides() -> None:
    found = mean(CLICKS)
    document = found.document()
    assert document["high"] - document["low"] == pytest.approx(2 * 1.959964 * np.std(CLICKS, ddof=1) / 2)


def test_what_two_arms_have_in_common_cancels() -> None:
    one, other = ratio(CLICKS + 0.5 * LISTS, LISTS), ratio(CLICKS, LISTS)
    assert one.less(other).value == pytest.approx(0.5)
    assert one.less(other).error == pytest.approx(0.0, abs=1e-12)


def test_an_uplift_is_the_quotient_less_one_and_its_error_is_that_of_the_log() -> None:
    double = ratio(2 * CLICKS, LISTS).uplift(ratio(CLICKS, LISTS))
    assert double.value == pytest.approx(1.0)
    assert double.error == pytest.approx(0.0, abs=1e-12)


def test_a_share_of_a_gain_is_exact_where_all_arms_move_together() -> None:
    base, version, oracle = (ratio(CLICKS + share * LISTS, LISTS) for share in (0.0, 0.2, 0.5))
    assert version.less(base).over(oracle.less(base)).value == pytest.approx(0.4)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(400):
        lists = rng.integers(1, 10, 300).astype(float)
        common = rng.random(300)
        base, better = (
            ratio(rng.binomial(lists.astype(int), level * common).astype(float), lists) for level in (0.2, 0.3)
        )
        document = better.less(base).document()
        inside += document["low"] <= 0.05 <= document["high"]
    assert 0.92 <= inside / 400 <= 0.98


def test_worlds_are_joined_shopper_by_shopper() -> None:
    assert joined([CLICKS, LISTS]).tolist() == [*CLICKS, *LISTS]
