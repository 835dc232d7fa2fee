"""Whether ClickHouse holds what the lake holds: counts and checksums over every value of every row.

Rows come back from ClickHouse as Parquet, and DuckDB takes the checksum of both sides, so that no difference in how two
engines write a number can hide or feign another one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
from clickhouse_connect.driver.client import Client

from shopkeeper.commerce.tables import LOGGED_TABLES, TableSchema
from shopkeeper.engines.clickhouse_client import MEANING, answering
from shopkeeper.engines.clickhouse_loading import cell_conditions, cell_of
from shopkeeper.engines.clickhouse_schema import quoted, rows_table
from shopkeeper.engines.duckdb_session import open_duckdb, text_literal
from shopkeeper.engines.lake_columns import LakeColumn, lake_columns, read_parts_sql
from shopkeeper.engines.lake_manifest import Manifest, Part, files_by_columns, read_manifest
from shopkeeper.engines.state_copy import TableDigest

_ROUND_ROWS: Final = 500_000
_TYPES: Final = {
    "text": "VARCHAR", "time": "TIMESTAMP", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN",
    "json": "VARCHAR",
}  # fmt: skip
_SPACE: Final = 1 << 128


@dataclass(frozen=True, slots=True)
class ComparedTable:
    """One table on both sides."""

    name: str
    here: TableDigest
    there: TableDigest


def compare_tables(
    client: Client, lake_folder: Path, tell: Callable[[str], None] = lambda _: None, memory: str = "512MB"
) -> Iterator[ComparedTable]:
    """Yield what the lake and ClickHouse hold of each table that has rows on either side.

    Raises:
        Unavailable: the server does not answer.
    """
    manifest = read_manifest(lake_folder)
    with tempfile.TemporaryDirectory(prefix="shopkeeper-compare-") as scratch, answering(str(client.database)):
        file = Path(scratch) / "rows.parquet"
        connection = open_duckdb(Path(scratch), memory)
        try:
            for table in LOGGED_TABLES.values():
                parts = [part for part in manifest.parts if part.table == table.name]
                compared = _compare(client, connection, table, parts, manifest, lake_folder, file)
                if compared.here.rows or compared.there.rows:
                    tell(f"{table.name}: {compared.here.rows:,} rows here, {compared.there.rows:,} there")
                    yield compared
        finally:
            connection.close()


def _compare(
    client: Client,
    connection: duckdb.DuckDBPyConnection,
    table: TableSchema,
    parts: Sequence[Part],
    manifest: Manifest,
    lake_folder: Path,
    file: Path,
) -> ComparedTable:
    here, there = (0, 0), (0, 0)
    for chosen in _rounds(parts):
        lake = read_parts_sql(table, files_by_columns(chosen, manifest.layouts, lake_folder))
        here = _sum(here, _digest(connection, table, lake))
        for where in cell_conditions(sorted({cell_of(part) for part in chosen})):
            there = _sum(there, _fetched(client, connection, table, f" WHERE {where}", file))
    # What lies in partitions the lake does not have shows in the count alone.
    found = client.query(f"SELECT count() FROM {rows_table(table)} FINAL", settings=MEANING).result_rows  # noqa: S608
    rows = int(found[0][0])
    return ComparedTable(table.name, TableDigest(here[0], f"{here[1]:032x}"), TableDigest(rows, f"{there[1]:032x}"))


def _fetched(
    client: Client, connection: duckdb.DuckDBPyConnection, table: TableSchema, where: str, file: Path
) -> tuple[int, int]:
    columns = ", ".join(quoted(column.name) for column in lake_columns(table))
    select = f"SELECT {columns} FROM {rows_table(table)} FINAL{where}"  # noqa: S608 - names of the contract
    options = {**MEANING, "output_format_parquet_string_as_string": 1}
    file.write_bytes(client.raw_query(select, fmt="Parquet", settings=options))
    return _digest(connection, table, f"SELECT * FROM read_parquet({text_literal(str(file))})")  # noqa: S608


def _digest(connection: duckdb.DuckDBPyConnection, table: TableSchema, select: str) -> tuple[int, int]:
    """Return count and the sum of the hashes of all rows, so their order plays no part."""
    values = ", ".join(_cast(column) for column in lake_columns(table))
    rows, total = connection.execute(
        f"SELECT count(*), coalesce(sum(CAST(hash({values}) AS HUGEINT)), 0) FROM ({select})"  # noqa: S608
    ).fetchall()[0]
    return int(rows), int(total)


def _cast(column: LakeColumn) -> str:
    return f"CAST({column.quoted} AS {_TYPES[column.kind]})"


def _sum(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], (one[1] + other[1]) % _SPACE


def _rounds(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Yield the parts of whole partitions, as many as a round of rows holds."""
    chosen: list[Part] = []
    rows = 0
    for part in sorted(parts, key=cell_of):
        if rows > _ROUND_ROWS and cell_of(part) != cell_of(chosen[-1]):
            yield chosen
            chosen, rows = [], 0
        chosen.append(part)
        rows += part.rows
    if chosen:
        yield chosen
