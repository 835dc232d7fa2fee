"""A visitor's way to the login is the user's; nothing is joined across a logout, a device or a second user."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS, STORES
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.recommendations.behaviour.extract import query
from shopkeeper.recommendations.behaviour.identity import owners

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(minute: int, user: str | None = None, session: str | None = "s", visitor: str | None = "v") -> Event:
    return Event(
        event_id=f"e{minute}", ts=NOON + timedelta(minutes=minute), store="uk", type="view", product=f"p{minute}",
        user=user, session=session, visitor=visitor,
    )  # fmt: skip


def test_what_came_before_the_login_of_the_session_is_the_users() -> None:
    assert owners([event(1), event(2), event(3, "ann"), event(4, "ann")]) == ["ann"] * 4


def test_what_follows_a_logout_is_nobodys() -> None:
    assert owners([event(1, "ann"), event(2), event(3, "ann")]) == ["ann", None, "ann"]


def test_a_session_of_two_users_joins_nothing() -> None:
    assert owners([event(1), event(2, "ann"), event(3), event(4, "ben")]) == [None, "ann", None, "ben"]


def test_another_session_or_another_device_joins_nothing() -> None:
    assert owners([event(1, session="t"), event(2, visitor="w"), event(3, "ann")]) == [None, None, "ann"]


def test_events_without_a_session_stay_with_their_device() -> None:
    assert owners([event(1, session=None), event(2, "ann", session=None)]) == [None, "ann"]


HISTORIES = st.lists(
    st.tuples(
        st.integers(0, 9), st.sampled_from([None, None, "ann", "ben"]), st.sampled_from([None, "s", "t"]),
        st.sampled_from([None, "v", "w"]),
    ),
    min_size=1, max_size=14,
)  # fmt: skip


def made(history: list[tuple[int, str | None, str | None, str | None]]) -> list[Event]:
    rows = [event(minute, user, session, visitor) for minute, user, session, visitor in history]
    return [msgspec.structs.replace(row, event_id=f"e{n:02d}", product=f"p{n:02d}") for n, row in enumerate(rows)]


@given(HISTORIES)
def test_nobody_gets_an_event_of_a_session_they_never_signed_in_to(
    history: list[tuple[int, str | None, str | None, str | None]],
) -> None:
    events = made(history)
    for row, owner in zip(events, owners(events), strict=True):
        if owner is not None and row.user is None:
            same = [e for e in events if (e.session, e.visitor) == (row.session, row.visitor) and e.user]
            assert {e.user for e in same} == {owner}
            assert all(row.ts <= e.ts for e in same)


@settings(max_examples=10, deadline=None)
@given(HISTORIES)
def test_the_training_extract_follows_the_same_rule(
    history: list[tuple[int, str | None, str | None, str | None]],
) -> None:
    events = made(history)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = SegmentLog(folder / "log", "test")
        log.append(EVENTS, [msgspec.json.encode(row) for row in events])
        store = {**msgspec.to_builtins(Store(store="uk")), "source_ts": NOON, "deleted": False}
        log.append(STORES, [msgspec.json.encode(store)])
        log.close()
        lake = Lake(folder / "log", folder / "lake", threads=1)
        lake.compact()
        warehouse = lake.warehouse()
        tomorrow = NOON + timedelta(days=1)
        found = warehouse.fetch(query("interaction_shoppers"), until=tomorrow, known=tomorrow)
        warehouse.close()
    counts = {
        (str(kind), str(key)): int(n)
        for kind, key, n in zip(found["key_kind"], found["key_id"], found["events"], strict=True)
    }
    expected: dict[tuple[str, str], int] = {}
    for row, owner in zip(events, owners(events), strict=True):
        key = ("user", owner) if owner else ("visitor", row.visitor) if row.visitor else ("session", row.session)
        if key[1]:
            expected[key[0], key[1]] = expected.get((key[0], key[1]), 0) + 1
    assert counts == expected
