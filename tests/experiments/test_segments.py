"""Groups named beforehand differ only as far as chance does not explain it."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from shopkeeper.experiments.effect import Effect
from shopkeeper.experiments.segments import heterogeneity


def effect(value: float, error: float = 0.01, reason: str = "") -> Effect:
    return Effect(value, error, math.inf, 1_000, 1.0, 1.0 + value, reason)


def test_equal_effects_show_no_difference() -> None:
    found = heterogeneity({"de": effect(0.05), "fr": effect(0.05), "it": effect(0.05)})
    assert [found.q, found.p, found.spread] == pytest.approx([0.0, 1.0, 0.0])


def test_q_is_the_sum_of_squared_distances_in_errors_and_a_group_is_held_against_the_rest() -> None:
    found = heterogeneity({"de": effect(0.0), "fr": effect(0.0), "it": effect(0.06)})
    assert found.q == pytest.approx((0.02**2 + 0.02**2 + 0.04**2) / 0.01**2)
    assert found.p == pytest.approx(stats.chi2.sf(24, 2))
    italy = found.groups[2]
    assert italy.from_rest == pytest.approx(0.06)
    assert italy.p == pytest.approx(2 * stats.norm.sf(0.06 / math.sqrt(0.01**2 + 0.01**2 / 2)))
    assert italy.p_holm == pytest.approx(min(3 * italy.p, 1.0))
    assert found.spread == pytest.approx(math.sqrt((24 - 2) / (20_000.0)))


def test_a_group_that_says_nothing_is_left_out_by_name() -> None:
    found = heterogeneity({"de": effect(0.1), "fr": effect(0.0, 0.0, "an arm has fewer than two units")})
    assert found.left_out == {"fr": "an arm has fewer than two units"}
    assert found.p == 1.0
