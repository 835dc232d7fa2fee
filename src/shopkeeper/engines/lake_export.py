"""Writing the lake out as plain Parquet that `shopkeeper import` reads, or any other tool.

    FOLDER/TABLE/data_N.parquet

Times carry their offset, texts are plain, objects are JSON text. A keyed table comes with its whole history
(`source_ts`, `deleted`): the versions of a key lie in files of their own, `version-N`, because an import keeps one row
per key and file where a table has no time of its own.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

import duckdb

from shopkeeper.commerce.tables import KEYED_TABLES, LOGGED_TABLES, TableSchema
from shopkeeper.engines.duckdb_session import name_literal, open_duckdb, text_literal
from shopkeeper.engines.lake_columns import ANSWERS, LakeColumn, groups_sql, lake_columns, read_parts_sql
from shopkeeper.engines.lake_manifest import read_manifest
from shopkeeper.errors import Unavailable

_LIKE_JSON: Final = """'[{"\\[](.|\\n)*'"""
"""Texts that a reader would take for JSON: they are written as JSON strings, so that they come back as texts."""
_FORMAT: Final = "FORMAT parquet, COMPRESSION zstd, FILE_SIZE_BYTES '256MB'"


def export_lake(
    lake_folder: Path, folder: Path, store: str | None, *, memory: str = "512MB", threads: int = 2
) -> dict[str, int]:
    """Write every table of the lake below `folder` and return its rows by table, history included.

    Args:
        store: Only rows of this store and rows that hold in every store; None = all.
    Raises:
        Unavailable: a file went while it was read, or the disk is full; what was written so far is not whole.
    """
    manifest = read_manifest(lake_folder)
    connection = open_duckdb(lake_folder, memory, threads)
    counts: dict[str, int] = {}
    try:
        for table in LOGGED_TABLES.values():
            connection.execute(f"SET threads = {1 if table in ANSWERS else threads}")
            parts = read_parts_sql(table, manifest.files(table, lake_folder))
            where = "" if store is None else f" WHERE store IN ({text_literal(store)}, '')"
            rows = f"SELECT {', '.join(_plain(c) for c in lake_columns(table))} FROM ({parts}){where}"  # noqa: S608
            counts[table.name] = _write(connection, table, rows, folder / table.name)
    except (duckdb.Error, OSError) as error:
        raise Unavailable(
            f"The lake in {lake_folder} cannot be written to {folder}: {str(error).splitlines()[0]}.",
            "Check the space left there, empty the folder, and export again.",
        ) from error
    finally:
        connection.close()
    return counts


def _write(connection: duckdb.DuckDBPyConnection, table: TableSchema, rows: str, folder: Path) -> int:
    """Write one table and return its rows."""
    if table.name not in KEYED_TABLES or table.time is not None:
        return _copy(connection, table, rows, folder)
    key = ", ".join(name_literal(name) for name in table.key)
    versioned = f"SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY source_ts) AS version FROM ({rows})"  # noqa: S608
    connection.execute(f"CREATE OR REPLACE TEMP TABLE versioned AS {versioned}")
    last = connection.execute("SELECT max(version) FROM versioned").fetchall()[0][0] or 0
    for version in range(1, last + 1):
        one = f"SELECT * EXCLUDE (version) FROM versioned WHERE version = {version}"  # noqa: S608
        _copy(connection, table, one, folder / f"version-{version:06d}")
    return int(connection.execute("SELECT count(*) FROM versioned").fetchall()[0][0])


def _copy(connection: duckdb.DuckDBPyConnection, table: TableSchema, rows: str, folder: Path) -> int:
    if connection.execute(f"SELECT 1 FROM ({rows}) LIMIT 1").fetchone() is None:  # noqa: S608
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    how = f"{_FORMAT}{groups_sql(table)}"
    return int(connection.execute(f"COPY ({rows}) TO {text_literal(str(folder))} ({how})").fetchall()[0][0])


def _plain(column: LakeColumn) -> str:
    """Return SQL of a column as other tools expect it."""
    name = column.quoted
    if column.kind == "time":
        return f"CAST({name} AS TIMESTAMPTZ) AS {name}"
    if column.kind == "json":  # a text that may also be an object is kept as a JSON string
        text = f"json_extract_string({name}, '$')"
        is_text = f"json_type({name}) = 'VARCHAR' AND {text} NOT SIMILAR TO {_LIKE_JSON}"
        return f"CASE WHEN {name} = '{{}}' THEN NULL WHEN {is_text} THEN {text} ELSE {name} END AS {name}"
    return name


def read_exported_sql(table: TableSchema, file: Path, present: Collection[str], first: int, rows: int) -> str:
    """Return SQL that reads rows of one exported file as the lake stores them.

    Args:
        present: Columns the file has; a column that came to the contract later reads as its default.
        first: Number of the first row, counted from 0.
    """
    columns = ", ".join(_stored(c) if c.name in present else c.absent for c in lake_columns(table))
    return (
        f"SELECT {columns} FROM read_parquet({text_literal(str(file))}, file_row_number=true) "  # noqa: S608
        f"WHERE file_row_number >= {first} AND file_row_number < {first + rows}"
    )


def _stored(column: LakeColumn) -> str:
    """Return SQL that turns an exported value back into the stored one."""
    name = column.quoted
    if column.kind == "time":
        return f"CAST({name} AS TIMESTAMP) AS {name}"
    if column.kind == "json":
        raw = f"{name} SIMILAR TO {_LIKE_JSON} AND json_valid({name})"
        value = f"CASE WHEN {name} IS NULL OR {raw} THEN {name} ELSE CAST(to_json({name}) AS VARCHAR) END"
        return f"{value if column.default == 'NULL' else f'coalesce({value}, {column.default})'} AS {name}"
    return name
