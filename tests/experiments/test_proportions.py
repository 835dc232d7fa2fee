"""Intervals and tests of two proportions agree with scipy and with their own definitions."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from scipy import stats

from shopkeeper.experiments import proportions as p


def test_wilsons_interval_is_scipys() -> None:
    theirs = stats.binomtest(7, 50).proportion_ci(0.95, method="wilson")
    assert p.wilson(7, 50, 0.05) == pytest.approx((theirs.low, theirs.high))


@pytest.mark.parametrize("interval", [p.agresti_caffo, p.newcombe, p.wald, p.mee, p.miettinen_nurminen])
def test_every_interval_of_a_difference_holds_what_was_seen_and_agrees_with_many_successes(
    interval: Callable[[float, float, float, float, float], p.Interval],
) -> None:
    low, high = interval(12, 100, 7, 90, 0.05)
    assert low < 12 / 100 - 7 / 90 < high
    many = interval(12_000, 100_000, 7_000, 90_000, 0.05)
    half = 1.959964 * math.sqrt(0.12 * 0.88 / 100_000 + 7 / 90 * 83 / 90 / 90_000)
    assert many == pytest.approx((12 / 100 - 7 / 90 - half, 12 / 100 - 7 / 90 + half), abs=2e-5)


@pytest.mark.parametrize("interval", [p.koopman, p.katz])
def test_intervals_of_a_ratio_agree_with_many_successes(
    interval: Callable[[float, float, float, float, float], p.Interval],
) -> None:
    low, high = interval(1_200, 10_000, 1_000, 10_000, 0.05)
    half = 1.959964 * math.sqrt(1 / 1_200 - 1 / 10_000 + 1 / 1_000 - 1 / 10_000)
    assert (low, high) == pytest.approx((1.2 * math.exp(-half), 1.2 * math.exp(half)), rel=1e-3)
    assert interval(0, 10, 0, 10, 0.05) == (0.0, math.inf)


def test_the_z_test_takes_the_error_of_one_proportion_where_nothing_differs() -> None:
    found = p.z_test(120, 1_000, 90, 1_000, "two-sided", 0.05)
    whole = 210 / 2_000
    error = math.sqrt(whole * (1 - whole) * 2 / 1_000)
    assert found.p == pytest.approx(2 * stats.norm.sf(0.03 / error))
    assert p.z_test(120, 1_000, 90, 1_000, "greater", 0.05).p == pytest.approx(stats.norm.sf(0.03 / error))
    assert p.z_test(120, 1_000, 90, 1_000, "less", 0.05).p == pytest.approx(stats.norm.cdf(0.03 / error))
    assert p.z_test(120, 1_000, 90, 1_000, "two-sided", 0.05, corrected=True).p > found.p
    assert p.z_test(0, 10, 0, 10, "two-sided", 0.05).p == 1.0


def test_the_square_of_the_pooled_z_is_pearsons_chi_square() -> None:
    assert p.chi_square_p(120, 1_000, 90, 1_000) == pytest.approx(p.z_test(120, 1_000, 90, 1_000, "two-sided", 0.05).p)
    assert p.chi_square_p(120, 1_000, 90, 1_000, yates=True) > p.chi_square_p(120, 1_000, 90, 1_000)
    assert p.chi_square_p(0, 10, 0, 10) == 1.0


def test_exact_tests_of_a_small_table() -> None:
    """3 of 3 against 0 of 3: of the 20 ways to place three successes, 2 are as extreme."""
    assert p.fisher_p(3, 3, 0, 3) == pytest.approx(2 / 20)
    assert p.boschloo_p(3, 3, 0, 3) < 2 / 20
    assert p.barnard_p(3, 3, 0, 3) == pytest.approx(2 * 0.5**6, abs=1e-3)
