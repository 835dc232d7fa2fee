"""In-memory DuckDB with bounded memory and nothing loaded over the network."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

from shopkeeper.errors import Unavailable

SPILL: Final = ".spill"
_LEFTOVER_SECONDS: Final = 24 * 3600


def open_duckdb(folder: Path, memory: str = "512MB", threads: int = 2) -> duckdb.DuckDBPyConnection:
    """Return a new in-memory database.

    Args:
        folder: Its folder `.spill` takes what does not fit into memory.
        memory: Most memory DuckDB may use, such as `512MB`.
    """
    (folder / SPILL).mkdir(parents=True, exist_ok=True)  # DuckDB makes only the last folder of a path
    connection = duckdb.connect(
        config={
            # JSON, Parquet and ICU are built in; nothing else may be fetched or loaded.
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": memory,
            "threads": str(threads),
            "temp_directory": str(folder / SPILL / secrets.token_hex(8)),
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection


@contextmanager
def computing(what: str, folder: Path, memory: str, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a database for something large that keeps what is done day by day; see `open_duckdb`.

    Raises:
        Unavailable: files went away under the look, or disk or memory does not suffice; `what` could not be computed.
    """
    connection = open_duckdb(folder, memory, threads)
    connection.execute("SET preserve_insertion_order = false")
    try:
        yield connection
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise Unavailable(
            f"{what} cannot be computed: {error}.",
            "Free disk space or memory, or wait for a compaction to end, and ask again; days done stay done.",
        ) from error
    finally:
        connection.close()


def sweep_spill(folder: Path, now: float) -> None:
    """Delete what killed processes spilled more than a day before `now` (seconds since the epoch)."""
    for path in folder.glob(f"{SPILL}/*"):
        if path.stat().st_mtime < now - _LEFTOVER_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def text_literal(text: str) -> str:
    """Return a string as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def name_literal(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def files_literal(paths: list[Path]) -> str:
    """Return file paths as an SQL list."""
    return "[" + ", ".join(text_literal(str(path)) for path in paths) + "]"
