"""A model runs on the event loop after it was quick in a thread for a while, until it is slow some times."""

from __future__ import annotations

from shopkeeper.serving.pace import PROVEN, QUICK_SECONDS, Pace


def proven() -> Pace:
    pace = Pace()
    for _ in range(PROVEN):
        pace.took(QUICK_SECONDS)
    return pace


def test_a_model_begins_in_threads_and_is_trusted_after_twenty_quick_calls() -> None:
    pace = Pace()
    for _ in range(PROVEN):
        assert not pace.quick
        pace.took(QUICK_SECONDS)
    assert pace.quick


def test_three_slow_calls_in_a_row_send_it_back_and_two_do_not() -> None:
    pace = proven()
    for still in (True, True, False):
        pace.took(2 * QUICK_SECONDS)
        assert pace.quick == still


def test_slow_calls_that_come_now_and_then_are_forgotten() -> None:
    pace = proven()
    for _ in range(100):
        pace.took(2 * QUICK_SECONDS)
        for _ in range(5):
            pace.took(0.0)
        assert pace.quick


def test_a_slow_call_in_a_thread_costs_five_quick_ones() -> None:
    pace = Pace()
    for _ in range(PROVEN - 1):
        pace.took(0.0)
    pace.took(1.0)
    for _ in range(5):
        pace.took(0.0)
        assert not pace.quick
    pace.took(0.0)
    assert pace.quick


def test_another_model_is_not_trusted_for_what_stood_there_before() -> None:
    pace = proven()
    pace.reset()
    assert not pace.quick
    pace.took(0.0)
    assert not pace.quick


def test_a_model_that_rehearsed_is_known_by_its_rehearsal() -> None:
    pace = Pace()
    pace.adopt(proven())
    assert pace.quick
    pace.adopt(Pace())
    assert not pace.quick
