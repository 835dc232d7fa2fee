"""The manifest: which files the lake consists of, in one file that is replaced atomically."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final
from zlib import crc32

import msgspec
from msgspec import Struct

from shopkeeper.commerce.tables import TableSchema
from shopkeeper.engines.durable_files import replace_file
from shopkeeper.errors import LogDamaged

MANIFEST: Final = "manifest.json"


class Part(Struct, frozen=True):
    """One Parquet file of one partition.

    Attributes:
        path: Relative to the lake folder.
        day: UTC day of its rows, `YYYY-MM-DD`.
        layout: Which of the manifest's column lists it was written with.
    """

    table: str
    store: str
    day: str
    path: str
    rows: int
    bytes: int
    layout: str

    @property
    def partition(self) -> tuple[str, str, str]:
        """Table, store and day."""
        return (self.table, self.store, self.day)


class Retired(Struct, frozen=True):
    """A replaced file that readers of an older manifest may still hold.

    Attributes:
        since: When it was replaced, seconds since the epoch.
    """

    path: str
    since: float


class Manifest(Struct, frozen=True):
    """One state of the lake. Readers take all files from one manifest, so they see each row once.

    Attributes:
        version: Grows by one with each change.
        layouts: Column lists the parts were written with, by name.
        consumed: Segments of the log whose rows are in the parts; kept until the segment is surely deleted.
    """

    version: int = 0
    parts: tuple[Part, ...] = ()
    layouts: dict[str, tuple[str, ...]] = {}
    consumed: tuple[str, ...] = ()
    retired: tuple[Retired, ...] = ()

    def changed(
        self,
        *,
        added: Sequence[Part] = (),
        replaced: Iterable[Part] = (),
        consumed: Sequence[str] = (),
        layouts: dict[str, tuple[str, ...]] | None = None,
        now: float,
    ) -> Manifest:
        """Return the next state: parts added, parts replaced (their files retire at `now`), segments consumed."""
        gone = {part.path for part in replaced}
        return Manifest(
            version=self.version + 1,
            parts=(*(part for part in self.parts if part.path not in gone), *added),
            layouts={**self.layouts, **(layouts or {})},
            consumed=(*self.consumed, *consumed),
            retired=(*self.retired, *(Retired(path, now) for path in sorted(gone))),
        )

    def files(self, table: TableSchema, folder: Path) -> dict[tuple[str, ...], list[Path]]:
        """Return the files of a table by the columns they have."""
        return files_by_columns((part for part in self.parts if part.table == table.name), self.layouts, folder)


def files_by_columns(
    parts: Iterable[Part], layouts: dict[str, tuple[str, ...]], folder: Path
) -> dict[tuple[str, ...], list[Path]]:
    """Return the files of parts by the columns they were written with."""
    files: dict[tuple[str, ...], list[Path]] = {}
    for part in parts:
        files.setdefault(layouts[part.layout], []).append(folder / part.path)
    return files


def layout_name(table: TableSchema, columns: tuple[str, ...]) -> str:
    """Return the name of a column list: the same list always has the same name."""
    return f"{table.name}:{crc32(','.join(columns).encode()):08x}"


def read_manifest(folder: Path) -> Manifest:
    """Return the current state of a lake; an empty one where there is none yet.

    Raises:
        LogDamaged: the manifest cannot be read.
    """
    path = folder / MANIFEST
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return Manifest()
    except msgspec.DecodeError as error:
        raise LogDamaged(
            f"The lake's manifest {path} cannot be read: {error}.",
            "Restore it from a backup together with the lake folder.",
        ) from error


def publish(folder: Path, manifest: Manifest) -> Manifest:
    """Make a state of the lake the current one, durably and at once for all readers; returns it."""
    replace_file(folder / MANIFEST, msgspec.json.encode(manifest))
    return manifest
