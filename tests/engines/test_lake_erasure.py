"""Erasing a person leaves none of their rows anywhere in the lake, and every row of all others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shopkeeper.commerce.decision import DecisionRecord, ShadowAnswer
from shopkeeper.commerce.event import Event
from shopkeeper.commerce.order import Order
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.tables import (
    DECISIONS,
    EVENTS,
    ORDERS,
    SHADOW_ANSWERS,
    TRAFFIC_VERDICTS,
    USERS,
    TableSchema,
)
from shopkeeper.commerce.traffic import SubjectKind, TrafficVerdict
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.lake_erasure import Person
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.errors import InputError, LogDamaged
from shopkeeper.quality.ports import NamedQuery

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN = Person(("uk", "ie"), users=("ann",), visitors=("phone",), sessions=("s1",))

VERDICTS: tuple[tuple[SubjectKind, str], ...] = (("session", "s1"), ("session", "s2"), ("visitor", "phone"))


def event(number: int, store: str = "uk", **who: str) -> Event:
    return Event(event_id=f"e{number}", ts=NOON + timedelta(days=number), store=store, type="view", **who)  # type: ignore[arg-type]


def keyed(row: msgspec.Struct) -> dict[str, Any]:
    return {**msgspec.to_builtins(row), "source_ts": NOON, "deleted": False}


def logged(folder: Path, table: TableSchema, *rows: object) -> None:
    writer = SegmentLog(folder / "log", "test")
    writer.append(table, [msgspec.json.encode(row) for row in rows])
    writer.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A lake with rows of Ann, of others, and of another Ann in a store outside the customer group."""
    logged(
        tmp_path, EVENTS, event(1, user="ann"), event(2, user="ben"), event(3, visitor="phone"),
        event(4, "ie", user="ben", visitor="phone"), event(5, "de", user="ann"), event(6, session="s1"), event(7),
        event(8, user="phone"), event(9, "ie", user="ben"),
    )  # fmt: skip
    decided = [
        DecisionRecord(decision_id=f"d{n}", ts=NOON, store="uk", system="recommendations", unit=unit)
        for n, unit in enumerate(("ann", "phone", "s1", "ben", None))
    ]
    logged(tmp_path, DECISIONS, *decided)
    shadows = [
        ShadowAnswer(
            decision_id=one.decision_id, ts=NOON, store="uk", system="recommendations", test="r1", version="v2",
            unit=one.unit,
        )
        for one in decided
    ]  # fmt: skip
    logged(tmp_path, SHADOW_ANSWERS, *shadows)
    people = [
        User(user="ann", store="uk"),
        User(user="ben", store="uk"),
        User(user="ann"),
        User(user="ann", store="de"),
    ]
    logged(tmp_path, USERS, *map(keyed, people))
    orders = [Order(order_id=f"o{n}", store="uk", ts=NOON, user=u) for n, u in enumerate(("ann", "ben", None))]
    logged(tmp_path, ORDERS, *map(keyed, orders))
    verdicts = [
        TrafficVerdict(store="uk", ts=NOON, kind=kind, subject=subject, rule="behaviour.rate")
        for kind, subject in VERDICTS
    ]
    logged(tmp_path, TRAFFIC_VERDICTS, *verdicts)
    return tmp_path


def fetch(folder: Path, sql: str) -> list[Any]:
    warehouse = Lake(folder / "log", folder / "lake").warehouse()
    (column,) = warehouse.fetch(NamedQuery("test", sql)).values()
    warehouse.close()
    return sorted(column.tolist(), key=str)


def test_all_rows_of_the_person_go_and_all_others_stay(folder: Path) -> None:
    lake = Lake(folder / "log", folder / "lake")
    erased = lake.erase(ANN)
    assert erased.rows == {
        "events": 1 + 1 + 1 + 1,
        "decisions": 3,
        "shadow_answers": 3,
        "users": 2,
        "orders": 1,
        "traffic_verdicts": 2,
    }
    assert fetch(folder, "SELECT event_id FROM events") == ["e2", "e5", "e7", "e8", "e9"]
    assert fetch(folder, "SELECT decision_id FROM decisions") == ["d3", "d4"]
    assert fetch(folder, "SELECT decision_id FROM shadow_answers") == ["d3", "d4"]
    assert fetch(folder, '"user" || store'.join(("SELECT ", " AS u FROM users_history"))) == ["annde", "benuk"]
    assert fetch(folder, "SELECT order_id FROM orders_history") == ["o1", "o2"]
    assert sum(part.rows for part in lake.manifest().parts) == 5 + 2 + 2 + 2 + 2 + 1


