"""Bounds that hold at every look: by their formulas, and by how seldom they are wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from shopkeeper.experiments.effect import Effect
from shopkeeper.experiments.group_sequential import LIMIT, Spending, boundaries, crossing, required_drift
from shopkeeper.experiments.ldbounds import published_boundaries
from shopkeeper.experiments.mixtures import (
    BetaBinomial,
    GammaExponential,
    GammaPoisson,
    OneSidedNormal,
    TwoSidedNormal,
    boundary,
    one_sided_rho,
    rate_sequence,
    two_sided_rho,
)
from shopkeeper.experiments.quantiles import quantile_difference_p
from shopkeeper.experiments.sequential import half_width, one_sided_width, rho_for, sequence


def effect(value: float, error: float = 0.01, n: int = 1_000) -> Effect:
    return Effect(value, error, math.inf, n, 1.0, 1.0 + value)


def test_a_two_sided_sequence_is_its_formula() -> None:
    rho = rho_for(0.05, 1_000)
    assert rho == pytest.approx(math.sqrt((-2 * math.log(0.05) + math.log(1 - 2 * math.log(0.05))) / 1_000))
    grown = 1_000 * rho**2 + 1
    width = math.sqrt(2 * grown / (1_000 * rho) ** 2 * math.log(math.sqrt(grown) / 0.05))
    assert half_width(1_000, 0.05, rho) == pytest.approx(width)
    found = sequence(effect(0.1), "two-sided", 0.05, 1_000)
    assert found.high - 0.1 == pytest.approx(0.01 * math.sqrt(1_000) * width)


def test_the_p_value_is_the_alpha_at_which_the_interval_leaves_nothing_out() -> None:
    reach = 0.01 * math.sqrt(1_000) * half_width(1_000, 0.05, rho_for(0.05, 1_000))
    assert sequence(effect(reach), "two-sided", 0.05, 1_000).p == pytest.approx(0.05)
    one_sided = 0.01 * math.sqrt(1_000) * one_sided_width(1_000, 0.05, rho_for(0.1, 1_000))
    assert sequence(effect(-one_sided), "less", 0.05, 1_000).p == pytest.approx(0.05)
    assert sequence(effect(0.1), "less", 0.05, 1_000).p == 1.0
    assert sequence(effect(0.9), "two-sided", 0.05, 1_000).p == 0.0
    assert sequence(effect(0.1, error=0.0), "two-sided", 0.05, 1_000).low == -math.inf


def test_over_28_daily_looks_without_effect_an_alarm_is_rarer_than_alpha() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(2_000, 28)).cumsum(axis=1) / np.sqrt(np.arange(1, 29))
    rho = rho_for(0.05, 28.0)
    z = np.array([half_width(n, 0.05, rho) * math.sqrt(n) for n in range(1, 29)])
    assert (np.abs(scores) > z).any(axis=1).mean() < 0.05
    critical = boundaries(tuple(np.arange(1, 29) / 28), 0.05, sides="two-sided")
    assert (np.abs(scores) > critical).any(axis=1).mean() == pytest.approx(0.05, abs=3 * math.sqrt(0.05 * 0.95 / 2_000))


def test_one_look_is_the_fixed_test() -> None:
    assert boundaries((1.0,), 0.025)[0] == pytest.approx(stats.norm.isf(0.025), abs=1e-6)
    assert boundaries((1.0,), 0.05, sides="two-sided")[0] == pytest.approx(stats.norm.isf(0.025), abs=1e-6)
    drift = required_drift((1.0,), boundaries((1.0,), 0.025).tolist(), 0.8)
    assert drift == pytest.approx(stats.norm.isf(0.025) + stats.norm.ppf(0.8), abs=1e-6)


def test_the_classic_boundaries_of_four_looks() -> None:
    """The published Lan-DeMets O'Brien-Fleming values of four even looks, one-sided 0.025."""
    assert boundaries((0.25, 0.5, 0.75, 1.0), 0.025) == pytest.approx([4.3326, 2.9631, 2.3590, 2.0141], abs=1e-3)


