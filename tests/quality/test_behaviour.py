"""Machines are known by what no person does; what people do, however hurried or patient, is never held against them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopkeeper.commerce.event import Event, EventType
from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.quality.behaviour import (
    BLIND,
    DEPTH,
    RATE,
    REGULAR,
    WALK,
    BehaviourLimits,
    SessionFigures,
    figures_of,
    find_machines,
    suspicion,
)
from shopkeeper.quality.ports import NamedQuery

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMITS = BehaviourLimits()


def visit(
    gaps: Sequence[float], products: Sequence[int] | None = None, kind: EventType = "view", **more: str
) -> list[Event]:
    """One event, then another after each gap (seconds)."""
    seconds = np.concatenate([[0.0], np.cumsum(gaps)])
    rng = np.random.default_rng(len(gaps))
    numbers = rng.integers(1_000, size=len(seconds)).tolist() if products is None else products
    return [
        Event(
            event_id=f"{more.get('session', 's')}-{kind}-{n}", ts=NOON + timedelta(seconds=float(after)), store="uk",
            type=kind, product=f"p{number}", **{"session": "s", **more},  # type: ignore[arg-type]
        )
        for n, (after, number) in enumerate(zip(seconds, numbers, strict=True))
    ]  # fmt: skip


def human_gaps(n: int, median: float = 12.0, seed: int = 1) -> list[float]:
    return [float(gap) for gap in np.random.default_rng(seed).lognormal(np.log(median), 0.9, size=n)]


def rule(events: Sequence[Event]) -> str | None:
    return suspicion(figures_of(events, LIMITS), LIMITS)


def test_a_page_every_two_seconds_for_a_minute_is_a_machine() -> None:
    assert rule(visit([1.9] * 31)) == RATE


def test_a_person_who_opens_ten_tabs_at_once_is_none() -> None:
    assert rule(visit([0.4] * 10 + human_gaps(20))) is None


def test_pages_reported_twice_look_no_faster_than_a_person() -> None:
    gaps = human_gaps(25, median=8)
    assert rule(visit([gap for each in gaps for gap in (0.0, each)])) is None


def test_the_same_pause_after_every_page_is_a_machine_even_with_a_jitter_and_a_break() -> None:
    jitter = np.random.default_rng(2).uniform(8, 12, size=30).tolist()
    assert rule(visit(jitter)) == REGULAR
    assert rule(visit([*jitter[:15], 3_000.0, *jitter[15:]])) == REGULAR


def test_times_without_seconds_are_no_sign_of_regularity() -> None:
    assert rule(visit([60.0] * 30)) is None


def test_a_walk_through_the_catalogue_in_order_is_a_machine_either_way() -> None:
    assert rule(visit(human_gaps(24), list(range(90, 115)))) == WALK  # p99 comes before p100
    assert rule(visit(human_gaps(24), list(range(115, 90, -1)))) == WALK


def test_a_person_who_signed_in_or_put_something_into_a_cart_may_walk_and_dive() -> None:
    assert rule(visit(human_gaps(24), list(range(25)), user="u")) is None
    assert rule([*visit(human_gaps(99)), *visit([], [5], "cart")]) is None


def test_eighty_pages_and_no_wish_is_a_machine() -> None:
    assert rule(visit(human_gaps(79))) == DEPTH
    assert rule(visit(human_gaps(78))) is None


def test_who_is_shown_nothing_where_everybody_is_shown_lists_is_a_machine() -> None:
    did = figures_of(visit(human_gaps(24)), LIMITS)
    assert suspicion(_on(did, 20, 19), LIMITS) == BLIND
    assert suspicion(_on(did, 20, 18), LIMITS) is None
    assert suspicion(_on(did, 19, 19), LIMITS) is None


def _on(did: SessionFigures, shoppers: int, shown: int) -> SessionFigures:
    values = {name: getattr(did, name) for name in SessionFigures.__dataclass_fields__}
    return SessionFigures(**{**values, "shoppers": shoppers, "shown_shoppers": shown})


@pytest.mark.parametrize("median", [3.0, 6.0, 15.0, 40.0])
def test_people_of_any_pace_are_left_alone(median: float) -> None:
    flagged = [seed for seed in range(400) if rule(visit(human_gaps(10 + seed % 60, median, seed))) is not None]
    assert len(flagged) <= (8 if median == 3.0 else 0)  # a page every three seconds for minutes is at the edge


PACE = st.sampled_from([0.2, 0.6, 1.0, 1.1, 4.0, 20.0, 59.0, 60.0, 299.0, 300.0, 301.0, 4_000.0])


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.lists(PACE, min_size=1, max_size=40), st.integers(1, 12), st.booleans()), min_size=1,
                max_size=8))  # fmt: skip
def test_the_lake_gives_the_same_figures_as_the_events(sessions: list[tuple[list[float], int, bool]]) -> None:
    limits = BehaviourLimits(pages=2)
    events = [
        event
        for number, (gaps, products, wish) in enumerate(sessions)
        for event in [
            *visit(gaps, [place * 7 % products for place in range(len(gaps) + 1)], session=f"s{number}"),
            *(visit([1.0], [1, 2], "cart", session=f"s{number}") if wish else []),
            *visit([2.0], [1, 2], "impression", session=f"s{number}"),
        ]
    ]
    by_day: dict[tuple[str, str], list[Event]] = {}
    for event in events:
        by_day.setdefault((str(event.session), f"{event.ts:%Y-%m-%d}"), []).append(event)
    found = _lake_figures(events, limits)
    for key, own in by_day.items():
        expected = figures_of(own, limits)
        if expected.pages < limits.pages:
            assert key not in found
            continue
        for name in SessionFigures.__dataclass_fields__:
            if name not in ("shoppers", "shown_shoppers"):
                assert found[key][name] == pytest.approx(getattr(expected, name)), (key, name)


def _lake_figures(events: list[Event], limits: BehaviourLimits) -> dict[tuple[str, str], dict[str, float]]:
    with tempfile.TemporaryDirectory() as name:
        lake = _lake(Path(name), events)
        warehouse = lake.warehouse()
        query = NamedQuery.load("shopkeeper.quality", "behaviour_figures")
        found = warehouse.fetch(
            query, since=NOON - timedelta(days=1), until=NOON + timedelta(days=9), pages=limits.pages,
            break_ms=limits.break_seconds * 1000,
        )  # fmt: skip
        warehouse.close()
    names = [name for name in SessionFigures.__dataclass_fields__ if name in found]
    return {
        (str(found["subject"][row]), str(found["day"][row])[:10]): {name: float(found[name][row]) for name in names}
        for row in range(len(found["subject"]))
    }


def _lake(folder: Path, events: list[Event]) -> Lake:
    writer = SegmentLog(folder / "log", "test")
    writer.append(EVENTS, [msgspec.json.encode(event) for event in events])
    writer.close()
    lake = Lake(folder / "log", folder / "lake", threads=1)
    lake.compact()
    return lake


def test_verdicts_name_session_or_device_day_and_rule_and_leave_out_what_goes_on(tmp_path: Path) -> None:
    events = [
        *visit([1.0] * 40, session="fast"),
        *visit(human_gaps(20), session="person"),
        *[msgspec.structs.replace(e, session=None, visitor="v", event_id=f"v{n}") for n, e in enumerate(
            visit([5.0] * 40, session="none"))],
    ]  # fmt: skip
    warehouse = _lake(tmp_path, events).warehouse()
    days = (NOON.replace(hour=0), NOON.replace(hour=0) + timedelta(days=1))
    verdicts = find_machines(warehouse, *days, NOON + timedelta(hours=1), LIMITS)
    midnight = NOON.replace(hour=0)
    assert [(v.kind, v.subject, v.rule, v.ts, v.traffic) for v in verdicts] == [
        ("session", "fast", RATE, midnight, "suspected_bot"),
        ("visitor", "v", REGULAR, midnight, "suspected_bot"),
    ]
    assert find_machines(warehouse, *days, NOON + timedelta(minutes=20), LIMITS) == []
    warehouse.close()
