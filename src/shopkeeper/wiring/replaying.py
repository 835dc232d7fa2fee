"""Takes rejected rows back, once the mapping, the data contract or the shop has been mended.

Each row goes the way of an import again, by the same judge and with the same identity, so a replay that is cut short
or done twice adds nothing twice. Only then does it leave the quarantine, or stay with its new reason.

Of an export in a built-in format the quarantine holds what the format made of it: rows of a table, judged again as
such. What the format itself could not read takes more rows of the export than the one that is kept.
"""

from __future__ import annotations

import gzip
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any, Final

import msgspec
import yaml

from shopkeeper.commerce.tables import table_named
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.memory import MemoryQuarantine, MemoryReports
from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.engines.readers_jsonl import JsonLinesReader
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import State, open_state
from shopkeeper.errors import InputError, MappingError
from shopkeeper.intake.import_run import Clocks, ImportEngines, ImportLimits, ImportOrder, run_import
from shopkeeper.intake.live import HTTP
from shopkeeper.intake.mapping import load_mapping
from shopkeeper.intake.ports import RejectedRow
from shopkeeper.intake.validation import SOURCE_TIME_COLUMNS
from shopkeeper.objectives.yaml_lines import read_document
from shopkeeper.wiring.arriving import arrivals
from shopkeeper.wiring.contracts import read_contracts
from shopkeeper.wiring.importing import ImportLedger
from shopkeeper.wiring.settings import Settings

MOST_ROWS: Final = 500_000
"""Rows one replay looks at, the newest."""
REPORT_KIND: Final = "replay"
_UNREADABLE: Final = {"$"}
_UNMATCHED: Final = "$"


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of the rows in quarantine.

    Attributes:
        taken: Rows that are in the log now and out of quarantine.
        still: Rows that were rejected again; they stay with their new reasons.
        untouched: Rows left as they were.
        why: Source -> why its rows were left.
    """

    taken: int = 0
    still: int = 0
    untouched: int = 0
    why: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as JSON holds them."""
        return asdict(self)

    def as_text(self) -> str:
        """Return the counts in words."""
        line = f"Replay: {self.taken:,} rows taken back, {self.still:,} rejected again, {self.untouched:,} left alone."
        return "\n".join([line, *(f"  {source}: {reason}" for source, reason in self.why.items())])


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows that go the same way: one store, one source, one table (None = any table of the mapping).

    Attributes:
        foreign: Their problems are with columns of the source, not of the table.
    """

    store: str
    source: str
    table: str | None
    foreign: bool
    rows: list[RejectedRow]

    @property
    def by_table(self) -> str:
        """The name of a file of rows of the table."""
        return f"{self.table or self.rows[0].table}.jsonl"


def replay(settings: Settings, store: str | None = None, mapping: Path | None = None) -> Replay:
    """Judge quarantined rows again, of one store or of all.

    Args:
        mapping: The mapping their files are imported with now; rows of files it does not name are left alone.
    Raises:
        MappingError: the mapping breaks its rules; nothing was changed.
    """
    if mapping is not None:
        load_mapping(mapping)
    quarantine = QuarantineFiles(settings.folder(settings.engines.quarantine))
    state = open_state(settings.state_url)
    taken = still = untouched = 0
    why: dict[str, str] = {}
    try:
        for group in _groups(quarantine.rows(MOST_ROWS, store)):
            try:
                rejected = _judged_again(settings, state, group, mapping)
            except InputError as error:
                untouched += len(group.rows)
                why[group.source] = error.reason
                continue
            changes = [(row, _with_reason(row, rejected.get(n))) for n, row in enumerate(group.rows, start=1)]
            quarantine.replace(changes)
            still += len(rejected)
            taken += len(group.rows) - len(rejected)
        result = Replay(taken, still, untouched, why)
        state.reports.save(REPORT_KIND, result.as_dict(), store)
        return result
    finally:
        state.close()


def _groups(rows: Sequence[RejectedRow]) -> list[_Group]:
    """Return the rows that can be read again by the way they go, oldest first."""
    found: dict[tuple[str, str, str | None, bool, bool], _Group] = {}
    for row in reversed(rows):
        unmatched = all(problem.field == _UNMATCHED for problem in row.problems)
        foreign = not unmatched and any(problem.field not in _own_fields(row.table) for problem in row.problems)
        table = None if unmatched else row.table
        key = (row.store, row.source, table, foreign, row.raw.keys() <= _UNREADABLE)
        found.setdefault(key, _Group(row.store, row.source, table, foreign, [])).rows.append(row)
    return list(found.values())


def _own_fields(table: str) -> frozenset[str]:
    """Return what a judge of a table's rows can name."""
    return table_named(table).column_names | {"deleted", *SOURCE_TIME_COLUMNS}


