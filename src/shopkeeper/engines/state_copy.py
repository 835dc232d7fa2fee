"""Moving house: every table of one state database into another, with counts and checksums compared.

May be broken off and started again at any row: a row that is there already is left as it is, and what decides in the
end is that both databases hold the same rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Table, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from shopkeeper.engines.state_schema import METADATA
from shopkeeper.errors import ContractNotMet

_ROWS = 2_000
_SPACE = 1 << 128

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TableDigest:
    """What a table holds: its rows, and a checksum over them whatever their order."""

    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """One table copied: rows written now, rows that were there before, and what both sides hold in the end."""

    name: str
    written: int
    before: int
    digest: TableDigest


def copy_state(source: Engine, target: Engine, tell: Callable[[str], None] = lambda _: None) -> list[CopiedTable]:
    """Copy every table of `source` into `target`, both at the newest revision, and compare them.

    Raises:
        ContractNotMet: a table is not the same on both sides afterwards; names it and both counts.
    """
    copied = []
    for table in METADATA.sorted_tables:
        before, written = _copy(table, source, target)
        ours, theirs = digest(table, source), digest(table, target)
        if ours != theirs:
            raise ContractNotMet(
                f"Table {table.name} differs after the copy: {ours.rows:,} rows here, {theirs.rows:,} there"
                f"{'' if ours.rows != theirs.rows else ', with other content'}.",
                "Stop what writes to either database, give a target that is empty or a copy begun before; run again.",
            )
        copied.append(CopiedTable(str(table.name), written, before, ours))
        tell(f"{table.name}: {ours.rows:,} rows, the same on both sides")
    return copied


def digest(table: Table, engine: Engine) -> TableDigest:
    """Return count and checksum of a table: the sum of the hashes of its rows, so their order plays no part."""
    rows, total = 0, 0
    for row in rows_of(table, engine):
        text_of_row = msgspec.json.encode([row[column.name] for column in table.columns])
        total = (total + int.from_bytes(hashlib.blake2b(text_of_row, digest_size=16).digest())) % _SPACE
        rows += 1
    return TableDigest(rows, f"{total:032x}")


def _copy(table: Table, source: Engine, target: Engine) -> tuple[int, int]:
    """Copy the rows of a table that `target` lacks; returns how many it had before and how many were written."""
    before = count_rows(table, target)
    write_rows(table, target, rows_of(table, source))
    return before, count_rows(table, target) - before


def write_rows(table: Table, target: Engine, rows: Iterable[Row]) -> int:
    """Write the rows whose key a table lacks, a few at a time; returns how many there were to write."""
    insert: Any = postgresql.insert(table) if target.dialect.name == "postgresql" else sqlite.insert(table)
    statement = insert.on_conflict_do_nothing(index_elements=[column.name for column in table.primary_key])
    given, rows = 0, iter(rows)
    while batch := list(islice(rows, _ROWS)):
        given += len(batch)
        with target.begin() as connection:
            connection.execute(statement, batch)
    with target.begin() as connection:
        _move_on(table, connection)
    return given


def rows_of(table: Table, engine: Engine) -> Iterator[Row]:
    """Yield the rows of a table in the order of its key, a few in memory at a time."""
    query = select(table).order_by(*table.primary_key)
    with engine.connect() as connection:
        reading = connection.execution_options(yield_per=_ROWS)
        for row in reading.execute(query).mappings():
            yield dict(row)


def last_number(table: Table, engine: Engine) -> int | None:
    """Return the highest number of a table that numbers its rows, 0 without rows; None for any other table."""
    numbered = numbering(table)
    if numbered is None:
        return None
    with engine.connect() as connection:
        return int(connection.execute(select(func.max(table.c[numbered]))).scalar() or 0)


def numbering(table: Table) -> str | None:
    """Return the column by which a table numbers its rows; None where it does not."""
    return next((c.name for c in table.primary_key if c.autoincrement is True), None)


def count_rows(table: Table, engine: Engine) -> int:
    """Return how many rows a table has."""
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _move_on(table: Table, connection: Connection) -> None:
    """Let PostgreSQL number new rows after the copied ones; SQLite does so by itself."""
    name = numbering(table)
    if connection.dialect.name != "postgresql" or name is None:
        return
    last = connection.execute(select(func.max(table.c[name]))).scalar()
    if last is not None:
        moved = text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)")
        connection.execute(moved, {"table": table.name, "column": name, "last": last})
