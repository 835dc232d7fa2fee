"""What the logs measured becomes what an analysis reads: people alone, groups apart, and what is missing named."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from shopkeeper.experiments.figures import TestFigures
from shopkeeper.experiments.figures_of_sums import NOBODY, SEVERAL, figures_of
from shopkeeper.experiments.measuring import Asked, MeasuredTest
from shopkeeper.experiments.metric_file import load_metrics
from shopkeeper.experiments.moments import Sums
from shopkeeper.experiments.plan import ExperimentPlan
from shopkeeper.experiments.unit_sums import Crossed, TestCell, TestSums
from shopkeeper.testing.experiment_store_suite import example_plan

DAY = date(2026, 12, 1)


def asked(tmp_path: Path, plan: ExperimentPlan) -> Asked:
    known = load_metrics(tmp_path)
    metrics = known.of_units(plan.metrics)
    return Asked("varied", datetime(2026, 12, 9, tzinfo=UTC), known, metrics, 1, 1, 100.0, ())


def cell(variant: str, bought: int, units: int, **fields: object) -> TestCell:
    """Return a cell of units of which some bought for 10 each, and nothing before."""
    rows = np.zeros((units, 2))
    rows[:bought, 0] = 1.0
    baskets = np.zeros((units, 4))
    baskets[:bought, :2] = [10.0, 1.0]
    sums = {"conversion": Sums.of_rows(rows), "aov": Sums.of_rows(baskets)}
    plain: dict[str, object] = {
        "epoch": 0, "variant": variant, "store": "uk", "day": DAY, "matured": True, "machine": False,
        "newcomer": False, "units": units, "guests": 0, "sums": sums, "cut": {},
    }  # fmt: skip
    return TestCell(**{**plain, **fields})  # type: ignore[arg-type]


def figures(tmp_path: Path, plan: ExperimentPlan, *cells: TestCell, **currencies: str) -> TestFigures:
    what = asked(tmp_path, plan)
    sums = TestSums({one.name: one for one in what.metrics}, cells, (Crossed(0, "uk", 2, False),), currencies)
    return figures_of(plan, what, MeasuredTest(sums, (), None, {}, None), simulated=True)


def test_machines_are_in_no_arm_and_crossers_are_counted_apart(tmp_path: Path) -> None:
    found = figures(
        tmp_path, example_plan(), cell("control", 3, 10), cell("varied", 4, 11), cell("varied", 0, 5, machine=True)
    )
    (allocation,) = found.allocations
    assert (allocation.units, allocation.crossers, allocation.shares) == (
        {"control": 10, "varied": 11}, 2, {"control": 0.5, "varied": 0.5},
    )  # fmt: skip
    assert {(one.metric, one.arm): one.n for one in found.cells} == {
        ("conversion", "control"): 10, ("aov", "control"): 10, ("conversion", "varied"): 11, ("aov", "varied"): 11,
    }  # fmt: skip
    assert found.simulated


def test_stores_are_put_together_and_kept_apart_as_groups(tmp_path: Path) -> None:
    plan = example_plan(segments=("store", "newcomer", "device"))
    other = cell("control", 2, 6, store="nl", newcomer=True, device="phone")
    found = figures(tmp_path, plan, cell("control", 3, 10, device="tablet"), other)
    of_conversion = {one.segment: (one.n, one.totals[0]) for one in found.cells if one.metric == "conversion"}
    assert of_conversion == {
        "": (16, 5.0), "store=uk": (10, 3.0), "store=nl": (6, 2.0), "newcomer=no": (10, 3.0), "newcomer=yes": (6, 2.0),
        "device=tablet": (10, 3.0), "device=phone": (6, 2.0),
    }  # fmt: skip


def test_money_of_several_currencies_is_not_added_up_and_said(tmp_path: Path) -> None:
    found = figures(tmp_path, example_plan(), cell("control", 1, 2), uk="GBP", nl="EUR")
    assert found.not_measured == {"aov": SEVERAL}
    assert {one.metric for one in found.cells} == {"conversion"}
    assert found.money == ""
    assert figures(tmp_path, example_plan(), cell("control", 1, 2), uk="EUR", nl="EUR").money == "EUR"


def test_a_test_nobody_was_in_yet_has_no_figures(tmp_path: Path) -> None:
    plan = replace(example_plan())
    found = figures_of(plan, asked(tmp_path, plan), MeasuredTest(None, (), None, {}, None), simulated=False)
    assert found.not_measured == {"conversion": NOBODY, "aov": NOBODY}
    assert (found.cells, found.allocations) == ((), ())