def test_without_grace_no_file_of_the_lake_names_the_person_any_more(folder: Path) -> None:
    logged(folder, EVENTS, event(10, user="unmistakable"))
    lake = Lake(folder / "log", folder / "lake")
    lake.compact()
    assert _files_naming(folder, b"unmistakable")
    erased = lake.erase(Person(("uk",), users=("unmistakable",)), grace_seconds=0)
    assert (erased.rows["events"], erased.files_pending) == (1, 0)
    assert not _files_naming(folder, b"unmistakable")


def test_sealed_segments_not_yet_compacted_are_erased_too(folder: Path) -> None:
    lake = Lake(folder / "log", folder / "lake")
    lake.erase(ANN, grace_seconds=0)
    logged(folder, EVENTS, event(11, user="ann"))
    assert lake.erase(ANN, grace_seconds=0).rows["events"] == 1
    assert list((folder / "log").iterdir()) == []


def test_replaced_files_wait_for_the_grace_period(folder: Path) -> None:
    now = [1000.0]
    lake = Lake(folder / "log", folder / "lake", clock=lambda: now[0])
    lake.compact()
    assert lake.erase(ANN).files_pending == 4 + 1 + 1 + 2 + 1 + 1
    now[0] += 301
    lake.compact()
    assert not lake.manifest().retired


def test_live_segments_are_counted_as_not_erased(folder: Path) -> None:
    writer = SegmentLog(folder / "log", "alive")
    writer.append(EVENTS, [msgspec.json.encode(event(12, user="ann"))])
    lake = Lake(folder / "log", folder / "lake")
    assert lake.erase(ANN).live_segments == 1
    writer.seal()
    again = lake.erase(ANN)
    assert (again.rows["events"], again.live_segments) == (1, 0)


def test_erasing_again_changes_nothing(folder: Path) -> None:
    lake = Lake(folder / "log", folder / "lake")
    lake.erase(ANN)
    before = lake.manifest()
    assert set(lake.erase(ANN).rows.values()) == {0}
    assert lake.manifest() == before


def test_parts_that_were_written_without_a_column_hold_nobody_by_it(tmp_path: Path) -> None:
    logged(tmp_path, EVENTS, *(event(n, user="ann" if n == 3 else "ben") for n in range(70)))
    lake = Lake(tmp_path / "log", tmp_path / "lake")
    lake.compact()
    logged(tmp_path, EVENTS, event(71, visitor="phone"))
    assert lake.erase(ANN).rows["events"] == 1 + 1
    assert fetch(tmp_path, "SELECT count(*) AS n FROM events") == [69]


def test_ids_are_taken_as_they_are_not_as_sql(folder: Path) -> None:
    lake = Lake(folder / "log", folder / "lake")
    assert set(lake.erase(Person(("uk",), users=("x' OR 'a' = 'a",))).rows.values()) == {0}


def test_a_damaged_segment_is_told_because_nobody_can_say_whom_it_holds(folder: Path) -> None:
    logged(folder, EVENTS, event(13, user="ann"))
    damaged = max((folder / "log").iterdir())
    damaged.write_bytes(damaged.read_bytes()[:-1])
    with pytest.raises(LogDamaged, match=damaged.name):
        Lake(folder / "log", folder / "lake").erase(ANN)
    assert "e1" not in fetch(folder, "SELECT event_id FROM events")


@pytest.mark.parametrize("who", [{"stores": ()}, {"users": ()}])
def test_a_person_without_store_or_id_is_refused(who: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(InputError, match="Nobody to erase"):
        Person(**{"stores": ("uk",), "users": ("ann",), **who})


def _files_naming(folder: Path, word: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and word in path.read_bytes()]
