"""Lists of recommendations read back from the files an export wrote, compact enough to hold for every user."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import structlog

from shopkeeper.engines.duckdb_session import open_duckdb, text_literal

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Lists:
    """Lists of one store, end to end; 12 bytes a product and 24 a user.

    Attributes:
        keys: Hash of each user, rising; shape (users,).
        rows: Which list is whose, in the order of `keys`; shape (users,).
        starts: Where each list begins, and the end; shape (users + 1,).
        codes: Products, best first; shape (rows,).
        scores: Shape (rows,).
    """

    products: Sequence[str]
    keys: npt.NDArray[np.uint64]
    rows: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float64]

    def of(self, user: str) -> list[tuple[str, float]] | None:
        key = _key(user)
        place = int(np.searchsorted(self.keys, key))
        if place == len(self.keys) or self.keys[place] != key:
            return None
        row = self.rows[place]
        span = slice(int(self.starts[row]), int(self.starts[row + 1]))
        names = [self.products[code] for code in self.codes[span].tolist()]
        return list(zip(names, self.scores[span].tolist(), strict=True))


class NightListFiles:
    """Implements `recommendations.nightly.NightLists` on `FOLDER/STORE.parquet`.

    `follow` may run in a thread of its own while others read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen: dict[str, tuple[int, int, int]] = {}
        self._lists: dict[str, _Lists] = {}
        self.mark = 0

    def of(self, store: str, user: str) -> Sequence[tuple[str, float]] | None:
        """Return a user's products with their scores, best first."""
        lists = self._lists.get(store)
        return None if lists is None else lists.of(user)

    def follow(self) -> None:
        """Read files that came or changed since the last call; one that cannot be read leaves the lists before it."""
        files = {path.stem: path for path in self.folder.glob("*.parquet")}
        for store in set(self._lists) - set(files):
            self._lists.pop(store)
            self._seen.pop(store, None)
            self.mark += 1
        for store, path in files.items():
            about = path.stat()
            mark = (about.st_ino, about.st_mtime_ns, about.st_size)
            if self._seen.get(store) == mark:
                continue
            self._seen[store] = mark
            try:
                self._lists[store] = _read(path)
            except (duckdb.Error, OSError) as error:
                _log.error("lists_not_read", file=str(path), error=str(error).splitlines()[0])
                continue
            self.mark += 1


def _read(path: Path) -> _Lists:
    with tempfile.TemporaryDirectory(prefix="lists-") as spill:
        connection = open_duckdb(Path(spill))
        try:
            connection.execute(f"CREATE VIEW lists AS SELECT * FROM read_parquet({text_literal(str(path))})")  # noqa: S608
            for table, column in (("users", '"user"'), ("products", "product")):
                connection.execute(
                    f"CREATE TABLE {table} AS SELECT name, (row_number() OVER (ORDER BY name) - 1)::INTEGER AS number "  # noqa: S608
                    f"FROM (SELECT DISTINCT {column} AS name FROM lists)"
                )
            names = _column(connection, "SELECT name FROM users ORDER BY number")
            products = _column(connection, "SELECT name FROM products ORDER BY number")
            found = connection.execute(
                'SELECT u.number AS "user", p.number AS code, l.score AS score FROM lists AS l '
                'JOIN users AS u ON u.name = l."user" JOIN products AS p ON p.name = l.product ORDER BY 1, l.rank'
            ).fetchnumpy()
        finally:
            connection.close()
    keys = np.array([_key(name) for name in names], dtype=np.uint64)
    order = np.argsort(keys)
    starts = np.zeros(len(names) + 1, dtype=np.int64)
    np.cumsum(np.bincount(np.asarray(found["user"]), minlength=len(names)), out=starts[1:])
    return _Lists(products, keys[order], order, starts, np.asarray(found["code"], np.int32), np.asarray(found["score"]))


def _column(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return [str(name) for (name,) in connection.execute(query).fetchall()]


def _key(user: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(user.encode(), digest_size=8).digest(), "big"))
