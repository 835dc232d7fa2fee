"""Engines that hold everything in memory: for tests, and for trying things out without a workspace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from shopkeeper.commerce.tables import KEYED_TABLES, LOGGED_TABLES, TableSchema
from shopkeeper.intake.ports import RejectedRow, SourcedRow, Upserted
from shopkeeper.quality.ports import Report

Key = tuple[str, ...]


class MemoryEventLog:
    """An event log as long as the process lives. Implements `intake.ports.EventLog`."""

    def __init__(self) -> None:
        self._appended: dict[str, list[dict[str, Any]]] = {}
        self._compacted: dict[str, dict[tuple[object, ...], dict[str, Any]]] = {}

    def append(self, table: TableSchema, rows: Sequence[bytes]) -> None:
        """Keep rows."""
        self._appended.setdefault(table.name, []).extend(msgspec.json.decode(row) for row in rows)

    def compact(self) -> dict[str, int]:
        """Leave out rows whose identity was there before; return how many these were, by table."""
        duplicates: Counter[str] = Counter()
        for name, rows in self._appended.items():
            kept = self._compacted.setdefault(name, {})
            for row in rows:
                if kept.setdefault(_identity(LOGGED_TABLES[name], row), row) is not row:
                    duplicates[name] += 1
        self._appended.clear()
        return dict(duplicates)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table without duplicates, decoded, in the order they came."""
        self.compact()
        return list(self._compacted.get(table, {}).values())


def _identity(table: TableSchema, row: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what makes two logged rows one: the key, the day, and the source time of keyed tables."""
    time = row["source_ts"] if table.name in KEYED_TABLES else str(row["ts"])[:10]
    return (time, *(row.get(name, "") for name in table.key))


class MemoryTableStore:
    """Current state of the keyed tables as long as the process lives. Implements `intake.ports.TableStore`."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[Key, SourcedRow]] = {}

    def upsert(self, table: TableSchema, rows: Sequence[SourcedRow]) -> Upserted:
        """Write rows, each replacing an older one of the same key."""
        kept = self._tables.setdefault(table.name, {})
        written = 0
        for row in rows:
            there = kept.get(_key(table, row))
            if there is None or there.source_ts <= row.source_ts:
                kept[_key(table, row)] = row
                written += 1
        return Upserted(written, len(rows) - written)

    def insert_absent(self, table: TableSchema, rows: Sequence[SourcedRow]) -> int:
        """Write only rows whose key is not there yet, and return how many that were."""
        kept = self._tables.setdefault(table.name, {})
        before = len(kept)
        for row in rows:
            kept.setdefault(_key(table, row), row)
        return len(kept) - before

    def scan(self, table: TableSchema, store: str | None = None, *, with_deleted: bool = False) -> Iterator[SourcedRow]:
        """Yield every row that is not deleted, of one store (rows for all stores included) or of all."""
        for row in list(self._tables.get(table.name, {}).values()):
            if (with_deleted or not row.deleted) and (store is None or getattr(row.row, "store", "") in ("", store)):
                yield row

    def forget(self, table: TableSchema, column: str, value: str) -> int:
        """Remove every row whose key column has this value, leaving no trace of the deletion; return how many."""
        kept = self._tables.get(table.name, {})
        place = table.key.index(column)
        gone = [key for key in kept if key[place] == value]
        for key in gone:
            del kept[key]
        return len(gone)

    def get(self, table: TableSchema, key: tuple[str, ...]) -> SourcedRow | None:
        """Return one row by the values of the table's key columns; None when absent or deleted."""
        row = self._tables.get(table.name, {}).get(key)
        return None if row is None or row.deleted else row

    def count(self, table: TableSchema, store: str | None = None) -> int:
        """Return how many rows `scan` would yield."""
        return sum(1 for _ in self.scan(table, store))


def _key(table: TableSchema, row: SourcedRow) -> Key:
    return tuple(getattr(row.row, name) for name in table.key)


class MemoryQuarantine:
    """Rejected rows as long as the process lives. Implements `intake.ports.Quarantine`."""

    def __init__(self) -> None:
        self._rows: list[RejectedRow] = []

    def keep(self, rows: Sequence[RejectedRow]) -> None:
        """Keep rows."""
        self._rows.extend(rows)

    def rows(self, limit: int = 100, store: str | None = None) -> Sequence[RejectedRow]:
        """Return kept rows, newest first."""
        return [row for row in reversed(self._rows) if store in (None, row.store)][:limit]

    def count(self, store: str | None = None) -> int:
        """Return how many rows are kept."""
        return sum(1 for row in self._rows if store in (None, row.store))

    def replace(self, changes: Sequence[tuple[RejectedRow, RejectedRow | None]]) -> int:
        """Put new rows in the place of old ones, or take these out; return how many were found."""
        found = 0
        for old, new in changes:
            if old in self._rows:
                place = self._rows.index(old)
                self._rows[place : place + 1] = [] if new is None else [new]
                found += 1
        return found


class MemoryReports:
    """Reports as long as the process lives. Implements `quality.ports.ReportStore`."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._reports: list[Report] = []
        self._now = now

    def save(self, kind: str, body: Mapping[str, Any], store: str | None = None) -> int:
        """Keep one report and return its number."""
        number = len(self._reports) + 1
        self._reports.append(Report(number, kind, store, self._now(), dict(body)))
        return number

    def latest(self, kind: str, limit: int = 20, store: str | None = None) -> Sequence[Report]:
        """Return the newest reports of a kind, newest first; empty when there are none."""
        found = (r for r in reversed(self._reports) if r.kind == kind and store in (None, r.store))
        return [report for report, _ in zip(found, range(limit), strict=False)]
