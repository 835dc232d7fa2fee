"""No more are let in than can be answered in time, by what answers took."""

from __future__ import annotations

import pytest

from shopkeeper.serving.admission import MEMORY, Admission

WAIT = 0.1
EACH = 0.0011


def after(answers: int, seconds: float, admission: Admission | None = None) -> Admission:
    """Return the door after so many answers that took so many seconds each."""
    found = admission or Admission(WAIT)
    for _ in range(answers):
        assert found.enter()
        found.leave(seconds)
    return found


def let_in(admission: Admission, asked: int) -> int:
    """Let so many ask at once; return how many are let in."""
    return sum(admission.enter() for _ in range(asked))


def test_before_enough_is_measured_everybody_is_let_in() -> None:
    admission = after(MEMORY - 1, 1.0)
    assert (let_in(admission, 5_000), admission.turned_away) == (5_000, 0)


def test_as_many_are_let_in_as_are_answered_in_time() -> None:
    admission = after(100, EACH)
    assert let_in(admission, 5_000) == int(WAIT / EACH) + 1
    assert admission.turned_away == 5_000 - 91
    assert admission.answer_seconds == pytest.approx(EACH)


def test_requests_that_fail_say_nothing_of_what_an_answer_costs() -> None:
    admission = after(100, EACH)
    assert admission.enter()
    admission.leave(None)
    assert admission.inside == 0
    assert admission.answer_seconds == pytest.approx(EACH)


def test_who_left_makes_room() -> None:
    admission = after(100, EACH)
    let_in(admission, 5_000)
    assert let_in(admission, 2) == 0
    admission.leave(EACH)
    assert let_in(admission, 2) == 1


def test_a_pause_of_the_machine_closes_no_door() -> None:
    admission = after(1, 0.5, after(100, EACH))
    assert let_in(admission, 80) == 80


def test_what_answers_cost_of_late_is_what_counts() -> None:
    admission = after(600, EACH, after(1_000, 0.010))
    assert admission.answer_seconds == pytest.approx(EACH, rel=0.05)
    assert after(1_000, 0.010, admission).answer_seconds == pytest.approx(0.010, rel=0.05)
