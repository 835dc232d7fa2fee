"""A model runs on the event loop after it was quick in a thread for a while, until it is slow some times."""

from __future__ import annotations

from shopkeeper.serving.pace import PROVEN, QUICK_SECONDS, TRIED_AFTER, TRIED_AT_MOST_AFTER, Pace


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def proven(clock: Clock | None = None) -> Pace:
    pace = Pace(clock or Clock())
    for _ in range(PROVEN):
        pace.took(QUICK_SECONDS, on_loop=False)
    return pace


def sent_back(clock: Clock) -> Pace:
    pace = proven(clock)
    for _ in range(32):  # of one batch
        pace.took(2 * QUICK_SECONDS, on_loop=True)
    assert not pace.quick
    return pace


def test_a_model_begins_in_threads_and_is_trusted_after_twenty_quick_calls() -> None:
    pace = Pace()
    for _ in range(PROVEN):
        assert not pace.on_loop()
        pace.took(QUICK_SECONDS, on_loop=False)
    assert pace.on_loop()


def test_three_slow_calls_in_a_row_send_it_back_and_two_do_not() -> None:
    pace = proven()
    for still in (True, True, False):
        pace.took(2 * QUICK_SECONDS, on_loop=True)
        assert pace.on_loop() == still


def test_slow_calls_that_come_now_and_then_are_forgotten() -> None:
    pace = proven()
    for _ in range(100):
        pace.took(2 * QUICK_SECONDS, on_loop=True)
        for _ in range(5):
            pace.took(0.0, on_loop=True)
        assert pace.quick


def test_a_slow_call_in_a_thread_costs_five_quick_ones() -> None:
    pace = Pace()
    for _ in range(PROVEN - 1):
        pace.took(0.0, on_loop=False)
    pace.took(1.0, on_loop=False)
    for _ in range(5):
        pace.took(0.0, on_loop=False)
        assert not pace.quick
    pace.took(0.0, on_loop=False)
    assert pace.quick


def test_another_model_is_not_trusted_for_what_stood_there_before() -> None:
    pace = proven()
    pace.reset()
    assert not pace.quick
    pace.took(0.0, on_loop=False)
    assert not pace.quick


def test_a_model_that_rehearsed_is_known_by_its_rehearsal() -> None:
    pace = Pace()
    pace.adopt(proven())
    assert pace.quick
    pace.adopt(Pace())
    assert not pace.quick


def test_a_model_that_was_sent_back_is_tried_on_the_loop_by_one_call_after_a_while() -> None:
    clock = Clock()
    pace = sent_back(clock)
    assert not pace.on_loop()
    clock.seconds += TRIED_AFTER
    assert [pace.on_loop() for _ in range(3)] == [True, False, False]
    pace.took(0.0, on_loop=False)  # of a thread: it says nothing of the trial
    assert not pace.on_loop()
    pace.took(QUICK_SECONDS, on_loop=True)
    assert pace.on_loop()


def test_each_trial_that_is_slow_doubles_the_time_to_the_next_up_to_a_bound() -> None:
    clock = Clock()
    pace, wait = sent_back(clock), TRIED_AFTER
    for _ in range(10):
        clock.seconds += wait / 2
        assert not pace.on_loop()
        clock.seconds += wait / 2
        assert pace.on_loop()
        pace.took(2 * QUICK_SECONDS, on_loop=True)
        wait = min(2 * wait, TRIED_AT_MOST_AFTER)


def test_after_a_trial_one_more_slow_call_sends_it_back() -> None:
    clock = Clock()
    pace = sent_back(clock)
    clock.seconds += TRIED_AFTER
    assert pace.on_loop()
    pace.took(0.0, on_loop=True)
    pace.took(2 * QUICK_SECONDS, on_loop=True)
    assert not pace.on_loop()


def test_a_model_that_never_was_quick_is_never_tried() -> None:
    clock = Clock()
    pace = Pace(clock)
    for _ in range(100):
        pace.took(2 * QUICK_SECONDS, on_loop=False)
        clock.seconds += TRIED_AT_MOST_AFTER
        assert not pace.on_loop()
