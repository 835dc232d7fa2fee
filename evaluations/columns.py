"""Columns of a data file as arrays, for the evaluations that read files as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np


def read(file: Path, columns: list[str]) -> dict[str, np.ndarray[Any, Any]]:
    """Return columns of a file as arrays."""
    named = ", ".join('"' + column.replace('"', '""') + '"' for column in columns)
    connection = duckdb.connect()
    try:
        return dict(connection.execute(f"SELECT {named} FROM {_reader(file)}(?)", [str(file)]).fetchnumpy())  # noqa: S608 - names are quoted
    finally:
        connection.close()


def numbers(values: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return a column as numbers. Raises ValueError for one with gaps or text."""
    found = np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)
    if np.isnan(found).any():
        row = int(np.flatnonzero(np.isnan(found))[0]) + 1
        raise ValueError(f"{name} has no number in row {row}; fill it, or leave the unit out in both arms")
    return found


def columns_of(file: Path) -> list[str]:
    """Return the names of a file's columns."""
    connection = duckdb.connect()
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {_reader(file)}(?)", [str(file)])  # noqa: S608 - a name from the list below
        return [row[0] for row in described.fetchall()]
    finally:
        connection.close()


def _reader(file: Path) -> str:
    return {".parquet": "read_parquet", ".csv": "read_csv"}.get(file.suffix, "read_json")
