"""An import put together from the settings of a workspace."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from shopkeeper.commerce.tables import EVENT_COUNTS, EVENTS
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.memory import MemoryEventLog, MemoryQuarantine, MemoryReports
from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.engines.readers_csv import CsvReader
from shopkeeper.engines.readers_jsonl import JsonLinesReader
from shopkeeper.engines.readers_parquet import ParquetReader
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import open_state
from shopkeeper.intake.detection import NOTHING_SAID, Said
from shopkeeper.intake.dry_run import DryRun, dry_run
from shopkeeper.intake.import_report import ImportReport
from shopkeeper.intake.import_run import Clocks, ImportEngines, ImportLimits, ImportOrder, run_import
from shopkeeper.intake.ports import SourceReader
from shopkeeper.intake.progress import Progress
from shopkeeper.quality.ports import NamedQuery, Warehouse
from shopkeeper.wiring.arriving import arrivals
from shopkeeper.wiring.contracts import read_contracts
from shopkeeper.wiring.settings import Settings


def readers(lake: Lake | None = None) -> dict[str, SourceReader]:
    """Return a reader for each format an import knows; with a lake they have a fast lane into it."""
    return {"parquet": ParquetReader(lake), "csv": CsvReader(lake), "jsonl": JsonLinesReader()}


class ImportLedger:
    """Tells how many rows of an import the lake had before: what went in less what is there more.

    Events are counted exactly, by the time the import began, which they carry; keyed tables, and events that are kept
    as counts alone, by their growth, so what a server takes in during the import counts with it.
    """

    def __init__(self, log: SegmentLog, lake: Lake) -> None:
        self._log = log
        self._lake = lake
        lake.compact()
        self._warehouse: Warehouse = lake.warehouse()
        self._before = self._held()

    def settle(self, logged: Mapping[str, int], started: datetime) -> dict[str, int]:
        """Bring everything logged into the lake and return, by table, how many rows were there before."""
        self._log.seal()
        self._lake.compact()
        held = self._held()
        new = {name: held[name] - self._before[name] for name in held}
        query = NamedQuery.load("shopkeeper.quality", "imported_events")
        single = int(self._warehouse.fetch(query, started=started)["events"][0])
        new[EVENTS.name] = single + new[EVENT_COUNTS.name]
        return {name: max(0, rows - new[name]) for name, rows in logged.items() if name in new}

    def _held(self) -> dict[str, int]:
        counted = self._warehouse.fetch(NamedQuery.load("shopkeeper.quality", "history_rows"))
        return {str(name): int(rows) for name, rows in zip(counted["name"], counted["held"], strict=True)}


def import_into(
    settings: Settings,
    path: Path,
    store: str | None,
    mapping: Path | None = None,
    tell: Callable[[Progress], None] = lambda _: None,
    said: Said = NOTHING_SAID,
    known_as: str | None = None,
) -> ImportReport:
    """Import files into a workspace.

    Raises:
        InputError: there is nothing to import, or a file cannot be read at all.
        MappingError: the mapping breaks its rules or does not fit the files; nothing was written.
    """
    return import_order(settings, ImportOrder(path, store, mapping, said, known_as), tell)


def import_order(
    settings: Settings, order: ImportOrder, tell: Callable[[Progress], None] = lambda _: None
) -> ImportReport:
    """Carry out an import; see `import_into`."""
    log_folder, arriving = settings.folder(settings.engines.log), arrivals(settings)
    state = open_state(settings.state_url)
    try:
        log = SegmentLog(log_folder, "import")
        try:
            lake = Lake(log_folder, settings.folder(settings.engines.lake))
            ledger = ImportLedger(log, lake)
            engines = ImportEngines(
                log=log,
                tables=state.tables,
                quarantine=QuarantineFiles(settings.folder(settings.engines.quarantine)),
                reports=state.reports,
                readers=readers(lake),
                settle=ledger.settle,
                arriving=lambda validator: arriving.judge(validator, empty_is_said=False),
                rules=read_contracts(settings).rules(),
            )
            return run_import(order, engines, _limits(settings), _clocks(), tell)
        finally:
            log.close()
    finally:
        state.close()


def preview_of(
    settings: Settings,
    path: Path,
    store: str | None,
    mapping: Path | None = None,
    said: Said = NOTHING_SAID,
    known_as: str | None = None,
) -> DryRun:
    """Return what an import would do with the first rows of each file; nothing is written.

    Raises:
        InputError: there is nothing to import, or a file cannot be read at all.
        MappingError: the mapping breaks its rules or does not fit the files.
    """
    arriving = arrivals(settings)
    state = open_state(settings.state_url)
    try:
        engines = ImportEngines(
            log=MemoryEventLog(),
            tables=state.tables,
            quarantine=MemoryQuarantine(),
            reports=MemoryReports(),
            readers=readers(),
            settle=lambda _logged, _started: {},
            arriving=lambda validator: arriving.judge(validator, empty_is_said=False),
        )
        return dry_run(ImportOrder(path, store, mapping, said, known_as), engines, _limits(settings), _clocks())
    finally:
        state.close()


def _limits(settings: Settings) -> ImportLimits:
    return ImportLimits(
        batch_rows=settings.intake.batch_rows,
        future_seconds=settings.intake.future_seconds,
        quarantine_share=settings.intake.quarantine_share,
    )


def _clocks() -> Clocks:
    return Clocks(lambda: datetime.now(UTC), time.monotonic)
