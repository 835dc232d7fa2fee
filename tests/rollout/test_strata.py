"""Comparing over epochs: bounds that hold with few conversions, and epochs that are never mixed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from tests.rollout.cases import arm, metric

from shopkeeper.experiments.arms import mean_arm
from shopkeeper.experiments.effect import effect_of
from shopkeeper.experiments.moments import Sums
from shopkeeper.rollout.evidence import ArmSums, MetricSums
from shopkeeper.rollout.strata import Stratified, stratified

RNG = np.random.default_rng(5)


def sums(rows: np.typing.NDArray[np.float64]) -> ArmSums:
    found = Sums.of_rows(rows)
    return ArmSums(found.n, tuple(found.totals.tolist()), tuple(map(tuple, found.products.tolist())))


def compared(name: str, *parts: MetricSums) -> Stratified:
    found = stratified(parts, name)
    assert found is not None
    return found


def test_one_epoch_with_many_units_agrees_with_the_delta_method() -> None:
    control, treatment = RNG.normal(10, 3, 50_000), RNG.normal(10.1, 3, 50_000)
    found = compared("revenue_per_user", MetricSums("revenue_per_user", sums(control), sums(treatment)))
    known = effect_of(mean_arm(Sums.of_rows(control)), mean_arm(Sums.of_rows(treatment)), "relative")
    low, high = found.bounds(1.96)
    assert found.value == pytest.approx(known.value)
    assert (low, high) == pytest.approx((known.value - 1.96 * known.error, known.value + 1.96 * known.error), abs=1e-4)


def test_a_bound_is_the_effect_that_lies_its_reach_away() -> None:
    found = compared("conversion", metric("conversion", 3_000, -0.1, base=0.1, noise=0.3))
    low, high = found.bounds(2.5)
    assert (found.z(low), found.z(high)) == pytest.approx((2.5, -2.5))


def test_against_no_effect_it_is_the_plain_difference_over_its_error() -> None:
    control, treatment = RNG.poisson(0.02, 2_000).astype(float), RNG.poisson(0.01, 2_000).astype(float)
    found = compared("conversion", MetricSums("conversion", sums(control), sums(treatment)))
    error = math.sqrt(control.var(ddof=1) / 2_000 + treatment.var(ddof=1) / 2_000)
    assert found.z() == pytest.approx((treatment.mean() - control.mean()) / error)


def test_a_treatment_without_conversions_has_an_error_still() -> None:
    control = np.zeros(1_000)
    control[:4] = 1.0
    found = compared("conversion", MetricSums("conversion", sums(control), sums(np.zeros(1_000))))
    assert found.z() == pytest.approx(-2.0, abs=0.01)  # 4 against 0: -4 / sqrt(4)
    assert found.bounds(3.0) == (-math.inf, math.inf)


def test_few_conversions_raise_no_more_alarms_than_they_should() -> None:
    runs, n, p = 20_000, 2_000, 0.015
    a, b = RNG.binomial(n, p, (2, runs)).astype(float)
    alarms = 0
    for x, y in zip(a.tolist(), b.tolist(), strict=True):
        part = MetricSums("conversion", ArmSums(n, (x,), ((x,),)), ArmSums(n, (y,), ((y,),)))
        found = stratified((part,), "conversion")
        alarms += found is not None and found.bounds(3.0)[1] < 0
    expected = float(stats.norm.sf(3.0))
    assert alarms / runs < expected + 3 * math.sqrt(expected / runs)


def test_epochs_with_other_conversion_are_not_mixed() -> None:
    # Conversion doubles in the second epoch and its arms are larger; nothing differs within an epoch.
    first = MetricSums("conversion", arm(10_000, 0.02, 0.14), arm(5_000, 0.02, 0.14))
    second = MetricSums("conversion", arm(10_000, 0.04, 0.196), arm(40_000, 0.04, 0.196))
    assert compared("conversion", first, second).value == pytest.approx(0.0, abs=1e-12)


def test_less_of_what_is_bad_is_better() -> None:
    assert compared("refund_share", metric("refund_share", 20_000, -0.1)).value == pytest.approx(0.1)


def test_a_loss_that_grows_is_worse_where_the_control_loses_too() -> None:
    found = compared("margin_per_user", metric("margin_per_user", 20_000, 0.5, base=-1.0))  # -1.0 to -1.5
    assert found.value == pytest.approx(-0.5)
    low, high = found.bounds(2.0)
    assert low < -0.5 < high < 0


def test_a_ratio_of_a_handful_of_orders_says_nothing() -> None:
    orders = np.zeros((1_000, 2))
    orders[:5] = [[50.0, 1.0]]
    assert stratified((MetricSums("aov", sums(orders), sums(orders)),), "aov") is None


def test_what_units_did_before_is_taken_off() -> None:
    before = RNG.normal(5, 2, 20_000)
    rows = np.column_stack([before + RNG.normal(0, 1, 20_000), before])
    split = MetricSums("revenue_per_user", sums(rows[:10_000]), sums(rows[10_000:]), covariate=True)
    plain = MetricSums("revenue_per_user", sums(rows[:10_000, :1]), sums(rows[10_000:, :1]))
    with_before, without = compared("revenue_per_user", split), compared("revenue_per_user", plain)
    assert (with_before.error() / without.error()) ** 2 == pytest.approx(1 / 5, rel=0.05)  # 1 - r^2 = 1 - 4 / 5
