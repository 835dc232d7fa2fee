"""From the lake into ClickHouse: every compacted row of every logged table, once, and gone there when gone here.

The lake stays the place where rows become durable, are known as doubles and are erased; ClickHouse holds the same rows
for those who read much. Parts already sent are remembered beside the rows. Where a partition holds more rows than the
lake says (somebody was erased, or a row was kept too long), it is emptied and sent again.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

import duckdb
from clickhouse_connect.driver.client import Client

from shopkeeper.commerce.tables import LOGGED_TABLES, TableSchema
from shopkeeper.engines.clickhouse_client import MEANING, answering
from shopkeeper.engines.clickhouse_schema import DAY, LOADED, quoted, rows_table, schema_sql
from shopkeeper.engines.clickhouse_warehouse import ClickHouseWarehouse
from shopkeeper.engines.duckdb_session import open_duckdb, text_literal
from shopkeeper.engines.durable_files import held_lock
from shopkeeper.engines.lake_columns import read_parts_sql
from shopkeeper.engines.lake_manifest import Manifest, Part, files_by_columns, read_manifest
from shopkeeper.errors import LogDamaged

ItemT = TypeVar("ItemT")
Cell = tuple[str, int]
"""Store and UTC day as days since 1970: one partition of a table."""

_ROUND_BYTES: Final = 64 * 1024 * 1024
"""Bytes of Parquet sent at a time."""
_CELLS_A_STATEMENT: Final = 500
_LOCK: Final = ".clickhouse.lock"
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Known:
    """A part that was sent."""

    name: str
    cell: Cell
    path: str


@dataclass(frozen=True, slots=True)
class Change:
    """What became of some partitions of a table since the last load: their parts, the new ones, and the ones gone."""

    cells: tuple[Cell, ...]
    parts: tuple[Part, ...]
    fresh: tuple[Part, ...]
    gone: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class Behind:
    """Rows of the lake that a mirror lacks, and for how long the oldest of them has been in the lake, seconds."""

    rows: int
    seconds: float


class ClickHouseData:
    """The database a client speaks to, as a mirror of one lake. Used from one thread at a time."""

    def __init__(self, client: Client, lake_folder: Path, memory: str = "512MB") -> None:
        self._client = client
        self._database = str(client.database)
        self._folder = lake_folder
        self._memory = memory

    def prepare(self) -> None:
        """Make every table and view, or bring them up to date with the data contract."""
        for statement in schema_sql(self._database):
            self._command(statement)

    def warehouse(self) -> ClickHouseWarehouse:
        """Return a reader, to be used from one thread at a time."""
        return ClickHouseWarehouse(self._client)

    def load(self, tell: Callable[[str], None] = lambda _: None) -> dict[str, int]:
        """Send what ClickHouse does not have yet, remove what the lake no longer has; return rows sent, per table.

        Stopped at any point, the next load goes on from there: partitions are sent, compared and noted a round of some
        64 MiB at a time. Loads of one lake wait for each other.

        Raises:
            LogDamaged: a part of the lake cannot be read, or the counts still differ after a partition was sent anew.
            Unavailable: the server does not answer.
        """
        with held_lock(self._folder / _LOCK, wait=True), answering(self._database):
            manifest, known = read_manifest(self._folder), self._known()
            sent: Counter[str] = Counter()
            for table in LOGGED_TABLES.values():
                parts = [part for part in manifest.parts if part.table == table.name]
                for change in _changes(parts, known.get(table.name, {})):
                    sent[table.name] += self._bring(table, manifest, change)
                    tell(f"{table.name}: {sent[table.name]:,} rows sent")
            return {name: rows for name, rows in sent.items() if rows}

    def sent(self) -> frozenset[str]:
        """Return the paths of the parts that were sent.

        Raises:
            Unavailable: the server does not answer.
        """
        with answering(self._database):
            return frozenset(path for each in self._known().values() for path in each)

    def _bring(self, table: TableSchema, manifest: Manifest, change: Change) -> int:
        """Send the new parts of some partitions, and all of those that then count otherwise; return rows sent."""
        sent = self._send(table, manifest, change.fresh)
        wrong = self._differing(table, change.parts, change.cells)
        if wrong:
            self._empty(table, wrong)
            again = [part for part in change.parts if cell_of(part) in wrong]
            sent += self._send(table, manifest, again)
            if self._differing(table, change.parts, sorted(wrong)):
                raise LogDamaged(
                    f"ClickHouse and the lake count differently in {len(wrong)} partition(s) of {table.name}.",
                    "Look whether something else writes to that database; it must belong to Shopkeeper alone.",
                )
        self._remember(change.fresh, change.gone)
        return sent

    def _send(self, table: TableSchema, manifest: Manifest, parts: Sequence[Part]) -> int:
        """Insert the rows of parts, many small parts at a time, and return how many rows."""
        target = f"{quoted(self._database)}.{rows_table(table)}"
        for chosen in _rounds(parts):
            select = read_parts_sql(table, files_by_columns(chosen, manifest.layouts, self._folder))
            with self._as_parquet(select) as file:
                self._client.raw_insert(target, insert_block=file.read_bytes(), fmt="Parquet", settings=MEANING)
        return sum(part.rows for part in parts)

    @contextmanager
    def _as_parquet(self, select: str) -> Iterator[Path]:
        """Write the rows of a query over the lake as one Parquet file, every column of the contract in it."""
        with tempfile.TemporaryDirectory(prefix="shopkeeper-load-") as folder:
            file = Path(folder) / "rows.parquet"
            connection = open_duckdb(Path(folder), self._memory)
            try:
                connection.execute(f"COPY ({select}) TO {text_literal(str(file))} (FORMAT parquet, COMPRESSION zstd)")
            except duckdb.IOException as error:
                raise LogDamaged(
                    f"A part of the lake in {self._folder} cannot be read: {error}.", "Load again, or restore it."
                ) from error
            finally:
                connection.close()
            yield file

    def _differing(self, table: TableSchema, parts: Sequence[Part], cells: Sequence[Cell]) -> set[Cell]:
        """Return the partitions whose count of rows is not the lake's."""
        expected: Counter[Cell] = Counter(dict.fromkeys(cells, 0))
        for part in parts:
            if cell_of(part) in expected:
                expected[cell_of(part)] += part.rows
        there: Counter[Cell] = Counter(dict.fromkeys(cells, 0))
        for where in cell_conditions(cells):
            rows = self._client.query(
                f"SELECT store, {DAY}, count() FROM {rows_table(table)} FINAL WHERE {where} GROUP BY store, {DAY}",  # noqa: S608
                settings=MEANING,
            ).result_rows
            there.update({(str(store), int(day)): int(count) for store, day, count in rows})
        return {cell for cell in cells if there[cell] != expected[cell]}

    def _empty(self, table: TableSchema, cells: set[Cell]) -> None:
        """Remove every row of partitions from the disk, and return when they are gone."""
        for where in cell_conditions(sorted(cells)):
            self._command(f"ALTER TABLE {rows_table(table)} DELETE WHERE {where} SETTINGS mutations_sync = 2")

    def _known(self) -> dict[str, dict[str, Known]]:
        rows = self._client.query(
            f"SELECT name, store, day, path FROM {LOADED} FINAL WHERE gone = 0",  # noqa: S608
            settings=MEANING,
        ).result_rows
        known: dict[str, dict[str, Known]] = {}
        for name, store, day, path in rows:
            known.setdefault(str(name), {})[str(path)] = Known(str(name), (str(store), int(day)), str(path))
        return known

    def _remember(self, fresh: Sequence[Part], gone: Sequence[Known]) -> None:
        newest = self._client.query(f"SELECT coalesce(max(turn), 0) FROM {LOADED}", settings=MEANING)  # noqa: S608
        turn = int(newest.result_rows[0][0]) + 1
        rows = [[part.table, *cell_of(part), part.path, 0, turn] for part in fresh]
        rows += [[one.name, *one.cell, one.path, 1, turn] for one in gone]
        if rows:
            self._client.insert(
                LOADED, rows, column_names=["name", "store", "day", "path", "gone", "turn"], settings=MEANING
            )

    def _command(self, statement: str) -> None:
        self._client.command(statement, settings=MEANING)


