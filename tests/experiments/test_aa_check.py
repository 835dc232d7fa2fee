"""Arms that are the same look the same, unless the unit split is not the unit analysed."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.errors import NotEnoughData
from shopkeeper.experiments.aa_check import aa_check


def test_shoppers_split_and_analysed_as_shoppers_pass() -> None:
    rng = np.random.default_rng(1)
    found = aa_check(rng.gamma(1, 30, 2_000), np.arange(2_000))
    assert found.passed
    assert found.below == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 500))


def test_visits_of_one_shopper_analysed_as_if_apart_are_found_out() -> None:
    rng = np.random.default_rng(1)
    shopper = np.repeat(np.arange(300), 10)
    found = aa_check(np.repeat(rng.normal(0, 1, 300), 10) + rng.normal(0, 0.3, 3_000), shopper)
    assert not found.passed
    assert found.below > 0.2
    assert "unit split is the unit analysed" in found.words


def test_a_ratio_over_shoppers_passes_where_its_visits_would_not() -> None:
    rng = np.random.default_rng(2)
    visits = rng.integers(1, 20, 1_000)
    clicks = rng.binomial(visits, rng.beta(2, 8, 1_000))
    assert aa_check(np.column_stack([clicks, visits]), np.arange(1_000), "ratio").passed


def test_too_few_resplits_or_units_show_nothing() -> None:
    with pytest.raises(NotEnoughData):
        aa_check(np.ones(100), np.arange(100), resplits=100)
    with pytest.raises(NotEnoughData):
        aa_check(np.ones(100), np.zeros(100))
