"""Scores as chances: learned on one half of the cases, judged on the other."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.training.calibration import BINS, calibrate


def cases(seed: int, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Return confidence in a unit of its own, and success whose chance rises with it."""
    draw = np.random.default_rng(seed)
    chance = draw.random(count) * 0.4
    return 1_000.0 * chance**3, draw.random(count) < chance


def test_a_score_in_any_unit_becomes_a_chance_that_holds() -> None:
    found = calibrate(*cases(1), seed=1)
    assert found.error < 0.02
    for one in found.bins:
        assert one.observed == pytest.approx(one.predicted, abs=0.05)
    assert [one.low for one in found.bins] == sorted(one.low for one in found.bins)
    assert found.bins[-1].observed > 5 * found.bins[0].observed


def test_the_error_is_the_mean_distance_of_predicted_and_observed_weighed_by_cases() -> None:
    found = calibrate(*cases(2, 999), seed=1)
    total = sum(one.cases for one in found.bins)
    assert total == 500
    assert found.error == pytest.approx(
        sum(one.cases * abs(one.predicted - one.observed) for one in found.bins) / total
    )


def test_a_score_that_means_nothing_is_worth_the_mean_alone() -> None:
    draw = np.random.default_rng(3)
    found = calibrate(draw.random(20_000), draw.random(20_000) < 0.2, seed=1)
    assert all(one.predicted == pytest.approx(0.2, abs=0.05) for one in found.bins)


def test_a_score_that_is_surest_where_it_is_wrong_has_a_large_error_or_says_the_mean() -> None:
    confidence, success = cases(4)
    found = calibrate(-confidence, success, seed=1)
    assert found.error > 3 * calibrate(confidence, success, seed=1).error


def test_few_cases_and_equal_scores_are_no_special_case() -> None:
    assert len(calibrate(np.array([1.0, 2.0]), np.array([True, False]), seed=1).bins) == 1
    flat = calibrate(np.ones(100), np.arange(100) % 4 == 0, seed=1)
    assert len(flat.bins) == BINS
    assert len({one.predicted for one in flat.bins}) == 1


def test_the_same_seed_gives_the_same_figures() -> None:
    assert calibrate(*cases(5, 200), seed=3) == calibrate(*cases(5, 200), seed=3)
    assert calibrate(*cases(5, 200), seed=3) != calibrate(*cases(5, 200), seed=4)