def _judged_again(settings: Settings, state: State, group: _Group, mapping: Path | None) -> dict[int, RejectedRow]:
    """Import the rows of a group and return those rejected again, by their place, counted from 1.

    Raises:
        InputError: the rows cannot go this way.
    """
    if group.rows[0].raw.keys() <= _UNREADABLE:
        raise InputError("Lines that could not be read hold no columns; import the mended file.")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "rows"
        mapped, known_as = _read_as(state, group)
        if known_as is not None and group.foreign:
            raise InputError(f"These rows of {known_as} cannot be read alone; import the mended export.")
        by_table = group.source == HTTP or known_as is not None
        part = _mapping_of(group, mapping, Path(made)) if mapping is not None and not by_table else None
        if part is None and mapped:
            raise MappingError(f"{group.source} was imported with a mapping.", "Give it with --mapping.")
        _write_rows(folder, group, group.by_table if by_table else group.source)
        rejected = _import(settings, state, ImportOrder(folder, group.store or None, part))
    return {row.row: row for row in reversed(rejected)}


def _import(settings: Settings, state: State, order: ImportOrder) -> Sequence[RejectedRow]:
    """Run an import over rows that were rejected before, and return those that are again."""
    log_folder, arriving = settings.folder(settings.engines.log), arrivals(settings)
    again = MemoryQuarantine()
    log = SegmentLog(log_folder, "replay")
    try:
        ledger = ImportLedger(log, Lake(log_folder, settings.folder(settings.engines.lake)))
        engines = ImportEngines(
            log=log,
            tables=state.tables,
            quarantine=again,
            reports=MemoryReports(),
            readers={kind: JsonLinesReader() for kind in ("parquet", "csv", "jsonl")},
            settle=ledger.settle,
            arriving=lambda validator: arriving.judge(validator, empty_is_said=False),
            rules=read_contracts(settings).rules(),
        )
        limits = ImportLimits(settings.intake.batch_rows, settings.intake.future_seconds, 1.0)
        run_import(order, engines, limits, Clocks(lambda: datetime.now(UTC), time.monotonic))
    finally:
        log.close()
    return again.rows(MOST_ROWS * 2)


def _mapping_of(group: _Group, mapping: Path, folder: Path) -> Path:
    """Write the part of a mapping that a group goes through and return where.

    Raises:
        InputError: the mapping does not name the file, or not for this table.
    """
    document: Any = read_document(mapping.read_text("utf-8"), mapping.name)
    entries = [
        entry
        for entry in document["tables"]
        if fnmatch(group.source, entry["from"]) and group.table in (None, str(entry["table"]).replace("-", "_"))
    ]
    if not entries:
        raise InputError(f"The mapping {mapping.name} does not fill {group.table or 'any table'} from {group.source}.")
    part = folder / mapping.name
    part.write_text(yaml.safe_dump({**document, "tables": entries}, allow_unicode=True), "utf-8")
    return part


def _read_as(state: State, group: _Group) -> tuple[bool, str | None]:
    """Return whether the newest import of a file went through a mapping, and which built-in format it was read as."""
    for report in state.reports.latest("import", limit=100, store=group.store or None):
        for file in report.body.get("files", []):
            if file.get("name") == group.source:
                return report.body.get("mapping") is not None, file.get("known_as")
    return False, None


def _write_rows(folder: Path, group: _Group, name: str) -> None:
    """Write the rows as they came, as a file of that name.

    Raises:
        InputError: the name leads out of the folder.
    """
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or not name:
        raise InputError(f"{name!r} is no name of a file inside a folder.")
    path = folder / pure
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = b"".join(msgspec.json.encode(row.raw) + b"\n" for row in group.rows)
    path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)
    os.utime(path, (1, 1))  # rows without a time of their own never replace what came since


def _with_reason(row: RejectedRow, again: RejectedRow | None) -> RejectedRow | None:
    """Return what stays in quarantine of a row; None when it was taken."""
    if again is None:
        return None
    return replace(row, problems=tuple(replace(problem, row=row.row) for problem in again.problems))
