"""Lists of recommendations as one file: a row for each product of each list."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt

from shopkeeper.engines.duckdb_session import open_duckdb, text_literal
from shopkeeper.errors import InputError, Unavailable

FORMATS: Final = {
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
    ".csv": "FORMAT csv, HEADER true",
    ".jsonl": "FORMAT json",
}
"""How a file is written, by the end of its name."""


def check_list_file(path: Path) -> None:
    """Raise InputError unless lists can be written there."""
    if path.suffix not in FORMATS:
        raise InputError(f"{path} has no known format.", f"Let its name end in one of: {', '.join(FORMATS)}.")
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent} for {path.name}.", "Make it, or write elsewhere.")


def unfinished_name(path: Path) -> Path:
    """Return a new name beside a file for what becomes the file once it is whole."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.unfinished")


def unfinished(path: Path) -> list[Path]:
    """Return the files and folders of such names: what is being written, and what killed exports left."""
    named = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}\.unfinished")
    return [found for found in path.parent.iterdir() if named.fullmatch(found.name)]


class ListFile:
    """Writes `store, user, rank, product, score`; the file is there when all is written, or not at all.

    Rows wait in DuckDB with bounded memory; what is too much for it goes to disk beside the file.

    Args:
        path: The file; one that is there is replaced.
        store: Store of all lists.
        products: Ids that product codes stand for.
    """

    def __init__(self, path: Path, store: str, products: Sequence[str], memory: str = "512MB") -> None:
        check_list_file(path)
        self._path = path
        self._store = store
        self._folder = unfinished_name(path)
        self._connection = open_duckdb(self._folder, memory)
        self._connection.execute("CREATE TABLE products (code INTEGER, name VARCHAR)")
        self._connection.execute('CREATE TABLE users (number BIGINT, "user" VARCHAR)')
        self._connection.execute("CREATE TABLE lists (number BIGINT, rank INTEGER, code INTEGER, score DOUBLE)")
        self._users = 0
        codes = np.arange(len(products), dtype=np.int32)
        self._insert("products", {"code": codes, "name": np.array(products, dtype=object)})

    def __enter__(self) -> ListFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(
        self,
        users: Sequence[str],
        lengths: npt.NDArray[np.int32],
        products: npt.NDArray[np.int32],
        scores: npt.NDArray[np.float64],
    ) -> None:
        """Add the lists of some users, end to end, each best first.

        Raises:
            Unavailable: the disk is full or fails.
        """
        numbers = np.arange(self._users, self._users + len(users))
        starts = np.cumsum(lengths) - lengths
        self._insert("users", {"number": numbers, "user": np.array(users, dtype=object)})
        ranks = (np.arange(len(products)) - np.repeat(starts, lengths) + 1).astype(np.int32)
        self._insert("lists", {"number": np.repeat(numbers, lengths), "rank": ranks, "code": products, "score": scores})
        self._users += len(users)

    def finish(self) -> int:
        """Write the file and return its rows: users in the order they came, each list from its first place on.

        Raises:
            Unavailable: the disk is full or fails; a file that was there before still is.
        """
        draft = unfinished_name(self._path)
        store = text_literal(self._store)
        select = (
            f'SELECT {store} AS store, u."user" AS "user", l.rank, p.name AS product, l.score '  # noqa: S608
            "FROM lists AS l JOIN users AS u USING (number) JOIN products AS p USING (code) ORDER BY l.number, l.rank"
        )
        try:
            copied = self._connection.execute(
                f"COPY ({select}) TO {text_literal(str(draft))} ({FORMATS[self._path.suffix]})"
            ).fetchall()
            draft.rename(self._path)
        except (duckdb.Error, OSError) as error:
            draft.unlink(missing_ok=True)
            raise self._failed(error) from error
        return int(copied[0][0])

    def _insert(self, table: str, columns: Mapping[str, npt.NDArray[np.generic]]) -> None:
        given = dict(columns)  # noqa: F841 - DuckDB reads it by its name
        try:
            if len(next(iter(columns.values()))):
                self._connection.execute(f"INSERT INTO {table} SELECT * FROM given")  # noqa: S608 - our own names
        except (duckdb.Error, OSError) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> Unavailable:
        reason = str(error).splitlines()[0]
        return Unavailable(f"{self._path} cannot be written: {reason}.", "Check the space left there and export again.")
