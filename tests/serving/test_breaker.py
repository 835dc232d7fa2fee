"""A breaker opens after enough failures, waits, and lets one call at a time find out whether all is well."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from shopkeeper.serving.breaker import Breaker


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
    return Breaker(failures=3, window_seconds=10, open_seconds=5, clock=clock)


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.failed()


def test_it_opens_at_the_third_failure_within_the_window(breaker: Breaker) -> None:
    fail(breaker, 2)
    assert breaker.allow()
    fail(breaker, 1)
    assert not breaker.allow()
    assert breaker.state == "open"


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
