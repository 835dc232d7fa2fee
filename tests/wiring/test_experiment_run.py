"""An experiment from its start to what was learnt, over a real state database; figures are planted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from shopkeeper.engines.state import State, open_state
from shopkeeper.errors import ConfigError, ContractNotMet, InputError
from shopkeeper.experiments.plan import Expected, ExperimentPlan, PlannedArm
from shopkeeper.testing.experiment_store_suite import example_plan
from shopkeeper.testing.planted_experiment import planted_figures
from shopkeeper.wiring.experiment_run import Gather, analyze, decide, is_over, report_of, start, stop
from shopkeeper.wiring.experiments import checked, library

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
EXPECTED = Expected(units_per_day=8_000, value=0.1, deviation=0.3)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = open_state(f"sqlite:///{tmp_path / 'state.db'}")
    yield opened
    opened.close()


def planned(name: str = "varied", **fields: object) -> ExperimentPlan:
    return replace(example_plan(name), **{"expected": EXPECTED, **fields})


def gathered(plan: ExperimentPlan, lift: float, units: int, days: int) -> Gather:
    """Return what reads planted figures, whatever is asked and when."""
    return lambda _record, _now: planted_figures(plan, lift, units=units, days=days)


def begin(state: State, plan: ExperimentPlan | None = None) -> ExperimentPlan:
    plan = plan or planned()
    start(state, checked(state, plan), "anna", NOON)
    return plan


def test_a_started_plan_is_frozen_and_serving_is_told(state: State) -> None:
    plan = begin(state)
    (test,) = state.live_tests.running()
    assert [(arm.name, arm.share, arm.settings) for arm in test.arms] == [
        ("control", 0.5, {}),
        ("varied", 0.5, {"diversity": 0.3}),
    ]
    record = state.experiments.get("varied")
    assert (record.digest, record.started_by, record.aa) == (
        plan.digest,
        "anna",
        "No A/A test was made here: that assignment and logging are right is taken on trust.",
    )


def test_a_start_that_broke_off_before_serving_was_told_is_made_good(state: State) -> None:
    begin(state)
    state.live_tests.remove("varied", "anna", "as a crash would leave it")
    begin(state)
    assert [test.test for test in state.live_tests.running()] == ["varied"]
    with pytest.raises(InputError, match="called 'varied' before"):
        begin(state, planned(title="Another plan of the same name"))


def test_a_plan_that_shares_shoppers_or_has_too_few_days_does_not_start(state: State) -> None:
    begin(state, planned("first", layer="ranking", layer_to=0.6))
    with pytest.raises(ContractNotMet, match=r"would share shoppers: first has 0 to 0\.6 of layer 'ranking'"):
        begin(state, planned("second", layer="ranking", layer_from=0.5))
    begin(state, planned("second", layer="ranking", layer_from=0.6))
    with pytest.raises(ContractNotMet, match=r"needs \d+ days and has 14"):
        begin(state, planned("third", expected=replace(EXPECTED, units_per_day=235)))
    with pytest.raises(InputError, match="Nobody knows how many"):
        begin(state, planned("fourth", expected=None))
    with pytest.raises(ConfigError, match="cannot be used here"):
        begin(state, planned("fifth", stores=("moon",)))


def test_a_stopped_test_is_over_for_serving_and_its_shoppers_are_counted_on(state: State) -> None:
    begin(state)
    record = stop(state, "varied", "ben", "planned end", NOON + timedelta(days=2))
    assert state.live_tests.running() == ()
    assert not is_over(record, NOON + timedelta(days=3))
    assert is_over(record, NOON + timedelta(days=5))
    with pytest.raises(InputError, match="no experiment called 'nobody'"):
        stop(state, "nobody", "ben", "why", NOON)


def test_every_look_is_kept_and_the_later_one_pays_for_it(state: State) -> None:
    plan = begin(state)
    record = state.experiments.get("varied")
    looks = [analyze(state, "varied", gathered(plan, 0.0, record.units_per_arm // 10, days), NOON) for days in (3, 6)]
    first, second = (look.analysis.verdict for look in looks)
    assert first is not None
    assert second is not None
    assert (first.outcome, second.outcome) == ("running", "running")
    assert first.fraction == pytest.approx(0.29, abs=0.011)
    assert second.fraction == pytest.approx(0.59, abs=0.011)
    alone = analyze(state, "varied", gathered(plan, 0.0, 2_000, 14), NOON).analysis.verdict
    assert alone is not None
    assert alone.critical is not None
    assert alone.critical > 1.96
    assert [kept.number for kept in state.experiments.analyses("varied")] == [3, 2, 1]


def test_a_planted_uplift_wins_and_the_decision_is_found_again(state: State) -> None:
    plan = begin(state)
    with pytest.raises(ContractNotMet, match="was not analysed"):
        decide(state, "varied", "anna", "adopt", "It wins.", "Variety sells.", NOON)
    kept = analyze(state, "varied", gathered(plan, 0.3, 2_000, 14), NOON)
    assert kept.analysis.verdict is not None
    assert kept.analysis.verdict.outcome == "wins"
    assert kept.analysis.verdict.next_step == plan.consequences.wins
    decided = decide(state, "varied", "anna", "adopt", "It wins.", "Variety sells.", NOON)
    assert (decided.analysis, decided.outcome) == (kept.number, "wins")
    report = report_of(state, "varied")
    assert report.resolutions == [decided]
    assert report.document()["analysis"]["verdict"]["outcome"] == "wins"
    (entry,) = library(state)
    assert (entry.outcome, entry.choice, entry.learning) == ("wins", "adopt", "Variety sells.")
    assert entry.low is not None
    assert 0 < entry.low < 0.3


def test_a_test_ends_once_and_later_looks_only_inform(state: State) -> None:
    plan = begin(state)
    flat = analyze(state, "varied", gathered(plan, 0.0, 2_000, 14), NOON).analysis.verdict
    later = analyze(state, "varied", gathered(plan, 0.5, 2_000, 14), NOON).analysis.verdict
    assert flat is not None
    assert later is not None
    assert (flat.outcome, later.outcome) == ("flat", "flat")
    assert later.words.endswith("later ones only inform.")


def test_an_a_a_test_of_the_same_system_is_named(state: State) -> None:
    plain = planned("same", kind="aa")
    same = replace(plain, arms=(plain.arms[0], replace(plain.arms[1], settings={})))
    begin(state, same)
    analyze(state, "same", gathered(same, 0.0, 2_000, 14), NOON)
    assert checked(state, planned()).aa == "A/A test same: flat, 2026-12-18."


CONTROL = PlannedArm(name="control", share=0.5)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"unit": "product"}, "unit: user"),
        ({"arms": (CONTROL, PlannedArm(name="b", share=0.5, settings={"wording": "x"}))}, "no wording"),
        ({"arms": (CONTROL, PlannedArm(name="b", share=0.5, settings={"diversity": 1}))}, "none of texts"),
        ({"arms": (CONTROL, PlannedArm(name="b", share=0.5, version=""))}, "no versions"),
    ],
)
def test_a_plan_for_texts_that_cannot_be_shown_is_refused(state: State, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        checked(state, planned(system="content", **changed), ("warm",))
    assert said in str(refused.value.problems)
    shown = (CONTROL, PlannedArm(name="b", share=0.5, settings={"wording": "warm"}))
    assert checked(state, planned(system="content", arms=shown), ("warm",)).in_the_way == ()
