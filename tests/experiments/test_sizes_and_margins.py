"""Sample sizes, sample ratios, margins and many p values, in arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from shopkeeper.experiments import power
from shopkeeper.experiments.arms import Arm
from shopkeeper.experiments.multiplicity import adjusted
from shopkeeper.experiments.noninferiority import equivalence, non_inferior
from shopkeeper.experiments.srm import Counts, mismatch_log_e, mismatch_p, mismatch_repeated, two_arm_p

REACH = stats.norm.isf(0.025) + stats.norm.ppf(0.8)


def test_units_needed_are_those_of_the_textbook_and_uneven_shares_cost_more() -> None:
    even = power.units_needed(0.1, [1.0, 1.0], [0.5, 0.5], 0.05, 0.8)
    assert even == pytest.approx(2 * 2 * (REACH / 0.1) ** 2)
    assert power.units_needed(0.1, [1.0, 1.0], [0.9, 0.1], 0.05, 0.8) == pytest.approx(
        (1 / 0.9 + 1 / 0.1) * (REACH / 0.1) ** 2
    )


def test_power_at_the_units_needed_is_the_power_asked_for() -> None:
    n = power.units_needed(0.1, [1.0, 1.0], [0.5, 0.5], 0.05, 0.8) / 2
    assert power.z_power(0.1, math.sqrt(2 / n), 0.05) == pytest.approx(0.8, abs=1e-6)
    assert power.t_power(0.1, n, n, 0.05) == pytest.approx(0.8, abs=1e-3)
    assert power.t_power(0.1, n, n, 0.05, "larger") > 0.8
    assert power.t_power(-0.1, n, n, 0.05, "smaller") == pytest.approx(power.t_power(0.1, n, n, 0.05, "larger"))
    assert power.t_power(0.5, 40, None, 0.05) > power.t_power(0.5, 20, None, 0.05)


def test_the_smallest_lift_is_found_with_the_power_asked_for_and_none_where_none_is() -> None:
    lift = power.smallest_lift(10.0, 25.0, 5_000, 0.05, 0.8)
    assert power.relative_power(10.0, 25.0, lift, 5_000, 0.05) == pytest.approx(0.8)
    assert power.relative_power(10.0, 25.0, lift, 5_000, 0.05, inflation=1.1) < 0.8
    assert math.isinf(power.smallest_lift(0.1, 900.0, 10, 0.05, 0.8))


def test_equivalence_power_is_the_chance_of_the_counts_that_reject() -> None:
    found, first, last = power.equivalence_power(0.1, 0.3, 200, 0.05, 0.2)
    assert found == pytest.approx(stats.binom.pmf(np.arange(first, last + 1), 200, 0.2).sum())
    assert stats.binom.sf(first - 1, 200, 0.1) <= 0.05 < stats.binom.sf(first - 2, 200, 0.1)
    assert power.equivalence_power(0.1, 0.11, 10, 0.05, 0.1)[0] == 0.0


def test_sizes_that_fit_their_weights_raise_no_alarm_and_lost_units_do() -> None:
    assert mismatch_p([5_000, 5_000], [0.5, 0.5]) == pytest.approx(1.0)
    chi = (100**2 / 5_000) * 2
    assert mismatch_p([5_100, 4_900], [1, 1]) == pytest.approx(stats.chi2.sf(chi, 1))
    assert mismatch_p([10, 0], [1, 0]) == 1.0
    assert two_arm_p(5_100, 4_900) == pytest.approx(stats.binomtest(4_900, 10_000).pvalue)
    assert two_arm_p(0, 0) == 1.0


def test_an_e_value_of_counts_has_mean_one_where_arms_follow_their_weights() -> None:
    n = 40
    e = np.exp([mismatch_log_e([k, n - k], [0.5, 0.5], 20.0) for k in range(n + 1)])
    assert stats.binom.pmf(np.arange(n + 1), n, 0.5) @ e == pytest.approx(1.0)
    assert mismatch_repeated([Counts((51_000, 49_000), (1, 1))]) < 0.001
    two = mismatch_log_e([600, 500], [1, 1]) + mismatch_log_e([300, 200], [1, 1])
    assert mismatch_repeated([Counts((600, 500), (1, 1)), Counts((300, 200), (1, 1))]) == pytest.approx(
        min(1.0, math.exp(-two))
    )


def test_a_guardrail_is_proven_only_where_its_bound_clears_the_margin() -> None:
    control = Arm(10_000, 10.0, 25.0)
    error = math.sqrt(2 * 25 / 10_000)
    found = non_inferior(control, Arm(10_000, 10.0, 25.0), 0.02, "up", 0.025)
    assert found.tested.low == pytest.approx(-1.959964 * error)
    assert found.margin == pytest.approx(0.2)
    assert found.proven == (1.959964 * error < 0.2)
    assert not non_inferior(control, Arm(10_000, 9.9, 25.0), 0.02, "up", 0.025).proven
    assert non_inferior(control, Arm(10_000, 9.0, 25.0), 0.02, "down", 0.025).proven


def test_equivalence_takes_the_weaker_of_its_two_sides() -> None:
    x, y = [10.1, 9.9, 10.0, 10.2, 9.8], [10.0, 10.1, 9.9, 10.05, 9.95]
    found = equivalence(x, y, 0.5, "pooled", 0.05)
    gap, error = np.mean(x) - np.mean(y), math.sqrt((np.var(x, ddof=1) + np.var(y, ddof=1)) / 2 * 2 / 5)
    assert found.p == pytest.approx(max(stats.t.sf((gap + 0.5) / error, 8), stats.t.cdf((gap - 0.5) / error, 8)))
    paired = equivalence(x, y, 0.5, "paired", 0.05)
    assert paired.low < gap < paired.high


@pytest.mark.parametrize(
    ("method", "wanted"),
    [("bonferroni", [0.03, 0.09, 0.12]), ("holm", [0.03, 0.06, 0.06]), ("hochberg", [0.03, 0.04, 0.04]),
     ("bh", [0.03, 0.04, 0.04]), ("sidak", [1 - 0.99**3, 1 - 0.97**3, 1 - 0.96**3])],
)  # fmt: skip
def test_three_p_values_by_hand(method: str, wanted: list[float]) -> None:
    assert adjusted([0.01, 0.03, 0.04], method) == pytest.approx(wanted)  # type: ignore[arg-type]


def test_the_order_given_is_the_order_returned_and_none_is_none() -> None:
    assert adjusted([0.04, 0.01], "holm") == pytest.approx([0.04, 0.02])
    assert not len(adjusted([], "holm"))
    assert adjusted([0.01, 0.03], "by") == pytest.approx([0.01 * 2 * 1.5, 0.03 * 1.5])
