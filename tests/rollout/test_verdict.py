"""The gate: invalid beats rollback beats hold beats promote, and nothing is shipped because nothing was found."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rollout.cases import NOW, evidence, lifted

from shopkeeper.objectives.contract import Objective
from shopkeeper.objectives.contract_file import read_objective
from shopkeeper.rollout.evidence import DataState, Epoch, Evidence, Service, Shadow
from shopkeeper.rollout.findings import Verdict
from shopkeeper.rollout.verdict import decide
from shopkeeper.wiring.objectives import example_objective

OBJECTIVE: Objective = read_objective(example_objective("recommendations"), "recommendations.yaml")
GOOD = {OBJECTIVE.primary.metric: 0.2}


def outcome(verdict: Verdict, check: str) -> str:
    return next(finding.outcome for finding in verdict.findings if finding.check == check)


def test_a_win_with_every_guardrail_held_goes_on() -> None:
    verdict = decide(OBJECTIVE, evidence(OBJECTIVE, lifts=GOOD))
    assert verdict.word == "promote"
    assert f"{OBJECTIVE.primary.metric} +20.00% against the control" in verdict.why


def test_nothing_found_is_held_and_never_shipped() -> None:
    verdict = decide(OBJECTIVE, evidence(OBJECTIVE))
    assert verdict.word == "hold"
    assert outcome(verdict, f"primary: {OBJECTIVE.primary.metric}") == "waits"


def test_a_win_with_an_unproven_guardrail_is_held() -> None:
    guard = next(one.metric for one in OBJECTIVE.guardrails if one.margin is not None)
    few = lifted(OBJECTIVE, 300, {})
    mixed = tuple(
        next(part for part in few if part.metric == one.metric) if one.metric == guard else one
        for one in lifted(OBJECTIVE, 50_000, GOOD)
    )
    epoch = Epoch(
        stage="ramp", share=0.5, exposed=(50_000, 50_000), matured=mixed, so_far=lifted(OBJECTIVE, 50_000, GOOD)
    )
    verdict = decide(OBJECTIVE, evidence(OBJECTIVE, epochs=(epoch,)))
    assert (verdict.word, outcome(verdict, f"guardrail: {guard}")) == ("hold", "waits")


def test_proven_harm_is_taken_back_whatever_the_kpi_says() -> None:
    harmed = next(one.metric for one in OBJECTIVE.rollback if one.against == "control")
    verdict = decide(OBJECTIVE, evidence(OBJECTIVE, lifts=GOOD | {harmed: -0.3}))
    assert verdict.word == "rollback"
    assert harmed in verdict.why


@pytest.mark.parametrize("stage", ["ab", "ramp", "full"])
def test_harm_is_watched_in_every_stage_that_shoppers_see(stage: str) -> None:
    harmed = next(one.metric for one in OBJECTIVE.rollback if one.against == "control")
    assert decide(OBJECTIVE, evidence(OBJECTIVE, lifts={harmed: -0.3}, stage=stage)).word == "rollback"


def test_lost_units_make_the_best_figures_worthless() -> None:
    good = lifted(OBJECTIVE, 495_000, GOOD)
    lost = Epoch(stage="ramp", share=0.5, exposed=(505_000, 495_000), matured=good, so_far=good)
    verdict = decide(OBJECTIVE, evidence(OBJECTIVE, epochs=(lost,)))
    assert (verdict.word, outcome(verdict, "sample ratio")) == ("invalid", "invalid")


def test_invalid_beats_rollback() -> None:
    harmed = next(one.metric for one in OBJECTIVE.rollback if one.against == "control")
    failing = DataState(quality="fail", newest=NOW, failing=("completeness",))
    assert decide(OBJECTIVE, evidence(OBJECTIVE, lifts={harmed: -0.3}, data=failing)).word == "invalid"


def test_old_figures_decide_nothing() -> None:
    old = DataState(quality="pass", newest=NOW - timedelta(seconds=OBJECTIVE.technical.freshness_seconds + 1))
    assert decide(OBJECTIVE, evidence(OBJECTIVE, lifts=GOOD, data=old)).word == "invalid"


def test_a_changed_objective_starts_a_new_test() -> None:
    other = msgspec.structs.replace(OBJECTIVE, name="Another name")
    assert decide(other, evidence(OBJECTIVE, lifts=GOOD)).word == "invalid"


def test_a_unit_in_both_arms_is_no_unit() -> None:
    good = lifted(OBJECTIVE, 50_000, GOOD)
    mixed = Epoch(stage="ramp", share=0.5, exposed=(50_000, 50_000), crossers=1_001, matured=good, so_far=good)
    assert decide(OBJECTIVE, evidence(OBJECTIVE, epochs=(mixed,))).word == "invalid"


def test_a_stage_has_its_least_time_and_says_how_long_it_still_takes() -> None:
    verdict = decide(OBJECTIVE, evidence(OBJECTIVE, lifts=GOOD, stage_since=NOW - timedelta(days=5)))
    assert verdict.word == "hold"
    assert verdict.days_needed == pytest.approx(7 - 5)


def test_the_first_step_needs_time_and_no_harm_but_no_win() -> None:
    assert decide(OBJECTIVE, evidence(OBJECTIVE, stage="ab")).word == "promote"


def test_a_frozen_calendar_holds_and_does_not_stop_a_rollback() -> None:
    frozen = "the store's calendar has a freeze until Monday"
    assert decide(OBJECTIVE, evidence(OBJECTIVE, lifts=GOOD, freeze=frozen)).word == "hold"
    harmed = next(one.metric for one in OBJECTIVE.rollback if one.against == "control")
    assert decide(OBJECTIVE, evidence(OBJECTIVE, lifts={harmed: -0.3}, freeze=frozen)).word == "rollback"


def test_a_challenger_in_shadow_needs_answers_without_errors() -> None:
    def word(answered: Service) -> str:
        shadow = Shadow(answered=answered)
        return decide(OBJECTIVE, evidence(OBJECTIVE, stage="shadow", epochs=(), shadow=shadow)).word

    assert word(Service(requests=999)) == "hold"
    assert word(Service(requests=5_000)) == "promote"
    assert word(Service(requests=5_000, errors=100)) == "rollback"


def test_a_full_rollout_is_watched_and_never_promoted_further() -> None:
    assert decide(OBJECTIVE, evidence(OBJECTIVE, lifts=GOOD, stage="full")).word == "hold"


@settings(max_examples=40, deadline=None)
@given(st.integers(100, 60_000), st.floats(-0.3, 0.3), st.sampled_from(["shadow", "ab", "ramp", "full"]))
def test_a_stored_verdict_is_made_again_bit_for_bit(n: int, lift: float, stage: str) -> None:
    first = evidence(OBJECTIVE, n=n, lifts={OBJECTIVE.primary.metric: lift}, stage=stage)
    stored = msgspec.json.encode(first)
    again = msgspec.json.decode(stored, type=Evidence)
    assert msgspec.json.encode(decide(OBJECTIVE, again)) == msgspec.json.encode(decide(OBJECTIVE, first))


@settings(max_examples=40, deadline=None)
@given(st.integers(1_000, 60_000), st.floats(-0.5, -0.001))
def test_a_worse_kpi_is_never_promoted_from_the_ramp(n: int, lift: float) -> None:
    assert decide(OBJECTIVE, evidence(OBJECTIVE, n=n, lifts={OBJECTIVE.primary.metric: lift})).word != "promote"
