"""From the log into the lake: segments become Parquet parts, each row once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import duckdb

from shopkeeper.commerce.tables import LOGGED_TABLES, TableSchema
from shopkeeper.engines.duckdb_session import name_literal
from shopkeeper.engines.lake_columns import always_written, column_names, read_log_sql, time_column
from shopkeeper.engines.lake_manifest import Part
from shopkeeper.engines.lake_rows import FreshRows, write_fresh
from shopkeeper.engines.lake_writer import LakeWriter
from shopkeeper.engines.segment_recovery import read_segment
from shopkeeper.errors import LogDamaged

ROUND_BYTES: Final = 288 * 1024 * 1024
"""Bytes of segments taken at a time: four full ones, about 1.5 million events, which fit into 512 MB in DuckDB."""
_CELLS_OF_AN_IMPORT: Final = 64
"""Partitions touched at a time above which columns without a value are left out, because each file costs."""


@dataclass(slots=True)
class Taken:
    """What has been taken from segments so far.

    Attributes:
        rows: Rows added, per table.
        duplicates: Rows left out because they were there already, per table.
        segments: Segments whose rows are now in the lake.
        damaged: Why segments were left where they are.
    """

    rows: Counter[str] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    segments: int = 0
    damaged: list[LogDamaged] = field(default_factory=list)


def rounds(segments: Sequence[Path], most_bytes: int = ROUND_BYTES) -> Iterator[list[Path]]:
    """Yield the segments in order, as many at a time as memory allows, at least one."""
    chosen: list[Path] = []
    total = 0
    for path in segments:
        size = path.stat().st_size
        if chosen and total + size > most_bytes:
            yield chosen
            chosen, total = [], 0
        chosen.append(path)
        total += size
    if chosen:
        yield chosen


def take_segments(writer: LakeWriter, segments: Sequence[Path], taken: Taken) -> None:
    """Bring the rows of sealed segments into the lake, publish them, and delete the segments.

    Segments that are damaged, or that hold a row no table of the contract fits, are left where they are and named in
    `taken.damaged`; the others are not held up by them.
    """
    try:
        _take(writer, segments, taken)
    except (duckdb.OutOfMemoryException, duckdb.InvalidInputException, duckdb.DataError) as error:
        if len(segments) > 1:  # too much for the memory limit, or one of them does not fit: find out which
            middle = len(segments) // 2
            take_segments(writer, segments[:middle], taken)
            take_segments(writer, segments[middle:], taken)
        elif isinstance(error, duckdb.OutOfMemoryException):
            raise
        else:
            taken.damaged.append(_unreadable(segments[0], str(error).splitlines()[0]))


def _take(writer: LakeWriter, segments: Sequence[Path], taken: Taken) -> None:
    scratch = writer.staging / "rows"
    scratch.mkdir(parents=True, exist_ok=True)
    intact: list[Path] = []
    files: dict[str, Path] = {}
    for path in segments:
        try:
            files.update(_unload(path, scratch))
            intact.append(path)
        except LogDamaged as damage:
            taken.damaged.append(damage)
    writer.on_step("segments read")
    parts: list[Part] = []
    added: Counter[str] = Counter()
    duplicates: Counter[str] = Counter()
    try:
        for name, file in files.items():
            table_parts, read = load_rows(writer, LOGGED_TABLES[name], read_log_sql(LOGGED_TABLES[name], file))
            parts += table_parts
            added[name] = sum(part.rows for part in table_parts)
            duplicates[name] = read - added[name]
    finally:
        for file in files.values():
            file.unlink()
    if not intact:
        return
    writer.publish(parts, consumed=[path.name for path in intact])
    writer.delete_consumed()
    taken.rows.update(added)
    taken.duplicates.update(duplicates)
    taken.segments += len(intact)


def _unload(path: Path, scratch: Path) -> dict[str, Path]:
    """Append the rows of a segment to one NDJSON file a table; nothing is appended when the segment is damaged."""
    files: dict[str, Path] = {}
    with ExitStack() as stack:
        opened: dict[str, tuple[BinaryIO, int]] = {}
        try:
            for frame in read_segment(path):
                if frame.table not in opened:
                    if frame.table not in LOGGED_TABLES:
                        raise _unreadable(path, f"table {frame.table!r} is not in the data contract")
                    files[frame.table] = scratch / f"{frame.table}.json"
                    fresh = stack.enter_context(files[frame.table].open("ab"))
                    opened[frame.table] = (fresh, fresh.tell())
                opened[frame.table][0].write(frame.payload)
        except LogDamaged:
            for file, start in opened.values():
                file.truncate(start)
            raise
    return files


def load_rows(writer: LakeWriter, table: TableSchema, select: str) -> tuple[list[Part], int]:
    """Write the rows of a query with every column of a table as parts, each new row once.

    Returns the parts, which nothing names yet, and how many rows were read.
    """
    run = writer.connection.execute
    try:
        run(f"CREATE TABLE fresh AS {select}")
        time = name_literal(time_column(table))
        read, unplaced, cells = run(
            f"SELECT count(*), count(*) FILTER (store IS NULL OR {time} IS NULL), "  # noqa: S608
            f"count(DISTINCT (store, CAST({time} AS DATE))) FROM fresh"
        ).fetchall()[0]
        if unplaced:
            raise duckdb.InvalidInputException(f"{unplaced} row(s) of {table.name} have no store or no {time}")
        columns = _filled(writer, table) if cells > _CELLS_OF_AN_IMPORT else column_names(table)
        rows = FreshRows(writer.connection, "(SELECT rowid AS place, * FROM fresh)", columns)
        return write_fresh(writer, table, rows), read
    finally:
        run("DROP TABLE IF EXISTS fresh")


def _filled(writer: LakeWriter, table: TableSchema) -> tuple[str, ...]:
    """Return the columns that hold anything; a part without the others reads the same and is written twice as fast."""
    names = column_names(table)
    counts = writer.connection.execute(
        f"SELECT {', '.join(f'count({name_literal(name)})' for name in names)} FROM fresh"  # noqa: S608
    ).fetchall()[0]
    required = always_written(table)
    return tuple(name for name, count in zip(names, counts, strict=True) if count or name in required)


def _unreadable(path: Path, why: str) -> LogDamaged:
    return LogDamaged(
        f"Segment {path} cannot be brought into the lake: {why}.",
        "It was left where it is. Use a version of Shopkeeper that knows its rows, or move it out of the log folder.",
    )
