"""Past experiments are found by words and filters."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from shopkeeper.experiments.library import Search, entry, found
from shopkeeper.experiments.live_test import LiveTest
from shopkeeper.experiments.log_record import outcome_word
from shopkeeper.experiments.starting import beside, collisions, live_test
from shopkeeper.testing.experiment_store_suite import (
    example_analysis,
    example_plan,
    example_record,
    example_resolution,
)


@pytest.mark.parametrize(
    ("search", "fits"),
    [
        (Search(), True),
        (Search(text="VARIETY keeps"), True),
        (Search(text="variety elephants"), False),
        (Search(text="conversion"), True),
        (Search(system="pricing"), False),
        (Search(store="uk"), True),
        (Search(metric="aov"), True),
        (Search(metric="ctr"), False),
        (Search(tag="summer"), False),
        (Search(outcome="wins"), False),
        (Search(state="running"), True),
        (Search(since=date(2026, 12, 1)), True),
        (Search(since=date(2026, 12, 2)), False),
    ],
)
def test_what_is_looked_for_is_found(search: Search, fits: bool) -> None:
    one = entry(example_record(), example_analysis(), [example_resolution()])
    assert bool(found([one], search)) == fits


def test_a_store_finds_experiments_of_its_own_and_of_all_stores() -> None:
    record = replace(example_record(), plan=example_plan(stores=("de",)))
    one = entry(record, None, [])
    assert found([one], Search(store="de")) == [one]
    assert found([one], Search(store="uk")) == []


def running(test: str = "other", **fields: object) -> LiveTest:
    made = live_test(example_plan(test), f"{test}-seed")
    return replace(made, **fields)


def test_a_plan_becomes_a_test_with_the_control_first() -> None:
    plan = example_plan()
    test = live_test(replace(plan, arms=plan.arms[::-1]), "seed")
    assert [arm.name for arm in test.arms] == ["control", "varied"]
    assert test.arms[1].settings == {"diversity": 0.3}
    assert (test.test, test.kind, test.epoch, test.holdout) == ("varied", "experiment", 0, 0.01)


def test_tests_of_one_layer_must_have_ranges_apart() -> None:
    plan = example_plan(layer="ranking", layer_from=0.5, layer_to=1.0)
    inside = running(layer="ranking", layer_from=0.4, layer_to=0.6)
    apart = running(layer="ranking", layer_from=0.0, layer_to=0.5)
    assert len(list(collisions(plan, [inside]))) == 1
    assert list(collisions(plan, [apart, running(layer="page"), replace(inside, system="pricing")])) == []
    assert list(collisions(plan, [replace(inside, test=plan.name)])) == []


def test_tests_of_other_layers_run_beside_where_stores_meet() -> None:
    plan = example_plan(stores=("uk",))
    assert beside(plan, [running("everywhere"), running("abroad", stores=("de",))]) == ["everywhere"]


def test_a_test_that_was_stopped_before_it_was_decided_does_not_read_as_one_that_runs() -> None:
    assert outcome_word("running", "stopped") == "undecided"
    assert outcome_word("running", "running") == "running"
    assert outcome_word("loses", "stopped") == "loses"
    assert outcome_word(None, "running") == "not analysed"
