"""What intake needs from engines: a durable log, the current state of keyed tables, and readers of sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from msgspec import Struct

from shopkeeper.commerce.tables import TableSchema
from shopkeeper.errors import FieldProblem
from shopkeeper.intake.detection import NOTHING_SAID, Detected, Said

REPORT_KIND: Final = "import"
"""Kind under which the report of an import is kept, the last thing that it does."""


class SourcedRow(Struct, frozen=True, gc=False):
    """A valid row of a keyed table and the time its source gives it.

    Attributes:
        source_ts: When the source says so, UTC; an older row never replaces a newer one.
        deleted: The source withdrew the row.
    """

    row: Struct
    source_ts: datetime
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was not taken, kept whole so that it can be mended and replayed.

    Attributes:
        source: File name, or `http` for the API.
        row: Position in the source, counted from 1 without the header.
        raw: The row as it came.
    """

    table: str
    store: str
    source: str
    row: int
    raw: dict[str, Any]
    problems: tuple[FieldProblem, ...]


class EventLog(Protocol):
    """Append-only log of every logged table; the source of truth.

    Laws: `append` returns only when the rows are on disk (fdatasync) and then a crash at any point neither loses nor
    doubles them; rows of one call stay in order; only one process writes a segment (flock), many may have their own.
    """

    def append(self, table: TableSchema, rows: Sequence[bytes]) -> None:
        """Write rows, each one JSON object without a line break, and return when they are durable.

        Raises:
            Overloaded: the disk is behind or full; nothing of the call counts as written.
        """
        ...


class LiveLog(Protocol):
    """The event log inside the serving process: the same laws, awaited, many callers sharing one fdatasync."""

    async def append(self, table: TableSchema, rows: Sequence[bytes]) -> None:
        """Write rows and return when they are durable. Raises Overloaded when the disk is behind or full."""
        ...

    async def append_lines(self, table: TableSchema, lines: bytes, rows: int) -> None:
        """Write rows that lie in lines already, each with its line break, as `append` does."""
        ...


@dataclass(frozen=True, slots=True)
class Upserted:
    """What an upsert did: rows `written`, and `stale` rows that were older than what is there."""

    written: int
    stale: int


class TableStore(Protocol):
    """Current state of the keyed tables, newest source time per key.

    Laws: an upsert is one transaction; of two rows with one key the later source time wins whatever the order of
    arrival, and of equal times the one that came last; a deletion is remembered, so an older row cannot bring it back.
    """

    def upsert(self, table: TableSchema, rows: Sequence[SourcedRow]) -> Upserted:
        """Write rows, each replacing an older one of the same key."""
        ...

    def insert_absent(self, table: TableSchema, rows: Sequence[SourcedRow]) -> int:
        """Write only rows whose key is not there yet, and return how many that were."""
        ...

    def scan(self, table: TableSchema, store: str | None = None, *, with_deleted: bool = False) -> Iterator[SourcedRow]:
        """Yield every row that is not deleted, of one store (rows for all stores included) or of all.

        Args:
            with_deleted: Yield remembered deletions too, so that a copy in memory refuses what is older than them.
        """
        ...

    def get(self, table: TableSchema, key: tuple[str, ...]) -> SourcedRow | None:
        """Return one row by the values of the table's key columns; None when absent or deleted."""
        ...

    def count(self, table: TableSchema, store: str | None = None) -> int:
        """Return how many rows `scan` would yield."""
        ...

    def forget(self, table: TableSchema, column: str, value: str) -> int:
        """Remove every row whose key column has this value, leaving no trace of the deletion; return how many."""
        ...


class Quarantine(Protocol):
    """Rejected rows with their reasons. Append-only until replayed or erased; safe from several processes."""

    def keep(self, rows: Sequence[RejectedRow]) -> None:
        """Keep rows durably."""
        ...

    def rows(self, limit: int = 100, store: str | None = None) -> Sequence[RejectedRow]:
        """Return kept rows, newest first."""
        ...

    def count(self, store: str | None = None) -> int:
        """Return how many rows are kept."""
        ...

    def replace(self, changes: Sequence[tuple[RejectedRow, RejectedRow | None]]) -> int:
        """Put each new row in the place of an old one that is equal in everything, or take the old one out for None.

        An old row that is not there (any more) changes nothing; of several equal ones each change finds one. Returns
        how many were found.
        """
        ...


class CursorStore(Protocol):
    """How far each configured source has been read."""

    def read(self, source: str) -> dict[str, Any]:
        """Return how far a source has been read; empty where it never was."""
        ...

    def move(self, source: str, body: Mapping[str, Any]) -> None:
        """Remember how far a source has been read; called only after what was read is durable."""
        ...


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row as a reader gives it: its place, its values, and what the reader itself could not read."""

    row: int
    values: dict[str, Any]
    problems: tuple[FieldProblem, ...] = ()


UTF_8 = Detected("utf-8")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to read.

    Attributes:
        columns: Column names in order.
        rows: How many rows there are, where that is cheap to know (Parquet); else None.
        bytes: Size of the file, for progress where rows are not known.
        detected: How a text file is written.
    """

    path: Path
    columns: tuple[str, ...]
    rows: int | None
    bytes: int
    extra: dict[str, Any] = field(default_factory=dict)
    detected: Detected = UTF_8


WHOLE_ROW = "*"
"""The expression that stands for the whole row as it came, as one object."""


class SourceReader(Protocol):
    """Reads one file format as a stream of batches, in constant memory."""

    def inspect(self, path: Path, said: Said = NOTHING_SAID) -> SourceFile:
        """Return what the file holds and how it is written, as far as nobody `said` it.

        Raises:
            InputError: the file cannot be read at all; the text says why.
        """
        ...

    def read(self, source: SourceFile, expressions: dict[str, str], batch_rows: int) -> Iterator[list[SourceRow]]:
        """Yield batches of rows whose values are `expressions` (name -> SQL over the source's columns).

        The expression `WHOLE_ROW` gives the whole row as an object of its columns.
        A row the format itself breaks (bad encoding, wrong number of fields) is yielded with `problems`, never lost.

        Raises:
            MappingError: an expression does not fit the columns; names the expression and the columns there are.
        """
        ...
