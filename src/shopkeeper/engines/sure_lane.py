"""The fast lane of an import: a batch of a file judged by a few SQL statements and written straight into the lake."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Final

import duckdb

from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.duckdb_session import SPILL
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.one_ahead import one_ahead
from shopkeeper.engines.readers_expressions import Selection, closed_connection, lock, plain, quoted
from shopkeeper.engines.sure_batch import BatchTable, EventBatch
from shopkeeper.engines.sure_event_lane import EventLane
from shopkeeper.engines.sure_keyed_lane import KeyedLane
from shopkeeper.engines.sure_values import UnfitFile
from shopkeeper.errors import InputError, MappingError
from shopkeeper.intake.ports import WHOLE_ROW, SourceFile, SourceRow
from shopkeeper.intake.sure_events import SureBatch, SureFilling, SureRules

MEMORY: Final = "640MB"
BATCH_ROWS: Final = 500_000
"""Rows taken at a time: enough that each part of the lake gets some, few enough for the memory."""
_KEEPERS: Final = 2
"""Parts of the lake that are written at a time: one takes a core, and judging does not fill the other."""
_TABLES: Final = ("batch_a", "batch_b")
"""Where a batch and the one after it lie. They are no temporary tables, which only one cursor would see."""


@dataclass(frozen=True, slots=True)
class RawRows:
    """Some rows of a file in the lane's database.

    Attributes:
        relation: SQL, to be used after FROM: the file's columns and `row_number`, counted from 0.
        count: How many rows there are, broken ones included.
        broken: Rows that could not be read, with their problems.
    """

    relation: str
    count: int
    broken: tuple[SourceRow, ...] = ()


class SureLane:
    """The lane for one file.

    Args:
        shape: SQL, to be used after FROM, of something with the columns of the file, to find the types of expressions.
        types: Column -> DuckDB type.

    Raises:
        UnfitFile: the columns of the file do not suit the lane.
    """

    def __init__(
        self, lake: Lake, source: SourceFile, shape: str, types: dict[str, str], fillings: Sequence[SureFilling],
        rules: SureRules,
    ) -> None:  # fmt: skip
        self._lake = lake
        self._source = source
        self._types = types
        if len({name.lower() for name in types} | {"row_number", "file_row_number"}) != len(types) + 2:
            raise UnfitFile("names that differ in case only")
        self.scratch = lake.staging.parent / SPILL / secrets.token_hex(8)
        """A folder of the lane's own, deleted at its end."""
        self.connection = _connection(self.scratch)
        """Where batches are read and judged."""
        self._keeping = tuple(self.connection.cursor() for _ in range(_KEEPERS))
        """Where a batch is brought into the lake while the next one is judged."""
        for cursor in self._keeping:
            cursor.execute("SET TimeZone = 'UTC'")
        try:
            expressions = {alias: text for filling in fillings for alias, text in filling.expressions.items()}
            self._selection = Selection(self.connection, shape, tuple(types), expressions)
            if self._selection.failed == "0":  # nothing is evaluated under TRY
                self.connection.execute("SET disabled_optimizers = ''")
            self._events, self._keyed = self._lanes(fillings, rules)
            self._prepare(rules)
        except (UnfitFile, MappingError):
            self._close()
            raise

    def _lanes(self, fillings: Sequence[SureFilling], rules: SureRules) -> tuple[EventLane, dict[int, KeyedLane]]:
        events: list[EventLane] = []
        keyed: dict[int, KeyedLane] = {}
        for place, filling in enumerate(fillings):
            if filling.table is EVENTS:
                events.append(EventLane(filling, self._selection.columns, self._types, rules))
            else:
                keyed[place] = KeyedLane(place, filling, self._selection.columns, self._types, rules)
        if len(events) != 1:
            raise UnfitFile("one table of events")
        return events[0], keyed

    def _prepare(self, rules: SureRules) -> None:
        self.connection.execute("CREATE TABLE users_who_said (said VARCHAR)")
        said = sorted(rules.users_who_said)
        for start in range(0, len(said), 10_000):
            part = said[start : start + 10_000]
            self.connection.execute("INSERT INTO users_who_said SELECT unnest(?::VARCHAR[])", [part])

    def batches(self, raw: Iterator[RawRows]) -> Iterator[SureBatch]:
        """Yield the batches of the file, each judged while the one before is worked on.

        Raises:
            InputError: the file cannot be read to its end.
        """
        lock(self.connection, [str(self._source.path)], [f"{self._lake.staging}/", f"{self.scratch}/"])
        try:
            yield from one_ahead(self._batch(rows, name) for rows, name in zip(raw, cycle(_TABLES)))
        except duckdb.Error as error:
            raise InputError(
                f"{self._source.path.name} cannot be read to its end: {str(error).splitlines()[0]}.",
                "What came before is imported; write the file again and import it again, nothing will be doubled.",
            ) from error
        finally:
            self._close()

    def _close(self) -> None:
        for cursor in self._keeping:
            cursor.close()
        self.connection.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _batch(self, rows: RawRows, table: str) -> EventBatch:
        given = self._given(rows.relation)
        events, keyed = self._events, self._keyed.values()
        joins = events.joins(self.connection, given) + "".join(lane.join(self.connection, given) for lane in keyed)
        lanes = [(events.wanted, events.sure), *((lane.wanted, lane.sure) for lane in keyed)]
        each = " AND ".join(f"(NOT ({wanted}) OR coalesce({sure}, false))" for wanted, sure in lanes)
        some = " OR ".join(f"({wanted})" for wanted, _ in lanes)
        outputs = ", ".join([*events.outputs, *(name for lane in keyed for name in lane.outputs)])
        self.connection.execute(
            f"CREATE OR REPLACE TABLE {table} AS SELECT g.row_number, g_failed = 0 AND ({some}) AND {each} AS sure, "  # noqa: S608 - names and literals are quoted; expressions are the mapping's
            f"({events.wanted}) AS wanted, {outputs} FROM ({given}) g{joins}"
        )
        found = {place: lane.rows(self.connection, table) for place, lane in self._keyed.items()}
        doubtful = sorted([*self._doubtful(rows.relation, table), *rows.broken], key=lambda row: row.row)
        batch = BatchTable(table, self.connection, self._keeping)
        return EventBatch(batch, self._lake, events, rows.count, doubtful, found)

    def _given(self, relation: str) -> str:
        """Return SQL of the values the validator would be given, the file's columns as `r_N`."""
        values = [f"{sql} AS {quoted(alias)}" for alias, (sql, _) in self._selection.columns.items()]
        raws = [f"{quoted(name)} AS r_{place}" for place, name in enumerate(self._types)]
        listed = ", ".join(["row_number", *raws, *values, f"({self._selection.failed}) AS g_failed"])
        return f"SELECT *, {', '.join(self._events.read)} FROM (SELECT {listed} FROM {relation})"  # noqa: S608 - see above

    def _doubtful(self, relation: str, table: str) -> list[SourceRow]:
        """Return the rows of the batch that are not sure, as the reader gives them."""
        listed = ", ".join(plain(quoted(name), kind) for name, kind in self._types.items())
        results = self.connection.execute(
            f"SELECT row_number + 1, {listed}, {self._selection.sql} FROM {relation} "  # noqa: S608 - see above
            f"WHERE row_number IN (SELECT row_number FROM {table} WHERE NOT sure) ORDER BY row_number"
        ).fetchall()
        own = 1 + len(self._types)
        rows = []
        for result in results:
            values, problems = self._selection.read(result[own:])
            values[WHOLE_ROW] = dict(zip(self._types, result[1:own], strict=True))
            rows.append(SourceRow(result[0], values, problems))
        return rows


def _connection(scratch: Path) -> duckdb.DuckDBPyConnection:
    scratch.mkdir(parents=True)
    connection = closed_connection()
    connection.execute(f"SET memory_limit = '{MEMORY}'")
    connection.execute("SET threads = 2")
    connection.execute("SET temp_directory = ?", [str(scratch / "spilled")])
    return connection
