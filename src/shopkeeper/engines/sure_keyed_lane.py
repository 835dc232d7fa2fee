"""Rows of a keyed table in the fast lane: those that differ in their source time alone are judged once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC

import duckdb
import numpy as np

from shopkeeper.engines.duckdb_session import text_literal
from shopkeeper.engines.readers_expressions import plain, quoted
from shopkeeper.engines.sure_event_sql import moments
from shopkeeper.engines.sure_values import UnfitFile, Value, value_of
from shopkeeper.intake.ports import WHOLE_ROW, SourcedRow, SourceRow
from shopkeeper.intake.sure_events import KeyedJudge, SureFilling, SureRow, SureRules
from shopkeeper.intake.validation import SOURCE_TIME_COLUMNS

_MOST_JUDGED = 200_000
"""Different rows whose verdict is remembered from batch to batch."""


class KeyedLane:
    """How the rows of one keyed table are judged; see `sure_event_lane.EventLane` for what is not said here.

    Raises:
        UnfitFile: the table keeps every row, or its rows name what a single verdict cannot hold for.
    """

    def __init__(
        self, place: int, filling: SureFilling, values: Mapping[str, tuple[str, str]], types: Mapping[str, str],
        rules: SureRules,
    ) -> None:  # fmt: skip
        if filling.judge is None or filling.table.time is not None:
            raise UnfitFile(filling.table.name)
        if {"store", *SOURCE_TIME_COLUMNS} & filling.fields.keys():
            raise UnfitFile("its own store or time")
        self._name = f"k{place}"
        self._judge: KeyedJudge = filling.judge
        aliases = [*filling.fields.values(), *filling.inner.values()]
        self._plain = {alias: plain(quoted(alias), values[alias][1]) for alias in aliases}
        self._given = {alias: value_of(quoted(alias), values[alias][1]) for alias in aliases}
        numbered = {name: (place, kind) for place, (name, kind) in enumerate(types.items())}
        self._kept = {name: Value(f"r_{numbered[name][0]}", numbered[name][1]) for name in filling.kept}
        self.wanted = "true" if filling.where is None else quoted(filling.where)
        self._time, fits = self._source_time(filling, values, rules)
        self.sure = f"{self._name}.combination IS NOT NULL AND {fits}"
        self.outputs = [
            f"{self._name}.combination AS {self._name}_combination",
            f"coalesce({self._time}, {self._name}.otherwise) AS {self._name}_ts",
            f"({self.wanted}) AS {self._name}_wanted",
        ]
        self._untimed = dict.fromkeys([filling.source_ts] if filling.source_ts else [])
        self._verdicts: dict[str, SourcedRow | None] = {}
        self._judged: list[SourcedRow] = []

    def _source_time(
        self, filling: SureFilling, values: Mapping[str, tuple[str, str]], rules: SureRules
    ) -> tuple[str, str]:
        """Return SQL of the time the source gives, in UTC, and whether it fits."""
        if filling.source_ts is None:
            return "NULL", "true"
        given = value_of(quoted(filling.source_ts), values[filling.source_ts][1])
        moment = moments(given).value
        latest = text_literal(rules.latest.replace(tzinfo=None).isoformat(" "))
        early = "TIMESTAMP '1000-01-01'"
        return moment, f"(NOT ({given.present}) OR coalesce({moment} BETWEEN {early} AND TIMESTAMP {latest}, false))"

    def _key(self) -> str:
        values = [*self._given.values(), *self._kept.values()]
        return f"CAST(to_json([{', '.join(f'CAST({value.sql} AS VARCHAR)' for value in values)}]) AS VARCHAR)"

    def join(self, connection: duckdb.DuckDBPyConnection, given: str) -> str:
        """Judge what is new in a batch and return SQL that joins the verdicts."""
        listed = ", ".join([*self._plain.values(), *(plain(value.sql, value.kind) for value in self._kept.values())])
        keys = connection.execute(
            f"SELECT DISTINCT {self._key()}, {listed} FROM ({given}) WHERE {self.wanted}"  # noqa: S608
        ).fetchall()
        if len(self._verdicts) > _MOST_JUDGED:
            self._verdicts.clear()
        self._judged = []
        rows: list[tuple[str, int, object]] = []
        for key, *values in keys:
            if key not in self._verdicts:
                self._verdicts[key] = self._judge(self._row(values))
            verdict = self._verdicts[key]
            if verdict is not None:
                rows.append((key, len(self._judged), verdict.source_ts.astimezone(UTC).replace(tzinfo=None)))
                self._judged.append(verdict)
        self._load(connection, rows)
        return f" LEFT JOIN {self._name} ON {self._name}.key = {self._key()}"

    def _row(self, values: list[object]) -> SourceRow:
        own = dict(zip(self._plain, values, strict=False))
        whole = dict(zip(self._kept, values[len(own) :], strict=True))
        return SourceRow(0, {**own, **self._untimed, WHOLE_ROW: whole})

    def _load(self, connection: duckdb.DuckDBPyConnection, rows: list[tuple[str, int, object]]) -> None:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {self._name} (key VARCHAR, combination BIGINT, otherwise TIMESTAMP)"
        )
        if rows:
            connection.register("judged_rows", {
                "key": np.array([row[0] for row in rows], dtype=object),
                "combination": np.array([row[1] for row in rows], dtype=np.int64),
                "otherwise": np.array([row[2] for row in rows], dtype="datetime64[us]"),
            })  # fmt: skip
            connection.execute(f"INSERT INTO {self._name} FROM judged_rows")
            connection.unregister("judged_rows")

    def rows(self, connection: duckdb.DuckDBPyConnection, table: str) -> list[SureRow]:
        """Return the sure rows of a batch's table in the order of their times, those that differ in it alone as one."""
        name = self._name
        found = connection.execute(
            f"SELECT {name}_combination, count(*), max({{'ts': {name}_ts, 'n': row_number}}) AS last "  # noqa: S608
            f"FROM {table} WHERE sure AND {name}_wanted GROUP BY 1 ORDER BY last"
        ).fetchall()
        made = []
        for combination, count, last in found:
            judged = self._judged[combination]
            row = SourcedRow(judged.row, last["ts"].replace(tzinfo=UTC), judged.deleted)
            made.append(SureRow(row, last["n"] + 1, count))
        return made
