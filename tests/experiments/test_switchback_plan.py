"""A plan of a price test is by switchback, over clusters, looked at once; everything else is refused by name."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from shopkeeper.experiments.plan import ExperimentPlan, Period, PlannedArm, SwitchedPrices
from shopkeeper.experiments.plan_file import broken_rules, read_plan
from shopkeeper.testing.experiment_store_suite import example_plan
from shopkeeper.wiring.experiments import example_plan as example_text


def prices_plan() -> ExperimentPlan:
    return read_plan(example_text("prices"), "prices.yaml")


def wrong(plan: ExperimentPlan) -> set[str]:
    return {one.path for one in broken_rules(plan)}


def test_a_plan_of_prices_differs_by_nothing_but_its_run() -> None:
    assert wrong(prices_plan()) == set()
    arms = (PlannedArm(name="control", share=0.5), PlannedArm(name="other", share=0.5, settings={"a": 1}))
    assert wrong(replace(prices_plan(), arms=arms)) == {"arms[1]"}


def test_prices_are_never_tested_by_user() -> None:
    plan = replace(prices_plan(), unit="user", arms=example_plan().arms)
    assert {"prices", "arms[1]"} <= wrong(plan)
    assert "prices" in wrong(replace(example_plan(), unit="switchback"))


def test_a_period_has_days_beyond_its_washout_and_the_test_a_whole_tile() -> None:
    prices = SwitchedPrices(run="run", period_days=7, washout_days=7)
    assert wrong(replace(prices_plan(), prices=prices)) == {"prices.washout_days"}
    start = prices_plan().period.start
    short = Period(start=start, end=start + timedelta(days=54))
    assert wrong(replace(prices_plan(), period=short)) == {"period.end"}, "55 days, twice 28 are a tile"


def test_only_what_is_measured_by_cluster_may_decide_or_guard() -> None:
    plan = prices_plan()
    goal = replace(plan.primary, metric="conversion")
    assert wrong(replace(plan, primary=goal, stopping=replace(plan.stopping, rule="group-sequential"))) == {
        "primary.metric", "stopping.rule",
    }  # fmt: skip


def test_plans_without_prices_keep_the_digest_they_had() -> None:
    assert example_plan().digest == replace(example_plan(), prices=None).digest