def behind(lake_folder: Path, sent: Container[str]) -> Behind:
    """Return what of a lake is not among the parts that were `sent`."""
    waiting = [part for part in read_manifest(lake_folder).parts if part.path not in sent]
    written = [(lake_folder / part.path).stat().st_mtime for part in waiting if (lake_folder / part.path).exists()]
    return Behind(sum(part.rows for part in waiting), max(0.0, time.time() - min(written)) if written else 0.0)


def _changes(parts: Sequence[Part], known: Mapping[str, Known]) -> Iterator[Change]:
    """Yield the partitions that changed, as many at a time as a round holds, at least one."""
    there = {part.path for part in parts}
    fresh = _by_cell((part, cell_of(part)) for part in parts if part.path not in known)
    gone = _by_cell((one, one.cell) for path, one in known.items() if path not in there)
    every = _by_cell((part, cell_of(part)) for part in parts)
    chosen: list[Cell] = []
    total = 0
    for cell in sorted({*fresh, *gone}):
        size = sum(part.bytes for part in fresh.get(cell, ()))
        if chosen and total + size > _ROUND_BYTES:
            yield _change(chosen, every, fresh, gone)
            chosen, total = [], 0
        chosen.append(cell)
        total += size
    if chosen:
        yield _change(chosen, every, fresh, gone)


def _change(
    cells: Sequence[Cell],
    every: Mapping[Cell, list[Part]],
    fresh: Mapping[Cell, list[Part]],
    gone: Mapping[Cell, list[Known]],
) -> Change:
    return Change(
        tuple(cells),
        tuple(part for cell in cells for part in every.get(cell, ())),
        tuple(part for cell in cells for part in fresh.get(cell, ())),
        tuple(one for cell in cells for one in gone.get(cell, ())),
    )


def _by_cell(items: Iterable[tuple[ItemT, Cell]]) -> dict[Cell, list[ItemT]]:
    found: dict[Cell, list[ItemT]] = {}
    for item, cell in items:
        found.setdefault(cell, []).append(item)
    return found


def cell_of(part: Part) -> Cell:
    """Return the partition of a part."""
    return part.store, (date.fromisoformat(part.day) - _EPOCH).days


def _rounds(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Yield parts, as many at a time as a round holds, at least one."""
    chosen: list[Part] = []
    total = 0
    for part in parts:
        if chosen and total + part.bytes > _ROUND_BYTES:
            yield chosen
            chosen, total = [], 0
        chosen.append(part)
        total += part.bytes
    if chosen:
        yield chosen


def cell_conditions(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield SQL that is true for rows of the partitions, some hundred at a time."""
    for start in range(0, len(cells), _CELLS_A_STATEMENT):
        listed = ", ".join(f"({_text(store)}, {day})" for store, day in cells[start : start + _CELLS_A_STATEMENT])
        yield f"(store, {DAY}) IN ({listed})"


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
