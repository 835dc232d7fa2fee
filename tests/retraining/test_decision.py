"""A reason to train again is weighed against the state of the data, other runs, the budget and the hour."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopkeeper.objectives.contract import QuietHours, Retraining, RetrainingBudget
from shopkeeper.retraining.decision import Block, PastRun, decide, quiet_until
from shopkeeper.retraining.triggers import Trigger

NOW = datetime(2026, 5, 14, 9, 30, tzinfo=UTC)
FIRED = Trigger("drift", "fired", "Taste moved.")
QUIET = Trigger("schedule", "quiet", "Not due.")
RULES = Retraining(debounce_days=7, budget=RetrainingBudget(runs_per_month=2))


def ago(days: float) -> PastRun:
    return PastRun(f"run-{days}", NOW - timedelta(days=days))


def test_without_a_reason_nothing_happens() -> None:
    assert decide("recommendations", RULES, [QUIET], [], [], None, NOW).action == "nothing"


def test_a_reason_with_room_starts_and_is_recorded() -> None:
    found = decide("recommendations", RULES, [QUIET, FIRED], [], [], None, NOW)
    assert (found.action, found.fired, found.reason) == ("start", ("drift",), "drift: Taste moved.")
    assert found.document()["triggers"][1] == {
        "kind": "drift", "state": "fired", "reason": "Taste moved.", "figures": {},
    }  # fmt: skip


def test_broken_data_block_whatever_the_reason() -> None:
    found = decide("recommendations", RULES, [FIRED], [Block("broken feed", "price is empty.")], [], None, NOW)
    assert found.action == "blocked"
    assert "price is empty" in found.reason


def test_broken_data_without_a_reason_are_no_decision_about_training() -> None:
    assert decide("recommendations", RULES, [QUIET], [Block("broken feed", "x")], [], None, NOW).action == "nothing"


def test_one_run_at_a_time() -> None:
    assert decide("recommendations", RULES, [FIRED], [], [], "run-9", NOW).action == "wait"


def test_runs_keep_their_distance() -> None:
    found = decide("recommendations", RULES, [FIRED], [], [ago(6.9)], None, NOW)
    assert (found.action, found.until) == ("wait", NOW + timedelta(days=7 - 6.9))
    assert decide("recommendations", RULES, [FIRED], [], [ago(7)], None, NOW).action == "start"


def test_the_months_budget_of_runs_holds_and_ends_with_the_month() -> None:
    past = [ago(8), ago(12)]  # 6 and 2 May
    found = decide("recommendations", RULES, [FIRED], [], past, None, NOW)
    assert (found.action, found.until) == ("wait", datetime(2026, 6, 1, tzinfo=UTC))
    assert decide("recommendations", RULES, [FIRED], [], past, None, datetime(2026, 6, 1, tzinfo=UTC)).action == "start"


def test_the_months_budget_of_money_counts_the_run_to_come() -> None:
    rules = Retraining(debounce_days=0, budget=RetrainingBudget(amount_per_month=10))
    past = [PastRun("a", NOW - timedelta(days=2), cost=6.0)]
    assert decide("recommendations", rules, [FIRED], [], past, None, NOW, cost_of_run=4.0).action == "start"
    assert decide("recommendations", rules, [FIRED], [], past, None, NOW, cost_of_run=4.01).action == "wait"


@pytest.mark.parametrize(("hour", "minute", "quiet"), [(8, 0, True), (21, 59, True), (22, 0, False), (7, 59, False)])
def test_quiet_hours_hold_from_their_start_to_their_end(hour: int, minute: int, quiet: bool) -> None:
    hours = [QuietHours(start="08:00", end="22:00")]
    assert (quiet_until(hours, NOW.replace(hour=hour, minute=minute)) is not None) == quiet


def test_quiet_hours_over_midnight_end_on_the_next_day() -> None:
    hours = [QuietHours(start="22:00", end="06:00")]
    assert quiet_until(hours, NOW.replace(hour=23)) == datetime(2026, 5, 15, 6, tzinfo=UTC)
    assert quiet_until(hours, NOW.replace(hour=5)) == datetime(2026, 5, 14, 6, tzinfo=UTC)
    assert quiet_until(hours, NOW.replace(hour=6)) is None


def test_quiet_hours_are_those_of_their_time_zone() -> None:
    hours = [QuietHours(start="08:00", end="22:00", time_zone="Asia/Tokyo")]
    assert quiet_until(hours, datetime(2026, 5, 14, 12, 59, tzinfo=UTC)) is not None  # 21:59 in Tokyo
    assert quiet_until(hours, datetime(2026, 5, 14, 13, 0, tzinfo=UTC)) is None


@given(st.lists(st.integers(0, 400), max_size=60), st.integers(0, 10))
def test_no_history_of_checks_breaks_distance_or_budget(gaps: list[int], debounce: int) -> None:
    """Whatever the hours at which somebody looks, started runs keep the objective's distance and monthly number."""
    rules = Retraining(debounce_days=debounce, budget=RetrainingBudget(runs_per_month=2))
    now, past = datetime(2026, 1, 1, tzinfo=UTC), list[PastRun]()
    for gap in gaps:
        now += timedelta(hours=gap)
        if decide("recommendations", rules, [FIRED], [], past, None, now).action == "start":
            past.append(PastRun(str(len(past)), now))
    starts = [run.started_at for run in past]
    assert all(later - earlier >= timedelta(days=debounce) for earlier, later in itertools.pairwise(starts))
    months = [(start.year, start.month) for start in starts]
    assert all(months.count(month) <= 2 for month in months)
