"""Rows of keyed tables with the time their source gives them, and rows that withdraw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from shopkeeper.commerce.tables import TableSchema
from shopkeeper.errors import FieldProblem
from shopkeeper.intake.field_mending import read_boolean
from shopkeeper.intake.field_words import shown
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.intake.times import read_time
from shopkeeper.intake.validation import SOURCE_TIME_COLUMNS, RowValidator

_TIME_REMEDY = "Give ISO 8601 such as 2026-01-31T12:00:00Z, or epoch seconds; leave it out for the time of arrival."


class KeyedRowValidator:
    """Judges raw rows of a keyed table and finds their source time. Never raises.

    The source time is, in this order: the column `source_ts`, the column `updated_at`, the table's own time column,
    else `otherwise`. A row with `deleted` true withdraws its key and needs no column but the key.

    Args:
        validator: Judges the columns.
        otherwise: The source time of rows that give none: the arrival, or when a file was last changed.
    """

    def __init__(
        self,
        validator: RowValidator,
        now: Callable[[], datetime],
        otherwise: Callable[[], datetime] | None = None,
        future_seconds: float = 300.0,
    ) -> None:
        self.validator = validator
        self.table = validator.table
        self._now = now
        self._otherwise = otherwise or now
        self._tolerance = timedelta(seconds=future_seconds)

    def check(
        self, raw: Mapping[str, Any], row_number: int | None = None, *, withdrawn: bool = False
    ) -> SourcedRow | tuple[FieldProblem, ...]:
        """Return the row with its source time, or everything that is wrong with it."""
        if not isinstance(raw, Mapping):
            judged = self.validator.check(raw, row_number)
            return judged if isinstance(judged, tuple) else SourcedRow(judged, self._otherwise())
        given, problem = self._source_time(raw, row_number)
        deleted, unclear = self._deleted(raw, row_number)
        deleted = deleted or withdrawn
        judged = self.validator.check(self._completed(raw) if deleted else raw, row_number)
        problems = tuple(found for found in (problem, unclear) if found is not None)
        if isinstance(judged, tuple):
            return judged + problems
        if problems:
            return problems
        own = getattr(judged, self.table.time) if self.table.time is not None else None
        return SourcedRow(judged, given or own or self._otherwise(), deleted)

    def _source_time(
        self, raw: Mapping[str, Any], row_number: int | None
    ) -> tuple[datetime | None, FieldProblem | None]:
        for name in SOURCE_TIME_COLUMNS:
            value = raw.get(name)
            if value is None or value == "":
                continue
            try:
                moment = read_time(value, self.validator.zone(raw.get("store")))
            except ValueError:
                return None, FieldProblem(name, f"must be a time, got {shown(value)}", _TIME_REMEDY, row_number)
            if moment > self._now() + self._tolerance:
                reason = f"must not lie in the future, got {moment.isoformat()}"
                return None, FieldProblem(name, reason, _TIME_REMEDY, row_number)
            return moment, None
        return None, None

    def _deleted(self, raw: Mapping[str, Any], row_number: int | None) -> tuple[bool, FieldProblem | None]:
        value = raw.get("deleted")
        try:
            return (False if value is None or value == "" else read_boolean(value)), None
        except ValueError:
            reason = f"must be true or false, got {shown(value)}"
            return False, FieldProblem("deleted", reason, "Give true to withdraw the row.", row_number)

    def _completed(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row that withdraws its key, with what the table requires besides filled by the least there is."""
        filled: dict[str, Any] = dict(raw)
        for column in self.table.columns:
            if column.required and column.name not in self.table.key and filled.get(column.name) in (None, ""):
                filled[column.name] = self._otherwise() if column.kind == "time" else 0
        return filled


def logged(sourced: SourcedRow) -> bytes:
    """Return a row of a keyed table as the log keeps it: the row's own columns, `source_ts` and `deleted`."""
    row: Struct = sourced.row
    extra = msgspec.json.encode({"source_ts": sourced.source_ts, "deleted": sourced.deleted})
    encoded = msgspec.json.encode(row)
    return encoded[:-1] + b"," + extra[1:] if len(encoded) > 2 else extra


class _Sourced(Struct):
    source_ts: datetime
    deleted: bool = False


def read_logged(table: TableSchema, row: bytes) -> SourcedRow:
    """Return a row as `logged` wrote it.

    Raises:
        msgspec.ValidationError: another version of Shopkeeper wrote it.
    """
    said = msgspec.json.decode(row, type=_Sourced)
    return SourcedRow(msgspec.json.decode(row, type=table.row), said.source_ts, said.deleted)


def newest_per_key(table: TableSchema, rows: list[SourcedRow]) -> list[SourcedRow]:
    """Return one row per key: the one with the latest source time, of equal times the last."""
    newest: dict[tuple[object, ...], SourcedRow] = {}
    for row in rows:
        key = tuple(getattr(row.row, name) for name in table.key)
        there = newest.get(key)
        if there is None or there.source_ts <= row.source_ts:
            newest[key] = row
    return list(newest.values())
