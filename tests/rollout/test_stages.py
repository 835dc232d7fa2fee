"""A rollout goes up one step at a time, by the gate's word or a person's override, and comes back from anywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shopkeeper.errors import ContractNotMet, InputError
from shopkeeper.rollout.findings import Finding, Verdict, Word
from shopkeeper.rollout.ramp import DEFAULT_RAMP, RampStep, wrong_in
from shopkeeper.rollout.stages import after, give_up, hold, live_test, look_due, override, resume, roll_back
from shopkeeper.rollout.state import RolloutState
from shopkeeper.testing.rollouts_suite import OBJECTIVE, START, example_rollout

WORDS: tuple[Word, ...] = ("promote", "hold", "rollback", "invalid")


def verdict(word: Word, fraction: float = 0.0) -> Verdict:
    primary = Finding(check="primary: ctr", outcome="waits", words="so far", figures={"fraction": fraction})
    return Verdict(word=word, why=f"because {word}", findings=(primary,), objective=OBJECTIVE.digest)


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def climbed(step: int) -> RolloutState:
    state = example_rollout()
    for day in range(step):
        state = after(state, verdict("promote", 0.5), at(day))
    return state


moves = st.lists(
    st.tuples(
        st.sampled_from([*WORDS, "person holds", "person resumes", "person overrides", "person rolls back"]),
        st.floats(0.01, 2.0),
        st.floats(0.0, 1.0),
    ),
    max_size=25,
)


@given(moves)
def test_whatever_comes_a_step_is_left_upwards_only_by_a_promotion_or_an_override(
    steps: list[tuple[str, float, float]],
) -> None:
    state, now = example_rollout(), START
    for word, days, fraction in steps:
        now += timedelta(days=days)
        before = state
        try:
            state = _moved(state, word, fraction, now)
        except (ContractNotMet, InputError):
            continue
        assert state.step - before.step in (0, 1)
        if state.step > before.step:
            opened = [one for one in before.overrides if one.step == before.step and one.used is None]
            assert word == "promote" or (word == "hold" and any(now < one.expires for one in opened))
            assert before.status == "running"
        if not before.alive:
            assert state == before
        if before.alive and word in ("rollback", "person rolls back"):
            assert (state.status, state.champion) == ("rolled_back", "old")
        assert [one.number for one in state.epochs] == list(range(len(state.epochs)))
        assert list(state.looks) == sorted(set(state.looks))


def _moved(state: RolloutState, word: str, fraction: float, now: datetime) -> RolloutState:
    if word == "person holds":
        return hold(state, "anna", "sale", now)
    if word == "person resumes":
        return resume(state)
    if word == "person overrides":
        return override(state, "anna", "contract", now + timedelta(days=1), now)
    if word == "person rolls back":
        return roll_back(state, "anna", "complaints", now)
    return after(state, verdict(next(one for one in WORDS if one == word), fraction), now)


@given(st.integers(0, 3), st.booleans())
def test_harm_ends_it_from_every_step_held_or_not(step: int, held: bool) -> None:
    state = climbed(step)
    state = hold(state, "anna", "sale", at(9)) if held else state
    ended = after(state, verdict("rollback"), at(10))
    assert (ended.status, ended.champion, ended.held) == ("rolled_back", "old", None)
    assert ended.ending is not None
    assert (ended.ending.person, ended.ending.reason) == ("gate", "because rollback")


@pytest.mark.parametrize("step", range(4))
def test_invalid_moves_nothing_override_or_not(step: int) -> None:
    state = climbed(step)
    assert after(state, verdict("invalid", 0.9), at(10)) == state
    if step < 3:
        given_ = override(state, "anna", "contract", at(20), at(10))
        assert after(given_, verdict("invalid", 0.9), at(11)) == given_


def test_a_good_version_climbs_to_everybody() -> None:
    state = example_rollout()
    told = []
    for day in range(4):
        test = live_test(state)
        assert test is not None
        told.append((state.stage, test.epoch, test.shadow_share, [(arm.version, arm.share) for arm in test.arms]))
        state = after(state, verdict("promote", 0.5), at(day))
    assert told == [
        ("shadow", 0, 0.05, []),
        ("ab", 1, 0.0, [("old", 0.15), ("new", 0.15)]),
        ("ramp", 2, 0.0, [("old", 0.5), ("new", 0.5)]),
        ("full", 3, 0.0, [("new", 1.0)]),
    ]
    assert (state.stage, state.champion, state.holdout, state.alive) == ("full", "new", 0.01, True)


def test_watching_harm_by_the_minute_looks_at_the_kpi_once_a_day() -> None:
    state = climbed(2)
    midnight = datetime(2026, 11, 10, tzinfo=UTC)
    for minute in range(0, 3 * 24 * 60, 10):
        state = after(state, verdict("hold", 0.1 + minute / 10_000), midnight + timedelta(minutes=minute))
    assert state.looks == pytest.approx((0.1, 0.1 + 1_440 / 10_000, 0.1 + 2_880 / 10_000))


def test_a_promotion_between_two_looks_is_not_acted_on() -> None:
    state = after(climbed(2), verdict("hold", 0.4), at(10))
    between = after(state, verdict("promote", 0.41), at(10) + timedelta(minutes=1))
    assert between == state
    assert not look_due(state, at(10) + timedelta(minutes=1))
    assert after(state, verdict("promote", 0.5), at(11)).stage == "full"


def test_a_look_without_new_units_is_no_new_look() -> None:
    state = after(climbed(2), verdict("hold", 0.4), at(10))
    assert after(state, verdict("hold", 0.4), at(11)).looks == (0.4,)


def test_a_day_of_invalid_figures_spends_no_look() -> None:
    state = climbed(2)
    assert after(state, verdict("invalid", 0.4), at(10)) == state


def test_a_hold_stops_the_climb_until_somebody_resumes() -> None:
    state = hold(example_rollout(), "anna", "sale", at(1))
    assert after(state, verdict("promote"), at(2)).step == 0
    assert after(resume(state), verdict("promote"), at(2)).step == 1


def test_an_override_passes_one_gate_once_and_lapses() -> None:
    given_ = override(example_rollout(), "anna", "contract says so", at(5), at(1))
    up = after(given_, verdict("hold"), at(2))
    assert (up.step, up.overrides[0].used) == (1, at(2))
    assert after(up, verdict("hold"), at(3)).step == 1
    assert after(given_, verdict("hold"), at(6)).step == 0


def test_an_override_needs_a_reason_a_time_ahead_and_a_gate() -> None:
    state = example_rollout()
    with pytest.raises(InputError, match="reason is missing"):
        override(state, "anna", "  ", at(5), at(1))
    with pytest.raises(InputError, match="which is past"):
        override(state, "anna", "late", at(1), at(1))
    with pytest.raises(InputError, match="serves everybody already"):
        override(climbed(3), "anna", "more", at(9), at(8))


def test_what_is_over_stays_over() -> None:
    ended = roll_back(example_rollout(), "anna", "complaints", at(1))
    assert all(after(ended, verdict(word), at(2)) == ended for word in WORDS)
    with pytest.raises(ContractNotMet, match="complaints"):
        hold(ended, "anna", "again", at(2))
    with pytest.raises(ContractNotMet):
        roll_back(ended, "anna", "again", at(2))
    with pytest.raises(InputError, match="is not held"):
        resume(example_rollout())


def test_after_a_rollback_nobody_is_treated_and_the_holdout_stays_apart() -> None:
    ended = roll_back(climbed(2), "anna", "complaints", at(5))
    told = live_test(ended)
    assert told is not None
    assert (told.arms, told.shadow_version, told.holdout, told.epoch, told.forced) == ((), None, 0.01, 3, {})
    assert live_test(replace(ended, control_version="")) is None


def test_the_next_one_finishes_what_serves_everybody_and_stops_what_does_not() -> None:
    done = give_up(climbed(3), "anna", "a newer version", at(40))
    assert (done.status, done.champion, live_test(done)) == ("finished", "new", None)
    stopped = give_up(climbed(2), "anna", "the objective changed", at(40))
    assert (stopped.status, stopped.champion) == ("stopped", "old")


def test_the_default_ramp_is_in_order() -> None:
    assert list(wrong_in(DEFAULT_RAMP)) == []


@pytest.mark.parametrize(
    ("ramp", "said"),
    [
        (DEFAULT_RAMP[:2] + DEFAULT_RAMP[3:], "`ramp` is missing"),
        (DEFAULT_RAMP[:3], "last step is `full`"),
        (DEFAULT_RAMP[1::-1] + DEFAULT_RAMP[2:], "come in the order"),
        (tuple(replace(one, share=0.6) if one.stage == "ramp" else one for one in DEFAULT_RAMP), "share is 0.6"),
        (tuple(replace(one, share=0.15) if one.stage == "ramp" else one for one in DEFAULT_RAMP), "Shares rise"),
        ((RampStep(stage="shadow", share=0.1), *DEFAULT_RAMP), "one step shadow, not 2"),
        (tuple(replace(one, minimum_days=-1) for one in DEFAULT_RAMP), "minimum_days is -1"),
    ],
)
def test_a_ramp_that_cannot_be_climbed_is_refused(ramp: tuple[RampStep, ...], said: str) -> None:
    assert any(said in words for words in wrong_in(ramp))
