"""What compaction, merging and erasure share: writing Parquet parts and publishing the manifest that names them.

Every change goes the same way, so that a kill between any two steps neither loses nor doubles a row: parts are written
in a staging folder, renamed to their place, made durable, and only then named by a new manifest. Files that no manifest
names are leftovers of a killed writer and are swept by the next one.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue
from typing import Final
from urllib.parse import quote

import duckdb
import msgspec

from shopkeeper.commerce.tables import TableSchema
from shopkeeper.engines.duckdb_session import open_duckdb, sweep_spill, text_literal
from shopkeeper.engines.durable_files import sync_files, sync_folder
from shopkeeper.engines.lake_columns import groups_sql
from shopkeeper.engines.lake_manifest import Manifest, Part, Retired, layout_name, publish, read_manifest

STAGING: Final = ".staging"
_FORMAT: Final = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, RETURN_STATS true"
_LONGEST_STORE_FOLDER: Final = 120  # names on disk may have 255 bytes; a quoted store may have more

Cell = tuple[str, date]
"""Store and UTC day: one partition of a table."""


class LakeWriter:
    """The one process that changes a lake, while it holds the lake's lock.

    Args:
        clock: Seconds since the epoch.
        on_step: Told the name of each step when it is done.
    """

    def __init__(
        self,
        folder: Path,
        log_folder: Path,
        *,
        memory: str,
        threads: int,
        clock: Callable[[], float],
        on_step: Callable[[str], None],
    ) -> None:
        self.folder = folder
        self.staging = folder / STAGING
        self.manifest: Manifest = read_manifest(folder)
        self.on_step = on_step
        self._log_folder = log_folder
        self._clock = clock
        self._memory = memory
        self._threads = threads

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The database that reads and writes parts, opened when there is something to do."""
        return open_duckdb(self.folder, self._memory, self._threads)

    @cached_property
    def frugal(self) -> duckdb.DuckDBPyConnection:
        """The same with one thread: old parts have row groups of answers of which memory holds no two."""
        return open_duckdb(self.folder, self._memory, 1)

    def close(self) -> None:
        """Let go of the memory and delete what was staged."""
        for name in ("connection", "frugal"):
            if name in self.__dict__:
                self.__dict__[name].close()
        shutil.rmtree(self.staging, ignore_errors=True)

    def tidy(self) -> None:
        """Finish what a killed writer left: consumed segments not deleted, staged files, parts in no manifest."""
        shutil.rmtree(self.staging, ignore_errors=True)
        self.staging.mkdir(parents=True)
        sweep_spill(self.folder, self._clock())
        self.delete_consumed()
        named = {part.path for part in self.manifest.parts} | {old.path for old in self.manifest.retired}
        for path in self.folder.glob("*/store=*/day=*/*.parquet"):
            if str(path.relative_to(self.folder)) not in named:
                path.unlink()

    def write_cells(
        self,
        table: TableSchema,
        select: str,
        cells: Mapping[int, Cell],
        columns: tuple[str, ...],
        connection: duckdb.DuckDBPyConnection | None = None,
    ) -> list[Part]:
        """Write the rows of `select`, whose column `cell` numbers their partition, as one part a partition.

        Args:
            columns: The columns of `select` but `cell`.
            connection: The database `select` is for; None = the writer's own.
        """
        with self._staged() as target:
            written = (
                (connection or self.connection)
                .execute(
                    f"COPY ({select}) TO {text_literal(str(target))} "
                    f"({_FORMAT}{groups_sql(table)}, PARTITION_BY (cell), FILENAME_PATTERN '{{uuid}}')"
                )
                .fetchall()
            )
            return self._placed(table, columns, [(Path(r[0]), r[1], r[2], cells[int(r[5]["cell"])]) for r in written])

    def write_part(
        self,
        table: TableSchema,
        select: str,
        cell: Cell,
        columns: tuple[str, ...],
        connection: duckdb.DuckDBPyConnection | None = None,
    ) -> list[Part]:
        """Write the rows of `select`, all of one partition and with these columns, as one part; none without rows."""
        return self.write_parts(table, [(select, cell)], columns, [connection or self.connection])

    def write_parts(
        self,
        table: TableSchema,
        selects: Sequence[tuple[str, Cell]],
        columns: tuple[str, ...],
        cursors: Sequence[duckdb.DuckDBPyConnection],
    ) -> list[Part]:
        """Write the rows of queries, each of one partition and with these columns, as a part each; none without rows.

        Args:
            cursors: Of the database the queries are for; as many parts are written at a time.
        """
        free: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
        for cursor in cursors:
            free.put(cursor)

        def stage(select: str, cell: Cell) -> tuple[Path, int, int, Cell]:
            file = target / f"{secrets.token_hex(16)}.parquet"
            cursor = free.get()
            try:
                copy = f"COPY ({select}) TO {text_literal(str(file))} ({_FORMAT}{groups_sql(table)})"
                (written,) = cursor.execute(copy).fetchall()
            finally:
                free.put(cursor)
            return file, written[1], written[2], cell

        with self._staged() as target, ThreadPoolExecutor(len(cursors), thread_name_prefix="parts") as threads:
            staged = list(threads.map(lambda asked: stage(*asked), selects))
            return self._placed(table, columns, [file for file in staged if file[1]])

    def publish(
        self, table_parts: Sequence[Part], *, replaced: Sequence[Part] = (), consumed: Sequence[str] = ()
    ) -> None:
        """Make parts durable and publish the manifest that has them instead of those `replaced`."""
        sync_files([self.folder / part.path for part in table_parts], self.folder)
        self.on_step("parts durable")
        self._publish(self.manifest.changed(added=table_parts, replaced=replaced, consumed=consumed, now=self._clock()))

    def delete_consumed(self) -> None:
        """Delete the segments whose rows the published manifest has; the next manifest forgets them."""
        if not self.manifest.consumed:
            return
        for name in self.manifest.consumed:
            (self._log_folder / name).unlink(missing_ok=True)
        sync_folder(self._log_folder)
        self.manifest = msgspec.structs.replace(self.manifest, consumed=())
        self.on_step("segments deleted")

    def purge_retired(self, grace_seconds: float) -> int:
        """Delete replaced files older than the grace period and return how many that were."""
        before = self._clock() - grace_seconds
        due = tuple(old for old in self.manifest.retired if old.since <= before)
        if not due:
            return 0
        kept: tuple[Retired, ...] = tuple(old for old in self.manifest.retired if old.since > before)
        self._publish(msgspec.structs.replace(self.manifest, version=self.manifest.version + 1, retired=kept))
        for old in due:
            path = self.folder / old.path
            path.unlink(missing_ok=True)
        self.on_step("retired files deleted")
        return len(due)

    def _publish(self, manifest: Manifest) -> None:
        self.manifest = publish(self.folder, manifest)
        self.on_step("manifest published")

    @contextmanager
    def _staged(self) -> Iterator[Path]:
        target = self.staging / secrets.token_hex(8)
        target.mkdir(parents=True)
        try:
            yield target
        finally:
            shutil.rmtree(target, ignore_errors=True)

    def _placed(
        self, table: TableSchema, columns: tuple[str, ...], files: Sequence[tuple[Path, int, int, Cell]]
    ) -> list[Part]:
        """Rename staged files to their place and return them as parts."""
        self.on_step("parts staged")
        layout = layout_name(table, columns)
        self.manifest = msgspec.structs.replace(self.manifest, layouts={**self.manifest.layouts, layout: columns})
        parts: list[Part] = []
        for file, rows, size, (store, day) in files:
            path = f"{table.name}/store={_folder_name(store)}/day={day.isoformat()}/{file.name}"
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            file.rename(self.folder / path)
            parts.append(Part(table.name, store, day.isoformat(), path, rows, size, layout))
        self.on_step("parts placed")
        return parts


def _folder_name(store: str) -> str:
    """Return a store's name as part of a folder name; the manifest, not the folder, says which store a part is of."""
    name = quote(store, safe="")
    if len(name) <= _LONGEST_STORE_FOLDER:
        return name
    return f"{name[:_LONGEST_STORE_FOLDER]}~{hashlib.sha256(store.encode()).hexdigest()[:16]}"
