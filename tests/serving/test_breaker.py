"""A breaker opens when too large a share of calls fails, waits, and lets one at a time find out whether all is well."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from shopkeeper.serving.breaker import Breaker, BreakerLimits


@dataclass
class Clock:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(BreakerLimits(failures=3, share=0.5, window_seconds=10, open_seconds=5), clock)


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.failed()


def test_it_opens_at_the_third_failure_within_the_window(breaker: Breaker) -> None:
    fail(breaker, 2)
    assert breaker.allow()
    fail(breaker, 1)
    assert not breaker.allow()
    assert breaker.state == "open"


def test_at_high_traffic_a_few_failures_do_not_open_it(breaker: Breaker, clock: Clock) -> None:
    """100 calls a second of which 1% fail: 10 failures in the window of 10 s, and 1,000 calls."""
    for call in range(3_000):
        clock.seconds = call / 100
        if call % 100 == 0:
            breaker.failed()
        else:
            breaker.succeeded()
        assert breaker.state == "closed"


def test_it_opens_when_half_of_the_calls_in_the_window_failed(breaker: Breaker) -> None:
    for _ in range(20):
        breaker.succeeded()
    fail(breaker, 19)
    assert breaker.allow(), "19 of 39 is less than half"
    fail(breaker, 1)
    assert not breaker.allow(), "20 of 40 is half"


def test_successes_that_slid_out_of_the_window_count_no_more(breaker: Breaker, clock: Clock) -> None:
    for _ in range(1_000):
        breaker.succeeded()
    clock.seconds = 11
    fail(breaker, 3)
    assert breaker.state == "open"


def test_its_memory_does_not_grow_with_the_traffic(breaker: Breaker, clock: Clock) -> None:
    for call in range(20_000):
        clock.seconds = call / 1_000
        breaker.succeeded()
    assert len(breaker._slices) <= 20


def test_calls_under_way_when_it_opened_neither_close_it_nor_hold_it_open(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.seconds = 4
    breaker.succeeded()
    breaker.failed()
    assert breaker.state == "open"
    clock.seconds = 5
    assert breaker.allow()


def test_failures_further_apart_than_the_window_do_not_open_it(breaker: Breaker, clock: Clock) -> None:
    for seconds in (0, 6, 12, 18):
        clock.seconds = seconds
        breaker.failed()
    assert breaker.state == "closed"


def test_after_its_wait_one_call_at_a_time_may_try(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.seconds = 5
    assert breaker.state == "half_open"
    assert [breaker.allow(), breaker.allow()] == [True, False]


def test_a_trial_that_succeeds_closes_it(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.seconds = 5
    assert breaker.allow()
    breaker.succeeded()
    assert breaker.state == "closed"
    fail(breaker, 2)
    assert breaker.state == "closed", "failures from before count no more"


def test_a_trial_that_fails_opens_it_for_another_wait(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.seconds = 5
    assert breaker.allow()
    breaker.failed()
    clock.seconds = 9.9
    assert not breaker.allow()
    clock.seconds = 10
    assert breaker.allow()


def test_a_trial_nobody_reports_on_does_not_keep_it_open_for_ever(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.seconds = 5
    assert breaker.allow()
    clock.seconds = 10
    assert breaker.allow()


def test_another_model_version_starts_with_a_closed_breaker(breaker: Breaker) -> None:
    fail(breaker, 3)
    breaker.reset()
    assert breaker.allow()
