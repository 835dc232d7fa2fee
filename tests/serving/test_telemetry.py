"""The server's own counts: one row a second, percentiles of bounded samples, totals since start."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest

from shopkeeper.serving.telemetry import SAMPLES_A_SECOND, Histogram, Second, Telemetry, percentile


@dataclass
class Clock:
    seconds: float = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_second_is_shown_when_it_is_over_and_silent_ones_are_zero() -> None:
    clock = Clock()
    telemetry = Telemetry(clock)
    telemetry.observe(2.0, None, cached=False)
    telemetry.observe(4.0, "deadline", cached=False)
    telemetry.observe(1.0, None, cached=True)
    telemetry.took_events(Counter(view=2))
    telemetry.error()
    clock.seconds = 1_002.5
    first, second = telemetry.seconds(2)
    assert first == Second(1_000, decisions=3, fallbacks=1, cached=1, errors=1, events=2, p50_ms=2.0, p99_ms=4.0)
    assert second == Second(1_001)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50.0), (0.99, 99.0), (0.01, 1.0)])
def test_a_percentile_is_the_smallest_time_that_many_do_not_exceed(share: float, expected: float) -> None:
    assert percentile([float(n) for n in range(1, 101)], share) == expected


def test_there_is_no_percentile_of_nothing() -> None:
    assert percentile([], 0.5) is None


def test_a_busy_second_keeps_a_bounded_and_fair_sample() -> None:
    clock = Clock()
    telemetry = Telemetry(clock)
    n = 20 * SAMPLES_A_SECOND
    for place in range(n):
        telemetry.observe(float(place), None, cached=False)
    clock.seconds += 1
    (second,) = telemetry.seconds(1)
    assert second.decisions == n
    # The median of a sample of s from uniform 0..n has a standard error of n / (2 sqrt(s)); five of them are allowed.
    assert second.p50_ms == pytest.approx(n / 2, abs=5 * n / (2 * SAMPLES_A_SECOND**0.5))


def test_totals_count_by_reason_and_type() -> None:
    telemetry = Telemetry(Clock())
    telemetry.observe(1.0, "no_model", cached=False)
    telemetry.observe(1.0, None, cached=True)
    telemetry.took_events(Counter(view=3, cart=1), duplicates=2)
    telemetry.rejected_rows("events", "ts", 4)
    totals = telemetry.totals()
    assert (totals.decisions, totals.cached, totals.fallbacks) == (2, 1, {"no_model": 1})
    assert (totals.events, totals.duplicates, totals.rejected) == ({"view": 3, "cart": 1}, 2, 4)


def test_a_histogram_counts_a_value_under_every_bound_it_does_not_exceed() -> None:
    histogram = Histogram((1.0, 5.0))
    for value in (0.5, 1.0, 3.0, 9.0):
        histogram.observe(value)
    assert histogram.buckets() == [("1.0", 2.0), ("5.0", 3.0), ("+Inf", 4.0)]
    assert histogram.sum == 0.5 + 1.0 + 3.0 + 9.0
