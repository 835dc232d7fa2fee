"""Rows go from the log into the lake once, whole, and to the right partition."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.commerce.event import EventCount
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import DECISIONS, EVENT_COUNTS, EVENTS, LOGGED_TABLES, PRODUCTS, STORES, TableSchema
from shopkeeper.engines.durable_files import held_lock
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.lake_manifest import Manifest, Part, publish
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.errors import LogDamaged
from shopkeeper.quality.ports import NamedQuery

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(number: int, store: str = "uk", ts: datetime = NOON, **fields: object) -> bytes:
    return msgspec.json.encode({"event_id": f"e{number}", "ts": ts, "store": store, "type": "view", **fields})


def keyed(row: msgspec.Struct, source_ts: datetime = NOON, deleted: bool = False) -> bytes:
    return msgspec.json.encode({**msgspec.to_builtins(row), "source_ts": source_ts, "deleted": deleted})


class Shop:
    """A log and a lake in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 1_000_000.0
        self.lake = Lake(folder / "log", folder / "lake", clock=lambda: self.now)

    def log(self, table: TableSchema, *rows: bytes) -> None:
        """Append rows and seal."""
        writer = SegmentLog(self.folder / "log", "test")
        writer.append(table, rows)
        writer.close()

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        warehouse = self.lake.warehouse()
        columns = warehouse.fetch(NamedQuery("test", sql))
        warehouse.close()
        return list(zip(*(column.tolist() for column in columns.values()), strict=True))

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder / "lake")) for path in self.folder.glob("lake/*/*/*/*.parquet"))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_every_logged_table_can_be_read_before_anything_came(shop: Shop) -> None:
    for name in LOGGED_TABLES:
        assert shop.fetch(f"FROM {name}") == []


def test_a_row_comes_back_with_its_values_and_with_the_defaults_the_log_left_out(shop: Shop) -> None:
    shop.log(EVENTS, event(1, product="mug", price=2.5, position=3, properties={"a": [1, "é"]}))
    assert shop.lake.compact().rows == {"events": 1}
    row = "event_id, ts, store, product, price, position, properties, traffic, visitor"
    assert shop.fetch(f"SELECT {row} FROM events") == [  # noqa: S608
        ("e1", NOON.replace(tzinfo=None), "uk", "mug", 2.5, 3, '{"a":[1,"é"]}', "human", None)
    ]
    shop.log(STORES, keyed(Store(store="uk")))
    shop.lake.compact()
    assert shop.fetch("SELECT currency, simulated, locales, consent_default FROM stores") == [
        ("EUR", False, '["en"]', '{"measure":true,"personalise":true,"email":true}')
    ]


def test_times_with_an_offset_are_stored_in_utc_and_filed_under_the_utc_day(shop: Shop) -> None:
    shop.log(EVENTS, b'{"event_id":"e1","store":"uk","type":"view","ts":"2026-03-01T23:30:00.000001-02:00"}')
    shop.lake.compact()
    assert shop.fetch("SELECT ts FROM events") == [(datetime(2026, 3, 2, 1, 30, 0, 1),)]  # noqa: DTZ001
    assert shop.files()[0].startswith("events/store=uk/day=2026-03-02/")


def test_rows_lie_in_the_partition_of_their_store_and_day(shop: Shop) -> None:
    shop.log(EVENTS, *(event(n, store, NOON + timedelta(days=n)) for n in range(3) for store in ("uk", "de")))
    assert shop.lake.compact().rows == {"events": 3 * 2}
    parts = shop.lake.manifest().parts
    assert sorted((p.store, p.day, p.rows) for p in parts) == sorted(
        (store, f"2026-03-0{n + 1}", 1) for n in range(3) for store in ("uk", "de")
    )
    assert [p.bytes for p in parts] == [(shop.folder / "lake" / p.path).stat().st_size for p in parts]
    assert list((shop.folder / "log").iterdir()) == []


@pytest.mark.parametrize("store", ["", "a/b", "../x", "a'b\"c", "ü €", "x" * 200, "€" * 200, "store=1%"])
def test_any_store_name_makes_a_partition(shop: Shop, store: str) -> None:
    shop.log(EVENTS, event(1, store), event(2, "uk"))
    shop.log(EVENTS, event(1, store), event(3, store))
    shop.lake.compact()
    assert sorted(shop.fetch("SELECT event_id, store FROM events")) == [("e1", store), ("e2", "uk"), ("e3", store)]
    assert all(len(name) < 255 for path in shop.files() for name in Path(path).parts)


def test_a_row_sent_again_is_left_out_and_the_first_stays(shop: Shop) -> None:
    shop.log(EVENTS, event(1, product="first"), event(1, product="second"), event(2))
    assert shop.lake.compact().duplicates == {"events": 1}
    shop.log(EVENTS, event(1, product="third"), event(3))
    done = shop.lake.compact()
    assert (done.rows, done.duplicates) == ({"events": 1}, {"events": 1})
    assert sorted(shop.fetch("SELECT event_id, product FROM events")) == [("e1", "first"), ("e2", None), ("e3", None)]


