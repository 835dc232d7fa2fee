"""No more are let in than can be answered in time, as measured; on a clock that only the test moves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shopkeeper.serving.admission import MEMORY, Admission

WAIT = 0.1
EACH = 0.0011


class Loop:
    """A loop that does one thing after another."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._later: list[Callable[[], None]] = []
        self.admission = Admission(WAIT, lambda: self.seconds)

    def end_of_turn(self) -> None:
        later, self._later = self._later, []
        for call in later:
            call()

    def answers(self, number: int, seconds: float, *, in_one_go: bool = True) -> None:
        """Answer so many, each in so many seconds, at once or after a wait for something else."""
        for _ in range(number):
            assert self.admission.enter()
            begun = self.admission.begin(self._later.append)
            self.seconds += seconds
            if not in_one_go:
                self.end_of_turn()
            self.admission.leave(begun)
        self.end_of_turn()

    def let_in(self, asked: int) -> int:
        """Let so many ask at once; return how many are let in."""
        return sum(self.admission.enter() for _ in range(asked))


def test_before_enough_is_measured_everybody_is_let_in() -> None:
    loop = Loop()
    loop.answers(MEMORY - 1, 1.0)
    assert (loop.let_in(5_000), loop.admission.turned_away) == (5_000, 0)


def test_as_many_are_let_in_as_are_answered_in_time() -> None:
    loop = Loop()
    loop.answers(100, EACH)
    assert loop.let_in(5_000) == int(WAIT / EACH) + 1
    assert loop.admission.turned_away == 5_000 - 91
    assert loop.admission.answer_seconds == pytest.approx(EACH)


def test_answers_that_waited_for_a_model_say_nothing_of_what_one_costs_without() -> None:
    loop = Loop()
    loop.answers(100, EACH)
    loop.answers(1_000, 0.05, in_one_go=False)
    assert loop.admission.answer_seconds == pytest.approx(EACH)


def test_who_left_makes_room() -> None:
    loop = Loop()
    loop.answers(100, EACH)
    loop.let_in(5_000)
    assert loop.let_in(2) == 0
    begun = loop.admission.begin(lambda _: None)
    loop.seconds += EACH
    loop.admission.leave(begun)
    assert loop.let_in(2) == 1


def test_a_pause_of_the_machine_closes_no_door() -> None:
    loop = Loop()
    loop.answers(100, EACH)
    loop.answers(1, 0.5)
    assert loop.let_in(80) == 80


def test_what_answers_cost_of_late_is_what_counts() -> None:
    loop = Loop()
    loop.answers(1_000, 0.010)
    loop.answers(600, EACH)
    assert loop.admission.answer_seconds == pytest.approx(EACH, rel=0.05)
    loop.answers(1_000, 0.010)
    assert loop.admission.answer_seconds == pytest.approx(0.010, rel=0.05)
