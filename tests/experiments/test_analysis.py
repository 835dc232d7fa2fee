"""An experiment is analysed from sums alone, and its verdict follows the rules its plan set."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from msgspec.structs import replace

from shopkeeper.experiments.analysis import analysed
from shopkeeper.experiments.analysis_record import Analysis
from shopkeeper.experiments.figures import Allocation, Answered, Cell, TestFigures
from shopkeeper.experiments.finished import analyse
from shopkeeper.experiments.moments import Sums
from shopkeeper.experiments.outcome import critical_value, judged
from shopkeeper.experiments.plan import ExperimentPlan, PlannedArm, Stopping
from shopkeeper.objectives.contract import Guardrail
from shopkeeper.testing.experiment_store_suite import example_plan

NOON = datetime(2026, 12, 20, 12, tzinfo=UTC)
UNITS = 4_000


def cell(metric: str, arm: str, rows: np.ndarray, day: int = 1, **fields: object) -> Cell:
    sums = Sums.of_rows(rows)
    made = Cell(
        metric=metric, arm=arm, day=date(2026, 12, day), n=sums.n, totals=tuple(sums.totals.tolist()),
        products=tuple(tuple(row) for row in sums.products.tolist()),
    )  # fmt: skip
    return replace(made, **fields)


def figures(lift: float, aov: float = 0.0, units: tuple[int, int] = (UNITS, UNITS), **fields: object) -> TestFigures:
    """Return two days of two arms: exactly 10% of the control buy, and `lift` more of the treatment."""
    cells = []
    for day in (1, 2):
        for arm, share, basket in (("control", 0.1, 50.0), ("varied", 0.1 * (1 + lift), 50.0 * (1 + aov))):
            half = UNITS // 2
            bought = (np.arange(half) < round(half * share)).astype(float)
            money = bought * (basket + np.arange(half) % 7 - 3)
            cells += [cell("conversion", arm, bought, day), cell("aov", arm, np.column_stack([money, bought]), day)]
    allocation = Allocation(shares={"control": 0.5, "varied": 0.5}, units={"control": units[0], "varied": units[1]})
    made = TestFigures(
        test="varied", at=NOON, cells=tuple(cells), allocations=(allocation,),
    )  # fmt: skip
    return replace(made, **fields)


def verdict(found: TestFigures, plan: ExperimentPlan | None = None, needed: int = UNITS, over: bool = False) -> str:
    plan = plan or example_plan()
    return judged(plan, analysed(plan, found, needed), needed, (), over=over).outcome


def effect(analysis: Analysis, metric: str) -> float:
    return next(one.best.relative for one in analysis.effects if one.metric == metric)


def test_the_effect_of_sums_is_that_of_the_rows() -> None:
    rng = np.random.default_rng(1)
    before = rng.gamma(2.0, 10.0, 900)
    after = before * 0.8 + rng.normal(5, 4, 900) + np.repeat([0.0, 1.0], 450)
    arms = np.repeat(["control", "varied"], 450)
    rows = np.column_stack([after, before])
    plan = replace(example_plan(), primary=replace(example_plan().primary, metric="revenue_per_user"))
    made = TestFigures(
        test="varied", at=NOON,
        allocations=(Allocation(shares={"control": 0.5, "varied": 0.5}, units={"control": 450, "varied": 450}),),
        cells=tuple(
            cell("revenue_per_user", arm, rows[(arms == arm) & (np.arange(900) % 3 == day)], day + 1, covariate=True)
            for arm in ("control", "varied") for day in range(3)
        ),
    )  # fmt: skip
    found = next(one for one in analysed(plan, made, 450).effects if one.metric == "revenue_per_user")
    with_covariate = analyse(arms, {"revenue": after}, before).estimates[0]
    without = analyse(arms, {"revenue": after}).estimates[0]
    assert found.adjusted is not None
    assert (found.adjusted.relative, found.adjusted.fixed.low) == pytest.approx(
        (with_covariate.relative, with_covariate.low)
    )
    assert (found.unadjusted.relative, found.unadjusted.fixed.high) == pytest.approx((without.relative, without.high))
    assert found.adjusted.always.low == pytest.approx(with_covariate.always_low)
    assert found.adjusted.variance_left == pytest.approx(with_covariate.variance_left)


def test_epochs_with_other_shares_are_compared_each_by_itself() -> None:
    """All of the treatment's growth is in the epoch where everyone buys more: pooled it would look like a win."""
    made = []
    for epoch, share, sizes in ((0, 0.1, (900, 100)), (1, 0.5, (100, 900))):
        for arm, size in zip(("control", "varied"), sizes, strict=True):
            made.append(cell("conversion", arm, (np.arange(size) < size * share).astype(float), epoch + 1, epoch=epoch))
    plan = example_plan()
    allocations = tuple(
        Allocation(epoch=epoch, shares={"control": size[0] / 1000, "varied": size[1] / 1000},
                   units={"control": size[0], "varied": size[1]})
        for epoch, size in enumerate(((900, 100), (100, 900)))
    )  # fmt: skip
    found = analysed(plan, TestFigures(test="varied", at=NOON, cells=tuple(made), allocations=allocations), 1_000)
    assert effect(found, "conversion") == pytest.approx(0.0)
    assert found.soundness.valid


