"""Fresh rows become Parquet parts, each once: what compaction and the fast lane of an import share."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import duckdb

from shopkeeper.commerce.tables import TableSchema
from shopkeeper.engines.duckdb_session import name_literal, text_literal
from shopkeeper.engines.lake_columns import ANSWERS, identity, laid_out_sql, part_order, read_parts_sql, time_column
from shopkeeper.engines.lake_manifest import Part, files_by_columns
from shopkeeper.engines.lake_writer import Cell, LakeWriter

_CELLS_A_COPY: Final = 128
_ROWS_A_COPY: Final = 250_000
ROWS_A_SPAN: Final = 4_096
"""Rows a partition must have on average for each to be copied by a statement of its own."""


@dataclass(frozen=True, slots=True)
class FreshRows:
    """Rows of a table in a database, on their way into the lake.

    Attributes:
        connection: The database; it may write below the writer's staging folder.
        relation: SQL, to be used after FROM, of the rows: `columns` as the lake stores them, and `place`, by which the
            first of equal rows is known.
        columns: The columns to write; what reads need besides is in them.
        beside: More cursors of the database that see the relation; partitions are written by all of them at once.
    """

    connection: duckdb.DuckDBPyConnection
    relation: str
    columns: tuple[str, ...]
    beside: tuple[duckdb.DuckDBPyConnection, ...] = ()


@dataclass(frozen=True, slots=True)
class _Span:
    """The rows of one partition.

    Attributes:
        first, last: The places they lie between; rows of other partitions may lie there too.
        late: Some row may come before an earlier one in time.
    """

    cell: Cell
    rows: int
    first: int
    last: int
    late: bool


def write_fresh(writer: LakeWriter, table: TableSchema, fresh: FreshRows) -> list[Part]:
    """Write rows as parts, each new row once, and return these; nothing is published yet."""
    run = fresh.connection.execute
    try:
        spans = _spans(table, fresh)
        cells = {number: span.cell for number, span in spans.items()}
        begun = _begun(writer, table, spans.values())
        known = _known(writer, table, fresh, begun)
        if _apart(spans.values()) and _all_new(table, fresh, known, begun):
            writer.on_step("rows loaded")
            asked = [(_span_select(table, fresh, span), span.cell) for span in spans.values()]
            return writer.write_parts(table, asked, fresh.columns, [fresh.connection, *fresh.beside])
        _keep_first(table, fresh, known)
        writer.on_step("rows loaded")
        return [part for chosen in _copies(fresh) for part in _write(writer, table, fresh, chosen, cells)]
    finally:
        for name in ("cells", "known", "kept"):
            run(f"DROP TABLE IF EXISTS {name}")


def _spans(table: TableSchema, fresh: FreshRows) -> dict[int, _Span]:
    """Number the partitions of the rows, in the table `cells`, and return where each lies."""
    run = fresh.connection.execute
    time = name_literal(time_column(table))
    # Over all partitions: cheaper than within each, and what is never late here is not late there.
    latest = f"max({time}) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    run(
        "CREATE TEMP TABLE cells AS SELECT row_number() OVER (ORDER BY store, day) AS cell, * FROM ("  # noqa: S608
        "SELECT store, day, count(*) AS n, min(place) AS first, max(place) AS last, bool_or(late) AS late FROM ("
        f"SELECT store, CAST({time} AS DATE) AS day, place, {time} < {latest} AS late FROM {fresh.relation}) "
        "GROUP BY store, day)"
    )
    found = run("SELECT cell, store, day, n, first, last, late FROM cells ORDER BY cell").fetchall()
    return {cell: _Span((store, day), *where) for cell, store, day, *where in found}


def _apart(spans: Collection[_Span]) -> bool:
    """Tell whether the partitions lie in the rows one after the other, as in a file in order of time."""
    rows = sum(span.rows for span in spans)
    return rows >= ROWS_A_SPAN * len(spans) and sum(span.last - span.first + 1 for span in spans) <= 2 * rows


def _begun(writer: LakeWriter, table: TableSchema, spans: Collection[_Span]) -> list[_Span]:
    """Return the partitions that have rows already."""
    there = {part.partition for part in writer.manifest.parts}
    return [span for span in spans if (table.name, span.cell[0], span.cell[1].isoformat()) in there]


def _meanwhile(table: TableSchema, fresh: FreshRows) -> str:
    """Return SQL that leaves out rows no fresh one can be the same as: an answer is written once, with the time it was
    given at, while an event may be sent again with another. A day of ten million answers would be read each time."""
    if table not in ANSWERS:
        return ""
    time = name_literal(time_column(table))
    ((first, last),) = fresh.connection.execute(
        f"SELECT min({time}), max({time}) FROM {fresh.relation}"  # noqa: S608
    ).fetchall()
    return f" WHERE {time} BETWEEN TIMESTAMP '{first}' AND TIMESTAMP '{last}'"


def _all_new(table: TableSchema, fresh: FreshRows, known: str, begun: Collection[_Span]) -> bool:
    """Tell whether every row is new, which is cheaper than to find the new ones; in doubt, no."""
    run = fresh.connection.execute
    key = ", ".join(name_literal(name) for name in identity(table))
    day = f"CAST({name_literal(time_column(table))} AS DATE)"
    rows = f"SELECT count(*), count(DISTINCT hash({day}, {key})) FROM {fresh.relation}"  # noqa: S608
    ((count, different),) = run(rows).fetchall()
    if count != different:
        return False
    if not begun:
        return True
    first, last = min(span.first for span in begun), max(span.last for span in begun)
    there = f"FROM {fresh.relation} f WHERE f.place BETWEEN {first} AND {last} AND EXISTS ({known})"
    return not run(f"SELECT 1 {there} LIMIT 1").fetchall()


def _span_select(table: TableSchema, fresh: FreshRows, span: _Span) -> str:
    """Return SQL of the rows of a partition, all of them new, in order of time, order lines of many rows last."""
    store, day = span.cell
    time = f"f.{name_literal(time_column(table))}"
    columns = ", ".join(f"f.{name_literal(name)}" for name in fresh.columns)
    select = (
        f"SELECT {columns} FROM {fresh.relation} f WHERE f.place BETWEEN {span.first} AND {span.last} "  # noqa: S608
        f"AND f.store = {text_literal(store)} AND CAST({time} AS DATE) = DATE '{day}'"
    )
    return f"{select} ORDER BY {part_order(table)}" if span.late else laid_out_sql(table, select, span.rows)


def _known(writer: LakeWriter, table: TableSchema, fresh: FreshRows, begun: Collection[_Span]) -> str:
    """Return SQL of the rows of these partitions that are the same as a row `f`; empty without any partition."""
    if not begun:
        return ""
    touched = {(table.name, store, day.isoformat()) for store, day in (span.cell for span in begun)}
    parts = [part for part in writer.manifest.parts if part.partition in touched]
    time = name_literal(time_column(table))
    key = [name_literal(name) for name in identity(table)]
    rows = read_parts_sql(table, files_by_columns(parts, writer.manifest.layouts, writer.folder))
    known = f"SELECT {', '.join(key)}, CAST({time} AS DATE) AS day FROM ({rows}){_meanwhile(table, fresh)}"  # noqa: S608
    if fresh.connection is not writer.connection:  # which may see no more of the lake than what is staged
        writer.staging.mkdir(parents=True, exist_ok=True)
        file = text_literal(str(writer.staging / "known.parquet"))
        writer.connection.execute(f"COPY ({known}) TO {file} (FORMAT parquet)")
        known = f"FROM read_parquet({file})"
    fresh.connection.execute(f"CREATE TEMP TABLE known AS {known}")
    same = " AND ".join(f"k.{name} = f.{name}" for name in key)
    return f"FROM known k WHERE k.day = CAST(f.{time} AS DATE) AND {same}"


def _keep_first(table: TableSchema, fresh: FreshRows, known: str) -> None:
    """Make the table `kept`: the place of each row to write and the number of its partition."""
    time = name_literal(time_column(table))
    unknown = f"WHERE NOT EXISTS ({known})" if known else ""
    placed = f"{fresh.relation} f JOIN cells c ON c.store = f.store AND c.day = CAST(f.{time} AS DATE)"
    grouped = ", ".join(f"f.{name_literal(name)}" for name in identity(table))
    fresh.connection.execute(
        f"CREATE TEMP TABLE kept AS SELECT min(f.place) AS place, c.cell FROM {placed} {unknown} "  # noqa: S608
        f"GROUP BY c.cell, {grouped}"
    )


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
    order = f"ORDER BY k.cell, {part_order(table)}"
    if len(chosen) == 1:
        one = f"SELECT {columns} {rows} {order}"
        return writer.write_part(table, one, cells[chosen[0]], fresh.columns, fresh.connection)
    return writer.write_cells(table, f"SELECT {columns}, k.cell {rows} {order}", cells, fresh.columns, fresh.connection)
