"""How to leave: everything a workspace holds, written in the layout that `shopkeeper import` reads."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from shopkeeper import __version__
from shopkeeper.commerce.tables import KEYED_TABLES, STORES
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.lake_export import export_lake
from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.engines.state import State, open_state
from shopkeeper.engines.state_copy import rows_of
from shopkeeper.engines.state_schema import API_KEYS, METADATA
from shopkeeper.errors import InputError, UnknownStore
from shopkeeper.wiring.settings import Settings

MANIFEST_FILE = "export.json"
SECRET = frozenset({API_KEYS.name})
"""Tables of the state database that stay: keys are made anew where the data go."""
_EVERYTHING = 1 << 62


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
        rows: Rows by table of the lake, history of keyed tables included.
        beside: What an import does not read, by kind: rows of state tables, quarantined rows, model bundles.
    """

    folder: str
    store: str | None
    version: str
    exported_at: str
    rows: dict[str, int]
    beside: dict[str, int]
    files: tuple[ExportedFile, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it for machines."""
        return asdict(self)


def export_workspace(
    settings: Settings, folder: Path, store: str | None = None, tell: Callable[[str], None] = lambda _: None
) -> Export:
    """Write everything into a folder that is new or empty, and a manifest of counts and checksums last.

    Args:
        store: Only this store; model bundles hold all stores of a customer group and are left out then.
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
    state = open_state(settings.state_url)
    try:
        declared = tuple(sorted(str(getattr(sourced.row, "store", "")) for sourced in state.tables.scan(STORES)))
        if store is not None and store not in declared:
            raise UnknownStore(store, declared)
        lake_folder = settings.folder(settings.engines.lake)
        Lake(settings.folder(settings.engines.log), lake_folder).compact()
        folder.mkdir(parents=True, exist_ok=True)
        rows = export_lake(lake_folder, folder, store)
        tell(f"wrote {sum(rows.values()):,} rows of {sum(count > 0 for count in rows.values())} tables")
        beside = _state(state, folder / "state", store)
        beside["quarantine"] = _quarantine(settings, folder / "quarantine", store)
        if store is None:
            beside["models"] = _models(state, settings.folder(settings.engines.models), folder / "models")
    finally:
        state.close()
    files = tuple(_described(folder, path) for path in sorted(folder.rglob("*")) if path.is_file())
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    done = Export(str(folder), store, __version__, moment, rows, beside, files)
    (folder / MANIFEST_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(done.as_dict()), indent=1))
    return done


def _state(state: State, folder: Path, store: str | None) -> dict[str, int]:
    """Write what the state database holds besides keyed tables, which the lake has with their history."""
    counts = {}
    for table in METADATA.sorted_tables:
        if table.name in KEYED_TABLES or table.name in SECRET or (store is not None and "store" not in table.columns):
            continue
        found = (row for row in rows_of(table, state.engine) if store is None or row["store"] == store)
        counts[table.name] = _json_lines(folder / f"{table.name}.jsonl", found)
    return counts


def _quarantine(settings: Settings, folder: Path, store: str | None) -> int:
    kept = QuarantineFiles(settings.folder(settings.engines.quarantine)).rows(_EVERYTHING, store)
    return _json_lines(folder / "rejected.jsonl", kept)


def _models(state: State, models: Path, folder: Path) -> int:
    """Copy the bundle of every registered version: its manifest and plain arrays."""
    copied = 0
    for version in state.registry.versions():
        if (models / version.folder).is_dir():
            shutil.copytree(models / version.folder, folder / version.folder)
            copied += 1
    return copied


def _json_lines(path: Path, rows: Iterable[object]) -> int:
    """Write one JSON object a line and return how many; no file without rows."""
    written = 0
    encoder = msgspec.json.Encoder()
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(encoder.encode(first) + b"\n")
        for written, row in enumerate(rows, 1):  # noqa: B007 - the count is what is wanted
            file.write(encoder.encode(row) + b"\n")
    return written + 1


def _described(folder: Path, path: Path) -> ExportedFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ExportedFile(str(path.relative_to(folder)), path.stat().st_size, digest)