def test_units_whose_window_is_open_do_not_count() -> None:
    open_ones = figures(0.3)
    young = tuple(replace(one, mature=False) if one.day == date(2026, 12, 2) else one for one in open_ones.cells)
    found = analysed(example_plan(), replace(open_ones, cells=young), UNITS)
    assert found.matured == {"control": UNITS // 2, "varied": UNITS // 2}
    assert {point.day for point in found.over_time} == {date(2026, 12, 1)}


def test_the_effect_over_time_ends_with_all_units_and_narrows() -> None:
    found = analysed(example_plan(), figures(0.2), UNITS)
    first, last = found.over_time
    assert (first.n, last.n) == (UNITS, 2 * UNITS)
    assert last.relative == pytest.approx(effect(found, "conversion"))
    assert last.fixed.high is not None
    assert last.fixed.low is not None
    assert first.fixed.high is not None
    assert first.fixed.low is not None
    assert last.fixed.high - last.fixed.low < first.fixed.high - first.fixed.low


def test_an_uplift_with_guardrails_shown_wins_and_one_without_is_mixed_at_the_end() -> None:
    assert verdict(figures(0.3)) == "wins"
    assert verdict(figures(0.3, aov=-0.2)) == "mixed"
    assert verdict(figures(0.3, aov=-0.2), needed=2 * UNITS) == "running"


def test_harm_loses_and_nothing_is_flat_only_at_the_end() -> None:
    assert verdict(figures(-0.3)) == "loses"
    assert verdict(figures(0.0)) == "flat"
    assert verdict(figures(0.0), needed=10 * UNITS) == "running"
    assert verdict(figures(0.0), needed=10 * UNITS, over=True) == "flat"


def test_arms_of_the_wrong_size_or_seen_by_the_same_units_are_invalid_whatever_the_effect() -> None:
    assert verdict(figures(0.3, units=(4_000, 3_500))) == "invalid"
    crossed = figures(0.3)
    allocation = replace(crossed.allocations[0], crossers=200)
    assert verdict(replace(crossed, allocations=(allocation,))) == "invalid"


def test_a_fixed_plan_is_looked_at_once() -> None:
    plan = replace(example_plan(), stopping=Stopping(rule="fixed"))
    assert critical_value(plan, 0.5, (), over=False) is None
    assert critical_value(plan, 1.0, (), over=False) == pytest.approx(1.959964, abs=1e-5)
    assert verdict(figures(0.3), plan, needed=2 * UNITS) == "running"
    assert verdict(figures(0.3), plan) == "wins"


def test_early_looks_cost_and_arms_share_alpha() -> None:
    plan = example_plan()
    once = critical_value(plan, 1.0, (), over=False)
    after_looks = critical_value(plan, 1.0, (0.25, 0.5, 0.75), over=False)
    three = replace(plan, arms=(*plan.arms, PlannedArm(name="more", share=0.1, settings={"diversity": 0.6})))
    shared = critical_value(three, 1.0, (), over=False)
    assert once is not None
    assert after_looks is not None
    assert shared is not None
    assert once < after_looks < shared  # 1.96, 2.0, and 2.24 = the 98.75% quantile


def test_a_guardrail_of_the_service_holds_by_its_limit_and_not_without_figures() -> None:
    plan = replace(example_plan(), guardrails=(Guardrail(metric="p99_latency", limit=100.0),))
    for answered, expected in (
        ({}, "mixed"),
        ({"varied": Answered(requests=10, p99_ms=80.0)}, "wins"),
        ({"varied": Answered(requests=10, p99_ms=120.0)}, "mixed"),
    ):
        assert verdict(figures(0.3, answered=answered), plan) == expected


def test_only_segments_of_the_plan_are_looked_at_with_holm_over_them() -> None:
    plan = replace(example_plan(), segments=("store",))
    whole = figures(0.3)
    grouped = tuple(
        replace(one, segment=segment) for one in whole.cells if one.metric == "conversion"
        for segment in ("store=uk", "store=nl", "newcomer=yes")
    )  # fmt: skip
    found = analysed(plan, replace(whole, cells=(*whole.cells, *grouped)), UNITS)
    assert [one.segment for one in found.segments] == ["store=nl", "store=uk"]
    assert [one.p_holm for one in found.segments] == pytest.approx([2 * one.estimate.p for one in found.segments])
    assert found.matured["control"] == UNITS
