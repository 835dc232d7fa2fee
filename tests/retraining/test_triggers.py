"""Each reason to train again fires when it should and says why when it does not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shopkeeper.objectives.contract import Performance
from shopkeeper.retraining.triggers import MeasuredPerformance, new_features, performance, period_start, schedule

NOW = datetime(2026, 5, 14, 9, 30, tzinfo=UTC)


def measured(low: float, high: float, blessed: float | None = 0.10) -> dict[str, MeasuredPerformance]:
    found = MeasuredPerformance("ndcg@10", NOW, NOW, 400, (low + high) / 2, low, high, blessed)
    return {"ndcg@10": found}


def bound(against: str = "blessing", by: float = 0.2) -> Performance:
    return Performance(metric="ndcg@10", against=against, bound=by)  # type: ignore[arg-type]


def test_performance_fires_only_when_the_whole_interval_is_below_the_bound() -> None:
    line = 0.10 * (1 - 0.2)
    assert performance([bound()], measured(line - 0.02, line - 0.001), {"ndcg@10": True}).fired
    assert not performance([bound()], measured(line - 0.02, line + 0.001), {"ndcg@10": True}).fired


def test_a_metric_that_should_be_small_fires_above_its_bound() -> None:
    line = 0.10 * (1 + 0.2)
    assert performance([bound()], measured(line + 0.001, line + 0.02), {"ndcg@10": False}).fired
    assert not performance([bound()], measured(line - 0.02, line - 0.001), {"ndcg@10": False}).fired


def test_an_absolute_limit_needs_no_earlier_value() -> None:
    assert performance([bound("limit", 0.05)], measured(0.03, 0.04, None), {"ndcg@10": True}).fired


@pytest.mark.parametrize("found", [{}, measured(0.01, 0.02, None)], ids=["nothing matured", "nothing to compare with"])
def test_performance_that_cannot_be_judged_is_no_evidence(found: dict[str, MeasuredPerformance]) -> None:
    assert performance([bound()], found, {"ndcg@10": True}).state == "no evidence"


def test_the_schedule_fires_once_a_calendar_month() -> None:
    assert schedule("monthly", datetime(2026, 4, 30, 23, 59, tzinfo=UTC), NOW).fired
    assert not schedule("monthly", datetime(2026, 5, 1, 0, 0, tzinfo=UTC), NOW).fired


def test_a_system_without_a_version_waits_for_its_first_training() -> None:
    assert schedule("monthly", None, NOW).state == "no evidence"


def test_never_means_never() -> None:
    assert not schedule("never", datetime(2020, 1, 1, tzinfo=UTC), NOW).fired


@pytest.mark.parametrize(
    ("every", "begins"),
    [
        ("weekly", datetime(2026, 5, 11, tzinfo=UTC)),
        ("monthly", datetime(2026, 5, 1, tzinfo=UTC)),
        ("quarterly", datetime(2026, 4, 1, tzinfo=UTC)),
    ],
)
def test_periods_begin_on_mondays_and_on_firsts(every: str, begins: datetime) -> None:
    assert period_start(every, NOW) == begins  # type: ignore[arg-type]


def test_a_feature_that_came_after_training_and_is_filled_well_fires() -> None:
    found = new_features(True, {"user.segment": 0.01, "user.region": 0.9}, {"user.segment": 0.8, "user.region": 0.9})
    assert found.fired
    assert "user.segment (80% of rows, 1% at training)" in found.reason


def test_a_feature_nobody_had_defined_at_training_fires_when_it_is_filled() -> None:
    assert new_features(True, {}, {"product.margin": 0.5}).fired
    assert not new_features(True, {}, {"product.margin": 0.49}).fired


def test_a_feature_that_only_grew_is_not_new() -> None:
    assert not new_features(True, {"user.region": 0.2}, {"user.region": 0.95}).fired


def test_a_version_that_does_not_say_what_it_knew_is_no_evidence() -> None:
    assert new_features(True, None, {"user.region": 0.95}).state == "no evidence"
