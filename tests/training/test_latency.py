"""Answers are timed one at a time, after some that only warm up."""

from __future__ import annotations

import pytest

from shopkeeper.training.latency import measure_latency


def test_quantiles_are_of_the_shorter_of_two_tries_in_milliseconds() -> None:
    now = [0.0]
    asked: list[int] = []

    def answer(number: int) -> None:
        asked.append(number)
        now[0] += (number + 1) / 1_000.0 + (5.0 if len(asked) % 2 else 0.0)

    found = measure_latency(answer, 101, lambda: now[0])
    assert asked == [*range(50), *sorted([*range(101)] * 2)]
    assert (found.answers, found.p50_ms, found.p95_ms, found.p99_ms) == pytest.approx((101, 51.0, 96.0, 100.0))
    assert found.cores >= 1
