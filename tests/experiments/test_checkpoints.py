"""A test summed up day by day stops where its interval first leaves 0 out, and nowhere if it never does."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from shopkeeper.experiments.arms import Arm
from shopkeeper.experiments.checkpoints import Checkpoint, follow


def days(lift: float, count: int = 20, daily: int = 1_000) -> list[Checkpoint]:
    return [
        Checkpoint(float(day), Arm(day * daily, 10.0, 25.0), Arm(day * daily, 10.0 * (1 + lift), 25.0))
        for day in range(1, count + 1)
    ]


def test_an_interval_is_the_published_formula_tuned_at_the_end() -> None:
    look = follow(days(0.01)).looks[4]
    n, planned, alpha = 10_000.0, 40_000.0, 0.05
    rho2 = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / planned
    error = math.sqrt(25.0 / 5_000 / 10.0**2 + 25.0 / 5_000 * 10.1**2 / 10.0**4)
    width = (
        error * math.sqrt(n) * math.sqrt(2 * (n * rho2 + 1) / (n**2 * rho2) * math.log(math.sqrt(n * rho2 + 1) / alpha))
    )
    assert [look.low, look.high] == pytest.approx([0.01 - width, 0.01 + width])


def test_a_large_effect_stops_early_and_the_stop_says_when_and_at_how_much() -> None:
    found = follow(days(0.1))
    assert found.any_time is not None
    first = next(look for look in found.looks if look.low > 0)
    assert (found.any_time.time, found.any_time.n) == (first.time, first.n)
    assert found.any_time.share == pytest.approx(first.time / 20)
    assert found.any_time.effect == pytest.approx(0.1)


def test_planned_looks_stop_where_waiting_for_any_minute_does_not_yet() -> None:
    found = follow(days(0.013))
    assert found.any_time is None
    assert found.planned is not None
    z = 0.013 / math.sqrt(25.0 / 20_000 / 100 + 25.0 / 20_000 * 10.13**2 / 10**4)
    assert found.p_end == pytest.approx(2 * stats.norm.sf(z))


def test_no_effect_never_stops() -> None:
    found = follow(days(0.0))
    assert found.any_time is None
    assert found.planned is None
    assert found.p_end == 1.0


def test_a_checkpoint_that_says_nothing_is_skipped_and_counted() -> None:
    nobody = Checkpoint(0.5, Arm(0, 0.0, 0.0), Arm(0, 0.0, 0.0))
    unsold = Checkpoint(0.7, Arm(175, 0.07, 0.07), Arm(203, 0.0, 0.0))
    found = follow([nobody, unsold, *days(0.1)])
    assert found.skipped == 2
    assert len(found.looks) == 20
    assert follow([nobody]).p_end == 1.0
