"""The engines in memory keep the laws of their ports."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from shopkeeper.commerce.event import EventCount
from shopkeeper.commerce.tables import EVENT_COUNTS, EVENTS, PRODUCTS
from shopkeeper.engines.memory import MemoryEventLog, MemoryQuarantine, MemoryReports, MemoryTableStore
from shopkeeper.intake.ports import RejectedRow
from shopkeeper.testing.table_store_suite import TableStoreSuite


class TestMemoryTableStore(TableStoreSuite):
    """The shipped laws of `TableStore`."""

    @pytest.fixture
    def tables(self) -> MemoryTableStore:
        return MemoryTableStore()


def test_of_rows_with_one_key_the_first_stays_and_the_others_are_counted() -> None:
    log = MemoryEventLog()
    first, again = ({"event_id": "1", "store": "uk", "ts": "2026-01-01T00:00:00Z", "price": p} for p in (1, 2))
    log.append(EVENTS, [msgspec.json.encode(first)])
    log.append(EVENTS, [msgspec.json.encode(again)])
    assert log.compact() == {"events": 1}
    assert log.rows("events") == [first]


def test_rows_of_keyed_tables_are_one_by_key_and_source_time() -> None:
    log = MemoryEventLog()
    rows = [{"product": "a", "store": "uk", "source_ts": f"2026-01-0{day}T00:00:00Z"} for day in (1, 2, 2)]
    log.append(PRODUCTS, [msgspec.json.encode(row) for row in rows])
    assert log.compact() == {"products": 1}


def test_a_count_sent_twice_counts_once_and_other_counts_add_up() -> None:
    log = MemoryEventLog()
    count = msgspec.json.encode(EventCount(count_id="c", ts=datetime(2026, 1, 1, tzinfo=UTC), store="uk", type="view"))
    other = count.replace(b'"c"', b'"d"')
    log.append(EVENT_COUNTS, [count, count, other])
    assert len(log.rows("event_counts")) == 2


def test_the_quarantine_gives_the_newest_first_and_counts_by_store() -> None:
    quarantine = MemoryQuarantine()
    quarantine.keep([RejectedRow("events", store, "f", n, {}, ()) for n, store in enumerate(["uk", "de", "uk"])])
    assert [row.row for row in quarantine.rows(store="uk")] == [2, 0]
    assert (quarantine.count(), quarantine.count("de"), len(quarantine.rows(limit=1))) == (3, 1, 1)


def test_reports_come_newest_first_by_kind_and_store() -> None:
    reports = MemoryReports()
    for kind, store in (("import", "uk"), ("check", "uk"), ("import", "de"), ("import", "uk")):
        reports.save(kind, {"a": 1}, store)
    assert [report.number for report in reports.latest("import", store="uk")] == [4, 1]
    assert reports.latest("training") == []