@pytest.mark.parametrize("spending", [Spending(), Spending("power", 2.0), Spending("pocock")])
def test_looks_spend_alpha_as_they_say_and_all_of_it_by_the_end(spending: Spending) -> None:
    fractions = (0.2, 0.5, 1.0)
    spent = crossing(fractions, boundaries(fractions, 0.025, spending).tolist()).upper.cumsum()
    assert spent == pytest.approx([spending.spent(0.025, t) for t in fractions], abs=1e-5)
    assert spending.spent(0.025, 1.0) == pytest.approx(0.025)
    assert spending.spent(0.025, 0.0) == 0.0


def test_a_look_with_next_to_nothing_to_spend_has_the_largest_critical_value_and_looks_must_rise() -> None:
    assert boundaries((0.01, 1.0), 0.025)[0] == LIMIT
    with pytest.raises(ValueError, match="rise"):
        boundaries((0.5, 0.5), 0.025)


def test_published_arithmetic_agrees_with_ours_to_the_third_digit() -> None:
    fractions = (0.25, 0.5, 0.75, 1.0)
    theirs = published_boundaries(fractions, 0.05, Spending("power", 2.0), "two-sided")
    assert theirs == pytest.approx(boundaries(fractions, 0.05, Spending("power", 2.0), "two-sided"), abs=5e-3)


def test_normal_mixtures_are_their_formulas() -> None:
    rho = two_sided_rho(100, 0.05)
    assert one_sided_rho(100, 0.025) == pytest.approx(rho)
    s, v = 12.0, 80.0
    assert TwoSidedNormal(rho).log_value(s, v) == pytest.approx(
        0.5 * math.log(rho / (v + rho)) + s**2 / (2 * (v + rho))
    )
    bound = boundary(TwoSidedNormal(rho), v, 0.05)
    assert TwoSidedNormal(rho).log_value(bound, v) == pytest.approx(math.log(1 / 0.05))


@pytest.mark.parametrize(
    "mixture",
    [TwoSidedNormal(20.0), OneSidedNormal(20.0), GammaExponential(20.0, 0.1), GammaPoisson(20.0, 0.1),
     BetaBinomial.tuned(100.0, 0.05, 0.3, 0.7), BetaBinomial.tuned(100.0, 0.05, 0.3, 0.7, one_sided=True)],
)  # fmt: skip
def test_a_mixture_starts_at_one_and_a_larger_sum_is_more_evidence(mixture: TwoSidedNormal) -> None:
    assert mixture.log_value(0.0, 1e-9) == pytest.approx(0.0, abs=1e-4)
    assert mixture.log_value(5.0, 50.0) < mixture.log_value(15.0, 50.0)


def test_a_rate_lies_inside_its_sequence_which_narrows_and_holds_at_every_look() -> None:
    low, high = rate_sequence(30, 1_000, 0.05, 1_000)
    assert low < 0.03 < high
    later = rate_sequence(300, 10_000, 0.05, 1_000)
    assert later[1] - later[0] < high - low
    assert rate_sequence(0, 0, 0.05, 1_000) == (0.0, 1.0)
    assert rate_sequence(0, 100, 0.05, 100)[0] == 0.0
    assert rate_sequence(100, 100, 0.05, 100)[1] == 1.0
    rng = np.random.default_rng(2)
    wrong = 0
    for _ in range(60):
        counts = rng.binomial(200, 0.05, 10).cumsum()
        looks = [rate_sequence(int(count), 200 * (look + 1), 0.1, 1_000) for look, count in enumerate(counts)]
        wrong += any(not one[0] <= 0.05 <= one[1] for one in looks)
    assert wrong <= 60 * 0.1 + 3 * math.sqrt(60 * 0.1 * 0.9)


def test_a_quantile_that_moved_is_found_and_one_that_did_not_is_not() -> None:
    rng = np.random.default_rng(3)
    a, b, slow = rng.exponential(50, 4_000), rng.exponential(50, 4_000), rng.exponential(80, 4_000)
    assert quantile_difference_p(a, b, 0.9, 4_000) > 0.05
    assert quantile_difference_p(a, slow, 0.9, 4_000) < 0.001
