"""Analytical reads over the lake by in-memory DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb
import numpy as np
import numpy.typing as npt
import structlog

from shopkeeper.commerce.tables import LOGGED_TABLES
from shopkeeper.engines.duckdb_session import open_duckdb
from shopkeeper.engines.lake_columns import read_parts_sql, view_sql
from shopkeeper.engines.lake_manifest import Manifest, read_manifest
from shopkeeper.errors import LogDamaged, Unavailable
from shopkeeper.experiments.relations import Relation
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.quality.views import VIEWS

_WHOLE_NUMBERS: Final = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
_NUMBERS: Final = frozenset({"FLOAT", "DOUBLE"})
_TIMES: Final = frozenset(
    {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}
)
_ATTEMPTS: Final = 20
_Result = TypeVar("_Result")
_log: Final = structlog.get_logger(__name__)


class DuckDbWarehouse:
    """Implements `experiments.ports.KeepingWarehouse` over the files of one manifest at a time.

    Views: every table of `LOGGED_TABLES` by its name; of a keyed table the newest row of each key that is not deleted,
    and all its rows with `source_ts` and `deleted` as NAME_history; and those of `quality.views`.
    """

    def __init__(self, folder: Path, *, memory: str = "512MB", threads: int = 2) -> None:
        self._folder = folder
        self._memory = memory
        self._threads = threads
        self._connection = open_duckdb(folder, memory, threads)
        self._version: int | None = None

    def close(self) -> None:
        """Let go of the memory."""
        self._connection.close()

    def interrupt(self) -> None:
        """End the read that is under way in another thread, if there is one: it raises Unavailable."""
        self._connection.interrupt()

    def fetch(self, query: NamedQuery, **parameters: object) -> dict[str, npt.NDArray[np.generic]]:
        """Run one named query and return its columns, in the order of the query.

        Times given without an offset are UTC. A boolean column with missing values comes back as objects with None.

        Raises:
            LogDamaged: a file the current manifest names is not there.
            Unavailable: files kept being replaced and deleted during the read; only without a grace period. Or the
                memory does not suffice, by one thread either.
        """
        bound = {name: bound_value(value) for name, value in parameters.items()}
        return self._at_one_state(query.name, lambda: self._columns(query, bound))

    @contextmanager
    def keeping(self, relations: Sequence[Relation]) -> Iterator[DuckDbWarehouse]:
        """Give this warehouse with some relations as tables of its own, in memory and, where that is short, on disk.

        Raises: as `fetch`.
        """
        try:
            self._at_one_state("keeping", lambda: self._keep(relations))
            yield self
        finally:
            for one in relations:
                self._connection.execute(f"DROP TABLE IF EXISTS temp.{one.name}")

    def _keep(self, relations: Sequence[Relation]) -> None:
        self._connection.execute("SET preserve_insertion_order = false")
        try:
            for one in relations:
                bound = {name: bound_value(value) for name, value in one.parameters.items()}
                self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {one.name} AS {one.text}", bound or None)
        finally:
            self._connection.execute("RESET preserve_insertion_order")

    def _at_one_state(self, name: str, work: Callable[[], _Result]) -> _Result:
        """Do some work on the files of one manifest, again where these are replaced and deleted on the way."""
        for _ in range(_ATTEMPTS):
            manifest = read_manifest(self._folder)
            try:
                self._show(manifest)
                return work()
            except duckdb.IOException as error:
                self._version = None
                if read_manifest(self._folder).version == manifest.version:
                    raise LogDamaged(
                        f"A file of the lake in {self._folder} cannot be read: {error}.",
                        "Restore the folder from a backup.",
                    ) from error
            except duckdb.OutOfMemoryException as error:
                self._alone(name, error)
            except duckdb.InterruptException as error:
                raise Unavailable(f"The query {name!r} was ended from outside.", "Ask again.") from error
        raise Unavailable(
            f"The lake in {self._folder} changed {_ATTEMPTS} times while {name!r} was read.",
            "Compact less often, or with a longer grace period.",
        )

    def _alone(self, name: str, error: duckdb.OutOfMemoryException) -> None:
        """Go on with one thread: each holds blocks that cannot be spilled, so what is short for two may do."""
        if self._threads == 1:
            raise Unavailable(
                f"The query {name!r} needs more than {self._memory}: {str(error).splitlines()[0]}",
                "Keep less history, or read on ClickHouse: `engines.warehouse_url`.",
            ) from error
        _log.warning("query_again_with_one_thread", query=name, memory=self._memory)
        self._threads = 1
        self._connection.execute("SET threads = 1")

    def _show(self, manifest: Manifest) -> None:
        """Make the views over exactly the files of one manifest."""
        if manifest.version == self._version:
            return
        for table in LOGGED_TABLES.values():
            rows = read_parts_sql(table, manifest.files(table, self._folder))
            for name, select in view_sql(table, rows):
                self._connection.execute(f"CREATE OR REPLACE VIEW {name} AS {select}")
        for name, select in VIEWS.items():
            self._connection.execute(f"CREATE OR REPLACE VIEW {name} AS {select}")
        self._version = manifest.version

    def _columns(self, query: NamedQuery, bound: Mapping[str, object]) -> dict[str, npt.NDArray[np.generic]]:
        return fetched(self._connection.execute(query.text, bound or None))


def fetched(result: duckdb.DuckDBPyConnection) -> dict[str, npt.NDArray[np.generic]]:
    """Return the columns of a result as the laws of the port say."""
    types = {column[0]: str(column[1]) for column in result.description or ()}
    return {name: _column(values, types[name]) for name, values in result.fetchnumpy().items()}


def _column(values: Any, kind: str) -> npt.NDArray[np.generic]:  # noqa: ANN401 - DuckDB gives masked or plain arrays
    """Return a column as the port's laws say, by the type DuckDB gave it."""
    absent = np.ma.getmaskarray(values)
    plain = np.asarray(np.ma.getdata(values))
    if kind in _TIMES:
        times = plain.astype("datetime64[us]")
        times[absent] = np.datetime64("NaT")
        return times
    if kind in _WHOLE_NUMBERS and not absent.any():
        return plain.astype(np.int64)
    if kind in _WHOLE_NUMBERS | _NUMBERS or kind.startswith("DECIMAL"):
        numbers = plain.astype(np.float64)
        numbers[absent] = np.nan
        return numbers
    if kind == "BOOLEAN" and not absent.any():
        return plain.astype(np.bool_)
    objects = plain.astype(object)
    objects[absent] = None
    return objects


def bound_value(value: object) -> object:
    """Return a parameter as the lake stores such values: times as UTC without offset, numpy scalars as Python's."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value
