"""Reads the configured sources from where they were left, and remembers how far it came only once all is durable."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.sql_source import SqlQuery, extract
from shopkeeper.engines.state import State, open_state
from shopkeeper.errors import ConfigError
from shopkeeper.intake.changed_files import changed_files
from shopkeeper.intake.dry_run import ROWS, DryRun
from shopkeeper.intake.import_report import ImportReport
from shopkeeper.intake.import_run import ImportOrder
from shopkeeper.intake.progress import Progress
from shopkeeper.intake.sources import FORMATS
from shopkeeper.wiring.environment import expanded
from shopkeeper.wiring.importing import import_order, preview_of
from shopkeeper.wiring.settings import Settings, SourceSettings

SPOOL = Path("spool")
"""Folder for what is extracted and not yet imported; empty between syncs."""
_LEFTOVER_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Synced:
    """What one source gave.

    Attributes:
        read: Rows extracted, or files that were new.
        unit: `rows` or `files`.
        cursor: Where the next sync goes on.
        report: The import's report; None where nothing was new.
    """

    source: str
    read: int
    unit: str
    cursor: dict[str, Any]
    report: ImportReport | None

    @property
    def within_contract(self) -> bool:
        """Whether the rejected share of the rows is within the contract's limit."""
        return self.report is None or self.report.within_contract

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        report = None if self.report is None else self.report.as_dict()
        return {"source": self.source, "read": self.read, "unit": self.unit, "report": report}

    def as_text(self) -> str:
        """Return it in words."""
        if self.report is None:
            return f"{self.source}: nothing new."
        new = f"{self.read:,} new files" if self.unit == "files" else f"{self.read:,} rows from the watermark on"
        return f"{self.source}: {new}.\n{self.report.as_text()}"


def sync(
    settings: Settings, name: str | None = None, tell: Callable[[Progress], None] = lambda _: None
) -> tuple[Synced, ...]:
    """Import what is new in every configured source, or in one, in the order of the settings.

    Raises:
        ConfigError: no source is configured, or none of that name.
        InputError: a source cannot be read; those before it are imported.
    """
    chosen = settings.sources if name is None else [source_named(settings, name)]
    if not chosen:
        raise ConfigError(
            "No source is configured.", "Add a `[[sources]]` section to shopkeeper.toml; see docs/guides/import.md."
        )
    state = open_state(settings.state_url)
    try:
        return tuple(
            _sync_sql(settings, state, source, tell)
            if source.url is not None
            else _sync_files(settings, state, source, tell)
            for source in chosen
        )
    finally:
        state.close()


def source_named(settings: Settings, name: str) -> SourceSettings:
    """Return a configured source.

    Raises:
        ConfigError: there is none of that name.
    """
    found = next((source for source in settings.sources if source.name == name), None)
    if found is None:
        known = ", ".join(source.name for source in settings.sources) or "none yet"
        raise ConfigError(
            f"There is no source {name!r} (known: {known}).", "Add it as a `[[sources]]` section to shopkeeper.toml."
        )
    return found


def preview_source(settings: Settings, name: str) -> DryRun:
    """Return what a sync of a source would do with its first rows; nothing is written and no cursor moves.

    Raises:
        ConfigError: there is no source of that name.
        InputError: it cannot be read.
    """
    source = source_named(settings, name)
    if source.url is None:
        return preview_of(
            settings, _path(settings, source), source.store, _mapping(settings, source), known_as=source.format
        )
    with _spool(settings) as folder:
        file = folder / _file_name(source)
        extract(_query(source), {}, file, ROWS, source_time=_stamped(source))
        return preview_of(settings, file, source.store, _mapping(settings, source))


def _sync_sql(settings: Settings, state: State, source: SourceSettings, tell: Callable[[Progress], None]) -> Synced:
    before = state.cursors.read(source.name)
    with _spool(settings) as folder:
        file = folder / _file_name(source)
        extracted = extract(_query(source), before.get("after", {}), file, source_time=_stamped(source))
        if not extracted.rows:
            return Synced(source.name, 0, "rows", before, None)
        report = import_order(settings, ImportOrder(file, source.store, _mapping(settings, source)), tell)
    cursor = {"after": extracted.after}
    state.cursors.move(source.name, cursor)
    return Synced(source.name, extracted.rows, "rows", cursor, report)


def _sync_files(settings: Settings, state: State, source: SourceSettings, tell: Callable[[Progress], None]) -> Synced:
    path = _path(settings, source)
    found = changed_files(path, state.cursors.read(source.name).get("files", {}))
    new = frozenset(file for file in found.new if file.name.lower().endswith(tuple(FORMATS)))
    cursor = {"files": {name: dict(entry) for name, entry in found.seen.items()}}
    report = None
    if new:
        order = ImportOrder(path, source.store, _mapping(settings, source), format=source.format, only=new)
        report = import_order(settings, order, tell)
    state.cursors.move(source.name, cursor)
    return Synced(source.name, len(new), "files", cursor, report)


def _query(source: SourceSettings) -> SqlQuery:
    url = expanded(source.url or "", f"The URL of source {source.name!r}")
    return SqlQuery(url, source.query or "", source.watermark, source.overlap_seconds)


def _file_name(source: SourceSettings) -> str:
    """Return the name under which a mapping's `from` and the quarantine know what a database gave."""
    return f"{source.table}.{source.name}.jsonl" if source.table is not None else f"{source.name}.jsonl"


def _stamped(source: SourceSettings) -> bool:
    """Whether a watermark that is a time is the source time of the rows: of keyed tables read without a mapping."""
    return source.table is not None and source.table.replace("-", "_") != EVENTS.name


def _path(settings: Settings, source: SourceSettings) -> Path:
    return settings.folder(source.path or Path())


def _mapping(settings: Settings, source: SourceSettings) -> Path | None:
    return None if source.mapping is None else settings.folder(source.mapping)


@contextmanager
def _spool(settings: Settings) -> Iterator[Path]:
    """Give a folder for an extraction, gone afterwards; what killed syncs left a day ago goes as well."""
    folder = settings.folder(SPOOL)
    folder.mkdir(exist_ok=True)
    for left in folder.iterdir():
        if left.stat().st_mtime < time.time() - _LEFTOVER_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        yield Path(made)
