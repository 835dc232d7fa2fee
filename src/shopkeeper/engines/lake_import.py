"""The way back from an export: Parquet files of `lake_export` become parts of a lake, as they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import duckdb

from shopkeeper.commerce.tables import LOGGED_TABLES
from shopkeeper.engines.duckdb_session import text_literal
from shopkeeper.engines.lake_compaction import load_rows
from shopkeeper.engines.lake_export import read_exported_sql
from shopkeeper.engines.lake_writer import LakeWriter
from shopkeeper.errors import InputError

ROWS_A_ROUND: Final = 500_000


def take_exported(writer: LakeWriter, folder: Path, tell: Callable[[str], None]) -> dict[str, int]:
    """Bring in every table below a folder, a round of rows at a time, and return how many rows it holds, by table.

    Raises:
        InputError: a file is no Parquet file of this table.
    """
    counts: dict[str, int] = {}
    for table in LOGGED_TABLES.values():
        for file in sorted((folder / table.name).rglob("*.parquet")):
            try:
                present, rows = _looked_at(writer, file)
                for first in range(0, rows, ROWS_A_ROUND):
                    parts, _ = load_rows(writer, table, read_exported_sql(table, file, present, first, ROWS_A_ROUND))
                    writer.publish(parts)
            except (duckdb.BinderException, duckdb.InvalidInputException, duckdb.DataError) as error:
                raise InputError(
                    f"{file} is not a file of {table.name}: {str(error).splitlines()[0]}.", "Export again."
                ) from error
            counts[table.name] = counts.get(table.name, 0) + rows
            tell(f"{table.name}: {counts[table.name]:,} rows")
    return counts


def _looked_at(writer: LakeWriter, file: Path) -> tuple[frozenset[str], int]:
    """Return the columns of a Parquet file and how many rows it has."""
    source = f"read_parquet({text_literal(str(file))})"
    run = writer.connection.execute
    columns = frozenset(str(row[0]) for row in run(f"DESCRIBE SELECT * FROM {source}").fetchall())  # noqa: S608
    return columns, int(run(f"SELECT count(*) FROM {source}").fetchall()[0][0])  # noqa: S608
