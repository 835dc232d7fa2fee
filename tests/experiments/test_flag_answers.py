"""A flag says which arm a unit is in, and why, in the words of OpenFeature."""

from __future__ import annotations

from typing import Any

import pytest

from shopkeeper.experiments.assignment import hash_unit
from shopkeeper.experiments.flag_answers import FlagState, Kind, answer
from shopkeeper.experiments.live_test import LiveTest, StopOrder, TestArm

TEST = LiveTest(
    test="r7", kind="rollout", system="recommendations", stores=("uk",), seed="s7", epoch=2, holdout=0.0,
    arms=(TestArm(name="control", share=0.5), TestArm(name="treatment", share=0.5, settings={"mmr": 0.3})),
    forced={"tess": "treatment"},
)  # fmt: skip
STATE = FlagState(tests=(TEST,), features={"banner": {"defaultValue": True}})
HERE = {"store": "uk"}
GATE = {"id": "banner", "gate": True, "condition": {"value": True}}


def unit_in(arm: str) -> str:
    return next(unit for unit in map(str, range(100)) if answer("r7", "string", unit, HERE, STATE).variant == arm)


def test_a_hashed_unit_is_split_with_experiment_epoch_and_bucket() -> None:
    found = answer("r7", "string", "ann", HERE, STATE)
    place = hash_unit("s7", "ann")
    assert place is not None
    assert found.reason == "SPLIT"
    assert found.value == found.variant == ("control" if place < 0.5 else "treatment")
    assert found.metadata == {"experiment": "r7", "epoch": 2, "bucket": round(place * 10_000)}


@pytest.mark.parametrize(
    ("kind", "flag", "value"),
    [("boolean", "r7", True), ("object", "r7", {"mmr": 0.3}), ("float", "r7.mmr", 0.3), ("string", "r7", "treatment")],
)
def test_an_arm_is_asked_for_as_text_truth_object_or_setting(kind: Kind, flag: str, value: Any) -> None:  # noqa: ANN401
    assert answer(flag, kind, unit_in("treatment"), HERE, STATE).value == value


def test_a_setting_the_arm_does_not_have_leaves_the_callers_default() -> None:
    found = answer("r7.mmr", "float", unit_in("control"), HERE, STATE)
    assert (found.value, found.reason) == (None, "SPLIT")


def test_a_tester_is_matched_and_not_counted() -> None:
    found = answer("r7", "string", "tess", HERE, STATE)
    assert (found.value, found.reason) == ("treatment", "TARGETING_MATCH")
    assert "bucket" not in found.metadata


def test_a_unit_of_another_store_takes_no_part_and_gets_the_callers_default() -> None:
    found = answer("r7", "string", "ann", {"store": "de"}, STATE)
    assert (found.value, found.reason, found.variant) == (None, "DEFAULT", "champion")


def test_a_stopped_system_disables_its_tests() -> None:
    stop = StopOrder(system="recommendations", store="uk", person="p", reason="r", at="2026-01-01T00:00:00Z")
    state = FlagState(tests=(TEST,), stops=(stop,))
    assert answer("r7", "string", "ann", HERE, state).reason == "DISABLED"


def test_what_could_not_be_read_again_is_stale_with_the_value_known_last() -> None:
    fresh = answer("r7", "string", "ann", HERE, STATE)
    stale = answer("r7", "string", "ann", HERE, FlagState(tests=(TEST,), stale=True))
    assert (stale.value, stale.reason) == (fresh.value, "STALE")


def test_a_kept_first_arm_stays() -> None:
    unit = unit_in("control")
    assert answer("r7", "string", unit, HERE, STATE, {"r7__0": "treatment"}).value == "treatment"


def test_an_unknown_flag_names_those_that_run_and_a_missing_unit_is_said() -> None:
    unknown = answer("r8", "string", "ann", HERE, STATE)
    assert (unknown.reason, unknown.problem) == ("ERROR", "FLAG_NOT_FOUND")
    assert "r7, banner" in unknown.words
    assert answer("r7", "string", "", HERE, STATE).problem == "TARGETING_KEY_MISSING"


def test_a_value_of_another_kind_is_a_mismatch_and_never_converted() -> None:
    assert answer("r7.mmr", "string", unit_in("treatment"), HERE, STATE).problem == "TYPE_MISMATCH"
    assert answer("banner", "integer", "ann", {}, STATE).problem == "TYPE_MISMATCH"


def test_growthbook_flags_are_answered_beside_the_tests() -> None:
    features: dict[str, Any] = {
        "banner": {"defaultValue": False, "rules": [{"condition": {"country": "uk"}, "force": True}]},
        "colour": {"defaultValue": "red", "rules": [{"variations": ["red", "blue"], "hashVersion": 2, "key": "c1"}]},
        "child": {"defaultValue": 1, "rules": [{"parentConditions": [GATE], "force": 2}]},
        "loop": {"defaultValue": 1, "rules": [{"parentConditions": [{"id": "loop", "condition": {"value": 1}}]}]},
    }  # fmt: skip
    state = FlagState(features=features)
    assert answer("banner", "boolean", "ann", {}, state).reason == "DEFAULT"
    assert answer("banner", "boolean", "ann", {"country": "uk"}, state).reason == "TARGETING_MATCH"
    colour = answer("colour", "string", "ann", {}, state)
    place = hash_unit("c1", "ann")
    assert place is not None
    assert (colour.reason, colour.value) == ("SPLIT", "red" if place < 0.5 else "blue")
    assert colour.metadata == {"experiment": "c1", "bucket": round(place * 10_000)}
    assert answer("child", "integer", "ann", {}, state).reason == "DISABLED"
    assert answer("loop", "integer", "ann", {}, state).problem == "PARSE_ERROR"
