"""A test is as long as its hardest metric, its looks and whole weeks make it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import shopkeeper.objectives
from shopkeeper.errors import InputError
from shopkeeper.experiments.arms import mean_arm
from shopkeeper.experiments.group_sequential import boundaries
from shopkeeper.experiments.moments import Sums
from shopkeeper.experiments.planner import ComparedStep, Design, Traffic, plan_test
from shopkeeper.experiments.sizing import Baseline, PlannedMetric, detectable_lift, planned_metrics
from shopkeeper.objectives.contract_file import read_objective

CONVERSION = Baseline(0.03, 0.03 * 0.97)
KPI = PlannedMetric("conversion", CONVERSION, 0.05)
FLAT = Design(ramp=(ComparedStep(0.5, 0),), minimum_weeks=1, runs=20_000)
EXAMPLES = Path(shopkeeper.objectives.__file__).parent / "examples"


def test_a_single_metric_alone_needs_the_units_of_the_textbook() -> None:
    reach = stats.norm.isf(0.025) + stats.norm.ppf(0.8)
    spread = 0.03 * 0.97 / 0.03**2 * (1 + 1.05**2)
    assert KPI.units_alone(0.025, 0.8) == pytest.approx(reach**2 * spread / 0.05**2)


def test_looks_every_day_cost_a_few_percent_more_units() -> None:
    plan = plan_test([KPI], Traffic((40_000,), holdout=0.0), FLAT)
    assert 1.0 < plan.sequential_inflation < 1.08
    assert plan.units_needed == pytest.approx(KPI.units_alone(0.025, 0.8) * plan.sequential_inflation)


def test_the_test_lasts_whole_weeks_and_no_week_fewer_would_do() -> None:
    plan = plan_test([KPI], Traffic((6_000,), holdout=0.0), FLAT)
    assert plan.units_per_arm == 3_000 * 7 * plan.weeks
    assert 3_000 * 7 * (plan.weeks - 1) < plan.units_needed <= plan.units_per_arm
    assert plan.reached
    assert plan.power >= 0.8


def test_a_guardrail_with_a_narrow_margin_governs_and_the_joint_event_needs_more_than_it_alone() -> None:
    guard = PlannedMetric("aov", Baseline(50.0, 2_500.0), 0.0, 0.01)
    plan = plan_test([KPI, guard], Traffic((20_000,), holdout=0.0), FLAT)
    easy, hard = (one.units_alone(0.025, 0.8) for one in (KPI, guard))
    assert plan.governed_by == ("aov" if hard > easy else "conversion")
    assert plan.units_needed > max(easy, hard)


def test_two_equal_independent_metrics_need_what_power_to_the_half_asks_for() -> None:
    twin = PlannedMetric("revenue_per_user", CONVERSION, 0.05)
    one_look = Design(ramp=(ComparedStep(0.5, 7 * 26),), maximum_weeks=26, minimum_weeks=26, runs=40_000)
    plan = plan_test([KPI, twin], Traffic((100_000,), holdout=0.0), one_look)
    assert len(plan.chances) == 1
    assert plan.units_needed == pytest.approx(KPI.units_alone(0.025, math.sqrt(0.8)), rel=0.03)


def test_without_an_effect_a_test_promotes_no_more_than_alpha_allows() -> None:
    plan = plan_test([KPI], Traffic((40_000,), holdout=0.0), FLAT)
    assert plan.chances[-1].none <= 0.025 + 3 * math.sqrt(0.025 * 0.975 / 20_000)
    assert all(a.planned <= b.planned for a, b in zip(plan.chances, plan.chances[1:], strict=False))
    assert plan.early == plan.chances[-2].planned


def test_shoppers_drawn_one_by_one_promote_as_often_as_the_plan_says() -> None:
    lift, runs, daily = 0.2, 4_000, 2_000
    plan = plan_test([replace(KPI, lift=lift)], Traffic((2.0 * daily,), holdout=0.0), FLAT)
    rng = np.random.default_rng(5)
    looks = np.array([one.day for one in plan.chances])
    counts = [rng.binomial(daily, rate, (runs, looks[-1])).cumsum(axis=1)[:, looks - 1] for rate in (0.03, 0.036)]
    n = daily * looks
    control, treatment = counts[0] / n, counts[1] / n
    error = np.sqrt(
        treatment * (1 - treatment) / (n * control**2) + control * (1 - control) * treatment**2 / (n * control**4)
    )
    critical = boundaries(tuple(n / n[-1]), 0.025)
    promoted = ((treatment / control - 1) / error > critical).any(axis=1).mean()
    assert promoted == pytest.approx(plan.power, abs=0.02)


def test_what_was_before_exposure_shortens_a_test_by_the_square_of_the_correlation() -> None:
    adjusted = replace(KPI, baseline=replace(CONVERSION, correlation=0.6))
    assert adjusted.units_alone(0.025, 0.8) == pytest.approx((1 - 0.6**2) * KPI.units_alone(0.025, 0.8))


def test_a_unit_counts_when_it_has_matured_so_the_last_look_comes_that_much_later() -> None:
    slow = plan_test([KPI], Traffic((40_000,), maturation_days=14, holdout=0.0), FLAT)
    assert slow.days == 7 * slow.weeks + 14


def test_units_of_the_first_step_come_at_its_smaller_share_and_the_holdout_comes_first() -> None:
    ramp = Design(ramp=(ComparedStep(0.15, 7), ComparedStep(0.5, 7)), minimum_weeks=2, maximum_weeks=2)
    plan = plan_test([KPI], Traffic((10_000,)), ramp)
    assert plan.units_per_arm == math.floor(0.99 * 10_000 * (7 * 0.15 + 7 * 0.5) + 1e-6)


def test_shoppers_who_come_back_are_no_new_units_so_later_days_bring_fewer() -> None:
    weeks = plan_test([KPI], Traffic((40_000,), holdout=0.0), FLAT).weeks
    falling = Traffic(tuple(40_000 * 0.8**day for day in range(28)), holdout=0.0)
    assert plan_test([KPI], falling, FLAT).weeks > weeks


def test_what_cannot_be_shown_within_the_weeks_allowed_is_said_with_what_can() -> None:
    plan = plan_test([KPI], Traffic((500,), holdout=0.0), replace(FLAT, maximum_weeks=4))
    assert not plan.reached
    assert plan.weeks == 4
    assert plan.power < 0.8
    assert plan.metrics[0].detectable > 0.05


def test_an_effect_as_large_as_the_detectable_one_is_shown_with_the_power_asked_for() -> None:
    plan = plan_test([KPI], Traffic((6_000,), holdout=0.0), FLAT)
    found = replace(KPI, lift=plan.metrics[0].detectable)
    assert plan_test([found], Traffic((6_000,), holdout=0.0), FLAT).units_needed == pytest.approx(
        plan.units_per_arm, rel=0.02
    )


def test_the_same_seed_plans_the_same_test() -> None:
    assert plan_test([KPI], Traffic((6_000,)), FLAT) == plan_test([KPI], Traffic((6_000,)), FLAT)


def test_a_guardrail_expected_beyond_its_margin_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="aov"):
        plan_test([KPI, PlannedMetric("aov", CONVERSION, -0.03, 0.02)], Traffic((100,)), FLAT)


def test_an_objective_says_what_is_tested_and_a_metric_without_baseline_is_named() -> None:
    objective = read_objective((EXAMPLES / "recommendations.yaml").read_text(), "recommendations.yaml")
    known = dict.fromkeys(("ctr", "conversion", "aov", "refund_share"), CONVERSION)
    found = planned_metrics(objective, known)
    assert [(one.name, one.lift, one.margin) for one in found] == [
        ("ctr", 0.15, 0.0), ("conversion", 0.0, 0.05), ("aov", 0.0, 0.05), ("refund_share", 0.0, 0.15),
    ]  # fmt: skip
    assert found[3].direction == "down"
    with pytest.raises(InputError, match="aov"):
        planned_metrics(objective, dict.fromkeys(("ctr", "conversion", "refund_share"), CONVERSION))


def test_a_baseline_of_past_units_holds_their_correlation_with_before() -> None:
    rng = np.random.default_rng(1)
    before = rng.normal(10, 2, 5_000)
    rows = np.column_stack([before + rng.normal(0, 1, 5_000), before])
    baseline = Baseline.of(mean_arm(Sums.of_rows(rows)))
    assert baseline.mean == pytest.approx(rows.mean(axis=0)[0])
    assert baseline.correlation == pytest.approx(float(np.asarray(np.corrcoef(rows.T)).flat[1]))


def test_a_holdout_of_one_percent_sees_what_its_own_size_lets_it_see() -> None:
    lift = detectable_lift(CONVERSION, 20_000, 1_980_000)
    error = math.sqrt(0.03 * 0.97 / 0.03**2 * (1 / 1_980_000 + (1 + lift) ** 2 / 20_000))
    assert lift == pytest.approx((stats.norm.isf(0.025) + stats.norm.ppf(0.8)) * error)
    assert math.isinf(detectable_lift(CONVERSION, 10, 990))