def test_an_answer_that_was_logged_twice_is_there_once(shop: Shop) -> None:
    times = [NOON + timedelta(seconds=n, microseconds=17 * n) for n in range(5)]
    rows = [
        msgspec.json.encode(DecisionRecord(decision_id=f"d{n}", ts=ts, store="uk", system="pricing"))
        for n, ts in enumerate(times)
    ]
    shop.log(DECISIONS, *rows[:3])
    shop.lake.compact()
    shop.log(DECISIONS, *rows[1:])
    done = shop.lake.compact()
    assert (done.rows, done.duplicates) == ({"decisions": 2}, {"decisions": 2})


def test_one_id_in_two_stores_or_on_two_days_is_two_rows(shop: Shop) -> None:
    shop.log(EVENTS, event(1), event(1, "de"), event(1, ts=NOON + timedelta(days=1)))
    shop.lake.compact()
    assert shop.fetch("SELECT count(*) AS n FROM events") == [(3,)]


def test_a_count_of_unmeasured_shoppers_sent_twice_counts_once_and_other_counts_add_up(shop: Shop) -> None:
    count = msgspec.json.encode(EventCount(count_id="c", ts=NOON, store="uk", type="view", product="mug", n=2))
    shop.log(EVENT_COUNTS, count, count, count.replace(b'"c"', b'"d"'))
    shop.lake.compact()
    shop.log(EVENT_COUNTS, count)
    assert shop.lake.compact().duplicates == {"event_counts": 1}
    assert shop.fetch("SELECT CAST(sum(n) AS BIGINT) AS n FROM event_counts") == [(2 + 2,)]


def test_a_keyed_table_shows_the_newest_row_of_each_key_whatever_came_last(shop: Shop) -> None:
    mug = Product(product="mug", store="uk")
    later, latest = NOON + timedelta(days=1), NOON + timedelta(days=2)
    shop.log(PRODUCTS, keyed(msgspec.structs.replace(mug, title="new"), later))
    shop.lake.compact()
    shop.log(PRODUCTS, keyed(msgspec.structs.replace(mug, title="old"), NOON), keyed(Product(product="cup"), NOON))
    shop.lake.compact()
    assert shop.fetch("SELECT product, store, title FROM products ORDER BY 1") == [
        ("cup", "", None), ("mug", "uk", '"new"'),
    ]  # fmt: skip
    shop.log(PRODUCTS, keyed(mug, latest, deleted=True))
    shop.lake.compact()
    assert shop.fetch("SELECT product FROM products") == [("cup",)]
    assert shop.fetch("SELECT title, deleted FROM products_history WHERE product = 'mug' ORDER BY source_ts") == [
        ('"old"', False), ('"new"', False), (None, True),
    ]  # fmt: skip


def test_the_same_row_of_a_keyed_table_at_another_source_time_is_no_duplicate(shop: Shop) -> None:
    mug = Product(product="mug")
    shop.log(PRODUCTS, keyed(mug, NOON), keyed(mug, NOON), keyed(mug, NOON + timedelta(microseconds=1)))
    done = shop.lake.compact()
    assert (done.rows, done.duplicates) == ({"products": 2}, {"products": 1})


def test_segments_of_the_living_are_left_and_those_of_the_dead_are_taken(shop: Shop) -> None:
    living, dead = (SegmentLog(shop.folder / "log", "same-name") for _ in range(2))
    living.append(EVENTS, [event(1)])
    dead.append(EVENTS, [event(2)])
    assert dead._segment is not None
    os.close(dead._segment._handle)
    assert shop.lake.compact().rows == {"events": 1}
    assert shop.lake.live_segments() == 1
    assert shop.fetch("SELECT event_id FROM events") == [("e2",)]
    living.append(EVENTS, [event(3)])
    living.close()
    shop.lake.compact()
    assert sorted(shop.fetch("SELECT event_id FROM events")) == [("e1",), ("e2",), ("e3",)]


def test_more_than_eight_small_parts_of_a_partition_become_one(shop: Shop) -> None:
    for number in range(8):
        shop.log(EVENTS, event(number), event(100 + number, "de"))
        shop.lake.compact()
    assert len(shop.files()) == 8 * 2
    shop.log(EVENTS, event(8))
    assert shop.lake.compact().merged == 9
    assert sorted((p.store, p.rows) for p in shop.lake.manifest().parts) == sorted([("uk", 9), *[("de", 1)] * 8])
    assert shop.fetch("SELECT count(*) AS n, count(DISTINCT event_id) AS d FROM events") == [(9 + 8, 9 + 8)]


def test_replaced_files_stay_for_the_grace_period_and_go_with_the_next_compaction_after_it(shop: Shop) -> None:
    for number in range(9):
        shop.log(EVENTS, event(number))
        shop.lake.compact()
    assert len(shop.files()) == 9 + 1
    shop.now += 299
    shop.lake.compact()
    assert len(shop.files()) == 9 + 1
    shop.now += 2
    shop.lake.compact()
    assert shop.files() == [part.path for part in shop.lake.manifest().parts]


