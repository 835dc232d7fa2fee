"""The lake: the full history of every logged table as Parquet, filled from the log and read by any process.

    log/PROCESS-...sealed  --compact-->  lake/TABLE/store=S/day=D/*.parquet, named by lake/manifest.json  --> warehouse

A row sent twice is kept once: within one table, store and UTC day, of rows with the same key (and, in keyed tables, the
same source time) the first stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from shopkeeper.commerce.tables import TableSchema
from shopkeeper.engines.day_rows import forget_tests
from shopkeeper.engines.duckdb_warehouse import DuckDbWarehouse
from shopkeeper.engines.durable_files import held_lock
from shopkeeper.engines.lake_compaction import Taken, rounds, take_segments
from shopkeeper.engines.lake_erasure import Erased, Person, erase_person
from shopkeeper.engines.lake_expiry import expire_days
from shopkeeper.engines.lake_import import take_exported
from shopkeeper.engines.lake_manifest import Manifest, read_manifest
from shopkeeper.engines.lake_merge import merge_parts
from shopkeeper.engines.lake_rows import FreshRows, write_fresh
from shopkeeper.engines.lake_writer import STAGING, LakeWriter
from shopkeeper.engines.segment_recovery import live_segments, recover, sealed_segments
from shopkeeper.errors import Unavailable

GRACE_SECONDS: Final = 300.0
_LOCK: Final = ".lock"


@dataclass(frozen=True, slots=True)
class Compaction:
    """What a compaction did.

    Attributes:
        rows: Rows added, per table.
        duplicates: Rows left out because they were there already, per table.
        segments: Segments brought into the lake.
        merged: Small parts replaced by larger ones.
        busy: Another process was compacting, so nothing was done here.
    """

    rows: Mapping[str, int]
    duplicates: Mapping[str, int]
    segments: int = 0
    merged: int = 0
    busy: bool = False


class Lake:
    """The lake in one folder, fed by the log in another. Safe from any number of processes.

    Args:
        memory: Most memory DuckDB may use for a compaction or a read, such as `512MB`.
        grace_seconds: How long replaced files are kept for readers of an older state, seconds.
        clock: Seconds since the epoch.
        on_step: Told the name of each step of a compaction or erasure when it is done.
    """

    def __init__(
        self,
        log_folder: Path,
        lake_folder: Path,
        *,
        memory: str = "512MB",
        threads: int = 2,
        grace_seconds: float = GRACE_SECONDS,
        clock: Callable[[], float] = time.time,
        on_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._log_folder = log_folder
        self._folder = lake_folder
        self._memory = memory
        self._threads = threads
        self._grace_seconds = grace_seconds
        self._clock = clock
        self._on_step = on_step
        log_folder.mkdir(parents=True, exist_ok=True)
        lake_folder.mkdir(parents=True, exist_ok=True)

    @property
    def staging(self) -> Path:
        """The folder below which a database that is given to `add` must be able to write."""
        return self._folder / STAGING

    def compact(self, *, wait: bool = True) -> Compaction:
        """Bring every segment that nobody writes any more into the lake, merge small parts, drop old files.

        Segments of living processes are left alone until they seal them; those of dead ones are repaired and taken.

        Args:
            wait: Wait for a compaction of another process to end; else return at once with `busy`.
        Raises:
            LogDamaged: a segment is damaged or unreadable; names it. All others have been taken by then.
            Unavailable: the disk is full or fails, or memory does not suffice; the next compaction goes on from there.
        """
        with self._locked(wait=wait) as held:
            if not held:
                return Compaction({}, {}, busy=True)
            with self._writer() as writer:
                taken = self._take(writer)
                merged = merge_parts(writer)
                writer.purge_retired(self._grace_seconds)
        if taken.damaged:
            raise taken.damaged[0]
        return Compaction(dict(taken.rows), dict(taken.duplicates), taken.segments, merged)

    def add(self, table: TableSchema, rows: FreshRows) -> int:
        """Bring rows into the lake without the log, each once, and return how many are new.

        They are durable and visible when this returns; killed before, the lake has none of them. Rows of the log that
        are not compacted yet are not known here: of two equal rows the one that comes into the lake first stays.

        Raises:
            Unavailable: the disk is full or fails, or memory does not suffice; none of the rows is in the lake.
        """
        with self._locked(wait=True), self._writer() as writer:
            parts = write_fresh(writer, table, rows)
            if parts:
                writer.publish(parts)
        return sum(part.rows for part in parts)

    def erase(self, person: Person, *, grace_seconds: float | None = None) -> Erased:
        """Remove every row of one person from events, decisions, users and orders, and return how many there were.

        Rows are removed, not anonymised: purchases of the person leave every later sum as well. All sealed segments
        are brought into the lake first, so none is left that holds the person; live segments must be sealed by their
        writers before the call (`SegmentLog.seal`), or their rows stay: `live_segments` counts them.

        Args:
            grace_seconds: Age at which replaced files are deleted, seconds; 0 deletes them now, also under readers,
                which then start again. None = the lake's own grace period, kept by the next compaction.
        Raises:
            LogDamaged: a segment is damaged, so nobody can say whom it holds. The person is erased from all others.
            Unavailable: the disk is full or fails; ask again.
        """
        grace = self._grace_seconds if grace_seconds is None else grace_seconds
        with self._locked(wait=True), self._writer() as writer:
            live = live_segments(self._log_folder)
            taken = self._take(writer)
            removed = erase_person(writer, person)
            writer.purge_retired(grace)
            pending = len(writer.manifest.retired)
        forget_tests(self._folder)
        if taken.damaged:
            raise taken.damaged[0]
        return Erased(dict(removed), live, pending)

    def expire(self, before: date, *, grace_seconds: float | None = None) -> dict[str, int]:
        """Drop what has been kept since before a UTC day and return the rows dropped, per table.

        Args:
            grace_seconds: As in `erase`.
        Raises:
            Unavailable: the disk fails; ask again.
        """
        grace = self._grace_seconds if grace_seconds is None else grace_seconds
        with self._locked(wait=True), self._writer() as writer:
            dropped = expire_days(writer, before)
            writer.purge_retired(grace)
        return dict(dropped)

    def take_exported(self, folder: Path, tell: Callable[[str], None] = lambda _: None) -> dict[str, int]:
        """Bring in the rows that `lake_export` wrote below a folder; one that is there already stays as it is.

        Returns the rows of the folder, by table. Broken off, it may be called again.

        Raises:
            Unavailable: the disk is full or fails, or memory does not suffice.
        """
        with self._locked(wait=True), self._writer() as writer:
            writer.tidy()
            return take_exported(writer, folder, tell)

    def warehouse(self) -> DuckDbWarehouse:
        """Return a reader of the lake, to be used from one thread at a time."""
        return DuckDbWarehouse(self._folder, memory=self._memory, threads=self._threads)

    def manifest(self) -> Manifest:
        """Return the current state of the lake: its parts with store, day, rows and bytes."""
        return read_manifest(self._folder)

    @property
    def empty(self) -> bool:
        """Whether it holds no row of any table, so that nobody needs to open a reader."""
        return not self.manifest().parts

    def live_segments(self) -> int:
        """Return how many segments are being written; their rows are not in the lake yet."""
        return live_segments(self._log_folder)

    def _take(self, writer: LakeWriter) -> Taken:
        writer.tidy()
        taken = Taken()
        _, damaged = recover(self._log_folder)
        taken.damaged += damaged
        self._on_step("segments recovered")
        for segments in rounds(sealed_segments(self._log_folder)):
            take_segments(writer, segments, taken)
        return taken

    @contextmanager
    def _locked(self, *, wait: bool) -> Iterator[bool]:
        with held_lock(self._folder / _LOCK, wait=wait) as held:
            yield held

    @contextmanager
    def _writer(self) -> Iterator[LakeWriter]:
        writer = LakeWriter(
            self._folder,
            self._log_folder,
            memory=self._memory,
            threads=self._threads,
            clock=self._clock,
            on_step=self._on_step,
        )
        try:
            yield writer
        except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise Unavailable(
                f"The lake in {self._folder} cannot be written: {error}.",
                "Free disk space or memory; nothing is lost, the next compaction goes on from here.",
            ) from error
        finally:
            writer.close()
