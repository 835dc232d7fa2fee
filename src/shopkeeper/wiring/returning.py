"""The way back: an export moves into a fresh workspace, which then holds and answers what the first one did."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from shopkeeper.engines.lake import Lake
from shopkeeper.engines.state_copy import count_rows
from shopkeeper.engines.state_schema import AUDIT, HEAD, METADATA, SECRET
from shopkeeper.errors import ContractNotMet, InputError
from shopkeeper.intake.ports import REPORT_KIND
from shopkeeper.wiring.exporting import MANIFEST_FILE, Export, described
from shopkeeper.wiring.parts.every import PARTS
from shopkeeper.wiring.parts.part import Counts, House
from shopkeeper.wiring.parts.rejected import RejectedRows
from shopkeeper.wiring.parts.state_rows import offsets_of
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_lake import lake_of
from shopkeeper.wiring.workspace_state import open_workspace_state

_JOURNAL: Final = ".import-of-export.json"
_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Returned:
    """What an export brought.

    Attributes:
        checked_only: Nothing was written: the export was looked at.
    """

    folder: str
    store: str | None
    exported_at: str
    files: int
    parts: dict[str, Counts]
    checked_only: bool

    def as_dict(self) -> dict[str, Any]:
        """Return it for machines."""
        return asdict(self)

    def as_text(self) -> str:
        """Return it for people."""
        lines = [f"{kind:<24} {count:>12,}" for counts in self.parts.values() for kind, count in counts.items()]
        verb = "would come" if self.checked_only else "came"
        lines.append(f"Everything above {verb} back from {self.folder}; all {self.files} checksums are right.")
        if not self.checked_only:
            lines.append("API keys stayed behind: shopkeeper keys create. Features: shopkeeper features refresh.")
        return "\n".join(lines)


class _Journal(msgspec.Struct):
    """What keeps an import that was broken off apart from a second one.

    Attributes:
        export: SHA-256 of the export's manifest.
        offsets: Numbers in use when it began, by table.
    """

    export: str
    offsets: Counts
    done: str | None = None


def is_export(path: Path) -> bool:
    """Say whether a path is a folder that `export` wrote."""
    return (path / MANIFEST_FILE).is_file()


def bring_back(
    settings: Settings, folder: Path, tell: Callable[[str], None] = lambda _: None, *, only_check: bool = False
) -> Returned:
    """Move an export into a fresh workspace; one that was broken off goes on when called again.

    Args:
        only_check: Compare every checksum and write nothing.
    Raises:
        InputError: the export is not as it was written or of another revision, or the workspace holds data already.
        ContractNotMet: something did not arrive in the number the manifest says.
        Unavailable: an engine or the disk fails; run it again.
    """
    export, digest = _read(folder)
    _verify(folder, export)
    tell(f"{len(export.files)} files, all as they were written")
    if only_check:
        return Returned(str(folder), export.store, export.exported_at, len(export.files), export.parts, True)
    lake = lake_of(settings)
    lake.compact()
    with open_workspace_state(settings) as state:
        house = House(settings, state, lake, tell=tell)
        journal = _begin(house, digest)
        parts = {part.name: part.unpack(house, folder, journal.offsets) for part in PARTS}
        _compare(export, parts, _held(lake, export))
        done = Returned(str(folder), export.store, export.exported_at, len(export.files), parts, False)
        state.reports.save(REPORT_KIND, {**done.as_dict(), "rows": sum(parts["rows"].values()), "quarantined": 0})
        journal.done = datetime.now(UTC).isoformat(timespec="seconds")
        _journal_file(settings).write_bytes(msgspec.json.encode(journal))
    return done


def _read(folder: Path) -> tuple[Export, str]:
    raw = (folder / MANIFEST_FILE).read_bytes()
    try:
        export = msgspec.json.decode(raw, type=Export)
    except msgspec.DecodeError as error:
        raise InputError(f"{folder / MANIFEST_FILE} is no manifest of an export: {error}.", "Export again.") from error
    if export.revision != HEAD:
        raise InputError(
            f"The export was written by version {export.version} at revision {export.revision}; this is {HEAD}.",
            "Import it with that version, then upgrade: the workspace is brought up to date by itself.",
        )
    return export, hashlib.sha256(raw).hexdigest()


def _verify(folder: Path, export: Export) -> None:
    """Raise InputError where a file is missing, changed or one too many."""
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    del there[MANIFEST_FILE]
    wrong = [f"{name} is not in the manifest" for name in sorted(there.keys() - {file.path for file in export.files})]
    for file in export.files:
        if file.path not in there:
            wrong.append(f"{file.path} is missing")
        elif described(folder, there[file.path]) != file:
            wrong.append(f"{file.path} has changed")
    if wrong:
        more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
        raise InputError(
            f"The export is not as it was written: {'; '.join(wrong[:_NAMED])}{more}.",
            "Copy it again. Tables you changed yourself: put their folders (events, products, ...) into a folder of "
            "their own and import that; then they are checked row by row like any other files.",
        )


def _begin(house: House, digest: str) -> _Journal:
    """Return the journal of this import, begun now or before.

    Raises:
        InputError: the workspace holds data, or this export already.
    """
    path = _journal_file(house.settings)
    journal = msgspec.json.decode(path.read_bytes(), type=_Journal) if path.is_file() else None
    if journal is not None and journal.export == digest:
        if journal.done is not None:
            raise InputError(
                f"This export was imported on {journal.done}.", "Import it into a new workspace: shopkeeper init DIR."
            )
        return journal
    house_own = {AUDIT, *SECRET}
    held = [t.name for t in METADATA.sorted_tables if t not in house_own and count_rows(t, house.state.engine)]
    held += sorted({part.table for part in house.lake.manifest().parts})
    held += [RejectedRows.name] if RejectedRows().count(house) else []
    if held:
        raise InputError(
            f"The workspace holds data already ({', '.join(dict.fromkeys(held))}); an export moves into a fresh one.",
            "Make one: shopkeeper init DIR. To add its rows to this one, put the folders of its tables (events, "
            "products, ...) into a folder of their own and import that.",
        )
    journal = _Journal(digest, offsets_of(house))
    path.write_bytes(msgspec.json.encode(journal))
    return journal


def _held(lake: Lake, export: Export) -> Counts:
    """Return the rows the lake has, by table of the export."""
    held = dict.fromkeys(export.parts["rows"], 0)
    for part in lake.manifest().parts:
        if part.table in held:
            held[part.table] += part.rows
    return held


def _compare(export: Export, parts: dict[str, Counts], held: Counts) -> None:
    """Raise ContractNotMet where what arrived is not what was packed."""
    found = {**parts, "rows": held}
    wrong = [
        f"{part}.{kind}: {count:,} packed, {found.get(part, {}).get(kind, 0):,} arrived"
        for part, counts in export.parts.items()
        for kind, count in counts.items()
        if found.get(part, {}).get(kind, 0) != count
    ]
    if wrong:
        raise ContractNotMet(f"Not everything arrived: {'; '.join(wrong)}.", "Import it again into a new workspace.")


def _journal_file(settings: Settings) -> Path:
    return settings.workspace / _JOURNAL