def test_a_second_compactor_returns_at_once(shop: Shop) -> None:
    shop.log(EVENTS, event(1))
    with held_lock(shop.folder / "lake" / ".lock", wait=True):
        assert shop.lake.compact(wait=False).busy
    assert shop.lake.compact(wait=False).rows == {"events": 1}


def test_nothing_new_changes_nothing(shop: Shop) -> None:
    shop.log(EVENTS, event(1))
    shop.lake.compact()
    before = shop.lake.manifest().version
    assert shop.lake.compact().rows == {}
    assert shop.lake.manifest().version == before


def test_a_damaged_segment_is_named_and_holds_up_no_other(shop: Shop) -> None:
    shop.log(EVENTS, event(1))
    shop.log(EVENTS, event(2), event(3))
    shop.log(EVENTS, event(4))
    damaged = sorted((shop.folder / "log").iterdir(), key=lambda path: path.name)[1]
    content = bytearray(damaged.read_bytes())
    content[60] ^= 1
    damaged.write_bytes(content)
    for _ in range(2):
        with pytest.raises(LogDamaged, match=rf"{damaged.name}.*offset 0"):
            shop.lake.compact()
    assert sorted(shop.fetch("SELECT event_id FROM events")) == [("e1",), ("e4",)]
    assert list((shop.folder / "log").iterdir()) == [damaged]
    assert damaged.read_bytes() == content


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (b'{"event_id":"e2","ts":"not a time","store":"uk","type":"view"}', "not a time"),
        (b'{"event_id":"e2","store":"uk","type":"view"}', "no store or no"),
        (b'{"event_id":"e2","ts":', "segment .* cannot be brought"),
        (b'{"event_id":"e2","ts":"2026-03-01","store":"uk","type":"view","position":"x"}', "x"),
    ],
)
def test_a_row_that_does_not_fit_is_named_and_holds_up_no_other_segment(shop: Shop, row: bytes, why: str) -> None:
    shop.log(EVENTS, event(1))
    shop.log(EVENTS, row)
    shop.log(EVENTS, event(3))
    with pytest.raises(LogDamaged, match=f"(?i){why}"):
        shop.lake.compact()
    assert sorted(shop.fetch("SELECT event_id FROM events")) == [("e1",), ("e3",)]
    assert len(list((shop.folder / "log").iterdir())) == 1


def test_a_table_of_a_later_version_is_named_not_dropped(shop: Shop) -> None:
    writer = SegmentLog(shop.folder / "log", "test")
    writer.append_payloads([("wishes", b"{}\n")])
    writer.close()
    with pytest.raises(LogDamaged, match="'wishes' is not in the data contract"):
        shop.lake.compact()
    assert len(list((shop.folder / "log").iterdir())) == 1


def test_parts_written_before_a_column_came_read_as_its_default(shop: Shop) -> None:
    path = "events/store=uk/day=2026-03-01/old.parquet"
    file = shop.folder / "lake" / path
    file.parent.mkdir(parents=True)
    duckdb.execute(
        "COPY (SELECT 'e0' AS event_id, TIMESTAMP '2026-03-01' AS ts, 'uk' AS store, 'view' AS type) "
        f"TO '{file}' (FORMAT parquet)"
    )
    part = Part("events", "uk", "2026-03-01", path, 1, file.stat().st_size, "old")
    publish(shop.folder / "lake", Manifest(1, (part,), {"old": ("event_id", "ts", "store", "type")}))
    shop.log(EVENTS, event(0), event(1, product="mug"))
    assert shop.lake.compact().duplicates == {"events": 1}
    assert sorted(shop.fetch("SELECT event_id, product, traffic, price FROM events")) == [
        ("e0", None, "human", pytest.approx(float("nan"), nan_ok=True)),
        ("e1", "mug", "human", pytest.approx(float("nan"), nan_ok=True)),
    ]


def test_an_import_of_many_days_leaves_out_columns_without_a_value_and_reads_the_same(shop: Shop) -> None:
    days = [NOON + timedelta(days=n) for n in range(70)]
    shop.log(EVENTS, *(event(n, ts=day, product="mug") for n, day in enumerate(days)))
    shop.lake.compact()
    shop.log(EVENTS, event(0, ts=days[0]), event(100, ts=days[0], query="red mug"))
    assert shop.lake.compact().duplicates == {"events": 1}
    (columns, more) = sorted(shop.lake.manifest().layouts.values(), key=len)
    assert set(more) - set(columns) >= {"query", "user", "visitor"}
    assert {"event_id", "store", "ts", "type", "product", "traffic", "properties"} == set(columns)
    assert shop.fetch("SELECT count(*) AS n, count(query) AS q, min(traffic) AS t FROM events") == [(71, 1, "human")]


def test_many_partitions_are_written_in_several_copies(shop: Shop) -> None:
    rows = [event(n, f"s{n % 7}", NOON + timedelta(days=n % 50)) for n in range(7 * 50)]
    shop.log(EVENTS, *rows)
    assert shop.lake.compact().rows == {"events": 7 * 50}
    assert len(shop.files()) == 7 * 50
    assert shop.fetch("SELECT count(DISTINCT event_id) AS n FROM events") == [(7 * 50,)]
