"""Fresh rows become Parquet parts, each once: what compaction and the fast lane of an import share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import duckdb

from shopkeeper.commerce.tables import TableSchema
from shopkeeper.engines.duckdb_session import name_literal, text_literal
from shopkeeper.engines.lake_columns import identity, read_parts_sql, time_column
from shopkeeper.engines.lake_manifest import Part, files_by_columns
from shopkeeper.engines.lake_writer import Cell, LakeWriter

_CELLS_A_COPY: Final = 128
_ROWS_A_COPY: Final = 250_000


@dataclass(frozen=True, slots=True)
class FreshRows:
    """Rows of a table in a database, on their way into the lake.

    Attributes:
        connection: The database; it may write below the writer's staging folder.
        relation: SQL, to be used after FROM, of the rows: `columns` as the lake stores them, and `place`, by which the
            first of equal rows is known.
        columns: The columns to write; what reads need besides is in them.
    """

    connection: duckdb.DuckDBPyConnection
    relation: str
    columns: tuple[str, ...]


def write_fresh(writer: LakeWriter, table: TableSchema, fresh: FreshRows) -> list[Part]:
    """Write rows as parts, each new row once, and return these; nothing is published yet."""
    run = fresh.connection.execute
    try:
        cells = _cells(table, fresh)
        _keep_first(writer, table, fresh, cells)
        writer.on_step("rows loaded")
        return [part for chosen in _copies(fresh) for part in _write(writer, table, fresh, chosen, cells)]
    finally:
        for name in ("cells", "known", "kept"):
            run(f"DROP TABLE IF EXISTS {name}")


def _cells(table: TableSchema, fresh: FreshRows) -> dict[int, Cell]:
    """Number the partitions of the rows."""
    run = fresh.connection.execute
    time = name_literal(time_column(table))
    run(
        "CREATE TEMP TABLE cells AS SELECT row_number() OVER (ORDER BY store, day) AS cell, store, day "  # noqa: S608
        f"FROM (SELECT DISTINCT store, CAST({time} AS DATE) AS day FROM {fresh.relation})"
    )
    return {cell: (store, day) for cell, store, day in run("SELECT cell, store, day FROM cells").fetchall()}


def _keep_first(writer: LakeWriter, table: TableSchema, fresh: FreshRows, cells: Mapping[int, Cell]) -> None:
    """Make the table `kept`: the place of each row to write and the number of its partition."""
    time = name_literal(time_column(table))
    key = [name_literal(name) for name in identity(table)]
    unknown = _known(writer, table, fresh, cells, key)
    placed = f"{fresh.relation} f JOIN cells c ON c.store = f.store AND c.day = CAST(f.{time} AS DATE)"
    grouped = ", ".join(f"f.{name}" for name in key)
    fresh.connection.execute(
        f"CREATE TEMP TABLE kept AS SELECT min(f.place) AS place, c.cell FROM {placed} {unknown} "  # noqa: S608
        f"GROUP BY c.cell, {grouped}"
    )


def _known(writer: LakeWriter, table: TableSchema, fresh: FreshRows, cells: Mapping[int, Cell], key: list[str]) -> str:
    """Return the SQL condition that leaves out rows the touched partitions have already."""
    touched = {(table.name, store, day.isoformat()) for store, day in cells.values()}
    parts = [part for part in writer.manifest.parts if part.partition in touched]
    if not parts:
        return ""
    time = name_literal(time_column(table))
    rows = read_parts_sql(table, files_by_columns(parts, writer.manifest.layouts, writer.folder))
    known = f"SELECT {', '.join(key)}, CAST({time} AS DATE) AS day FROM ({rows})"  # noqa: S608
    if fresh.connection is not writer.connection:  # which may see no more of the lake than what is staged
        writer.staging.mkdir(parents=True, exist_ok=True)
        file = text_literal(str(writer.staging / "known.parquet"))
        writer.connection.execute(f"COPY ({known}) TO {file} (FORMAT parquet)")
        known = f"FROM read_parquet({file})"
    fresh.connection.execute(f"CREATE TEMP TABLE known AS {known}")
    same = " AND ".join(f"k.{name} = f.{name}" for name in key)
    return f"WHERE NOT EXISTS (FROM known k WHERE k.day = CAST(f.{time} AS DATE) AND {same})"


def _copies(fresh: FreshRows) -> Iterator[list[int]]:
    """Yield runs of partitions that are small enough to be written at a time."""
    counts = fresh.connection.execute("SELECT cell, count(*) FROM kept GROUP BY cell ORDER BY cell").fetchall()
    chosen: list[int] = []
    total = 0
    for cell, rows in counts:
        if chosen and (len(chosen) == _CELLS_A_COPY or total + rows > _ROWS_A_COPY):
            yield chosen
            chosen, total = [], 0
        chosen.append(cell)
        total += rows
    if chosen:
        yield chosen


def _write(
    writer: LakeWriter, table: TableSchema, fresh: FreshRows, chosen: list[int], cells: Mapping[int, Cell]
) -> list[Part]:
    columns = ", ".join(f"f.{name_literal(name)}" for name in fresh.columns)
    kept = f"SELECT place, cell FROM kept WHERE cell BETWEEN {chosen[0]} AND {chosen[-1]}"  # noqa: S608
    rows = f"FROM {fresh.relation} f JOIN ({kept}) k ON k.place = f.place"
    order = f"ORDER BY k.cell, f.{name_literal(time_column(table))}"
    if len(chosen) == 1:
        one = f"SELECT {columns} {rows} {order}"
        return writer.write_part(table, one, cells[chosen[0]], fresh.columns, fresh.connection)
    return writer.write_cells(table, f"SELECT {columns}, k.cell {rows} {order}", cells, fresh.columns, fresh.connection)
