"""How to leave: everything a workspace holds, written as plain files, with a manifest of counts and checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from shopkeeper import __version__
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state_schema import HEAD
from shopkeeper.errors import InputError, UnknownStore
from shopkeeper.wiring.parts.every import PARTS
from shopkeeper.wiring.parts.part import Counts, House
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_lake import lake_of
from shopkeeper.wiring.workspace_state import open_workspace_state

MANIFEST_FILE = "export.json"


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One file of an export, with what it must be."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Export:
    """What was written.

    Attributes:
        version: Of Shopkeeper.
        revision: Of the state database.
        parts: How much there is, by part and kind.
    """

    store: str | None
    version: str
    revision: str
    exported_at: str
    parts: dict[str, Counts]
    files: tuple[ExportedFile, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it for machines."""
        return asdict(self)


def export_workspace(
    settings: Settings, folder: Path, store: str | None = None, tell: Callable[[str], None] = lambda _: None
) -> Export:
    """Write everything into a folder that is new or empty, and a manifest of counts and checksums last.

    Args:
        store: Only this store; what holds all stores, such as models, is left out then.
    Raises:
        InputError: the folder holds something.
        UnknownStore: nobody declared the store.
        LogDamaged: a segment is damaged, so its rows would be missing.
        Unavailable: the disk is full or fails.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"{folder} is not an empty folder.", "Name a folder that is new or empty; nothing was written."
        )
    lake = lake_of(settings)
    with open_workspace_state(settings) as state:
        declared = tuple(sorted(str(getattr(sourced.row, "store", "")) for sourced in state.tables.scan(STORES)))
        if store is not None and store not in declared:
            raise UnknownStore(store, declared)
        lake.compact()
        folder.mkdir(parents=True, exist_ok=True)
        house = House(settings, state, lake, store, tell)
        parts = {part.name: part.pack(house, folder) for part in PARTS}
    files = tuple(described(folder, path) for path in sorted(folder.rglob("*")) if path.is_file())
    done = Export(store, __version__, HEAD, datetime.now(UTC).isoformat(timespec="seconds"), parts, files)
    (folder / MANIFEST_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(done.as_dict()), indent=1))
    return done


def described(folder: Path, path: Path) -> ExportedFile:
    """Return what a file is."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ExportedFile(path.relative_to(folder).as_posix(), path.stat().st_size, digest)
