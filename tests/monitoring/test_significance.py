"""Tests of significance agree with a second way to compute them, and thresholds know how many rows there are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from shopkeeper.monitoring import distances, significance

RNG = np.random.default_rng(20261123)
SMALL, SHIFTED = RNG.normal(0, 1, 400), RNG.normal(0.5, 1, 300)


def test_a_goodness_of_fit_takes_the_reference_as_known_and_a_contingency_does_not() -> None:
    one, other = [300, 500, 200], [35, 45, 20]
    expected = [100 * share / 1000 for share in one]
    statistic = sum((seen - wanted) ** 2 / wanted for seen, wanted in zip(other, expected, strict=True))
    assert significance.chi_square(one, other).statistic == pytest.approx(statistic)
    assert significance.chi_square_two(one, other).p > significance.chi_square(one, other).p


def test_a_category_that_neither_side_has_changes_nothing() -> None:
    assert significance.chi_square_two([3, 0, 9], [5, 0, 7]) == significance.chi_square_two([3, 9], [5, 7])


@pytest.mark.parametrize(
    "test",
    [
        significance.kolmogorov_smirnov,
        significance.anderson_darling,
        significance.mann_whitney,
        significance.cramer_von_mises,
    ],
)
def test_a_shift_is_significant_and_a_sample_against_itself_is_not(test: significance.TestOfSamples) -> None:
    assert test(SMALL, SHIFTED).p < 0.002
    assert test(SMALL, SMALL).p >= 0.25


@pytest.mark.parametrize(
    "test", [significance.kolmogorov_smirnov, significance.anderson_darling, significance.cramer_von_mises]
)
def test_only_the_order_of_values_counts(test: significance.TestOfSamples) -> None:
    assert test(np.exp(SMALL), np.exp(SHIFTED)).p == pytest.approx(test(SMALL, SHIFTED).p)


def test_a_permutation_test_of_equal_samples_is_even() -> None:
    def apart(one: significance.Sample, other: significance.Sample) -> float:
        return float(abs(one.mean() - other.mean()))

    found = significance.permutation_test(SMALL, SHIFTED, apart, rounds=200, seed=1)
    assert found.p == 0
    assert significance.permutation_test(SMALL, SMALL[::-1], apart, rounds=200, seed=1).p > 0.9


def test_chance_passes_the_threshold_of_a_psi_as_often_as_said() -> None:
    """1,000 seeded pairs of samples from one distribution: about 5% lie above the 5% threshold."""
    draw, rows = np.random.default_rng(7), (800, 300)
    found = [
        distances.psi(draw.multinomial(rows[0], [0.1] * 10), draw.multinomial(rows[1], [0.1] * 10)) for _ in range(1000)
    ]
    beyond = np.mean(np.array(found) > significance.psi_threshold(10, *rows, 0.05))
    assert 0.03 < beyond < 0.08


def test_more_rows_lower_the_threshold() -> None:
    few, many = (significance.psi_threshold(10, n, n, 0.001) for n in (100, 10_000))
    assert few == pytest.approx(100 * many)
    assert few == pytest.approx(stats.chi2.ppf(0.999, 9) * (1 / 100 + 1 / 100))


def test_the_error_of_a_mean_and_of_a_root_are_those_of_many_samples() -> None:
    draw = np.random.default_rng(3)
    losses = draw.exponential(2.0, 50_000)
    chunks = draw.choice(losses, (4_000, 100))
    assert significance.sampling_error(losses, 100) == pytest.approx(chunks.mean(axis=1).std(), rel=0.05)
    assert significance.root_sampling_error(losses, 100) == pytest.approx(np.sqrt(chunks.mean(axis=1)).std(), rel=0.05)
    assert significance.sampling_error(losses, 100, share=0.25) == pytest.approx(
        significance.sampling_error(losses, 25)
    )
