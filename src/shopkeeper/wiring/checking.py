"""A data quality check put together from the settings of a workspace."""

from __future__ import annotations

from datetime import UTC, datetime

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.engines.state import open_state
from shopkeeper.errors import NotEnoughData, UnknownStore
from shopkeeper.quality.checks import check_quality
from shopkeeper.quality.limits import QualityLimits
from shopkeeper.quality.report import QualityReport
from shopkeeper.wiring.settings import Settings

REPORT_KIND = "check"


def check_workspace(settings: Settings, store: str | None = None) -> QualityReport:
    """Check the data of one store or of all, keep a report for each under the kind `check`, and return all findings.

    Raises:
        UnknownStore: the store is not declared.
        NotEnoughData: there is no store yet.
    """
    lake = Lake(settings.folder(settings.engines.log), settings.folder(settings.engines.lake))
    lake.compact()
    state = open_state(settings.state_url)
    try:
        stores = {row.store: row for sourced in state.tables.scan(STORES) if isinstance(row := sourced.row, Store)}
        declared = tuple(sorted(stores))
        if store is not None and store not in declared:
            raise UnknownStore(store, declared)
        if not declared:
            raise NotEnoughData(
                "There is no store in this workspace yet.", "Import data: shopkeeper import PATH --store NAME."
            )
        quarantine = QuarantineFiles(settings.folder(settings.engines.quarantine))
        limits = QualityLimits(quarantined=settings.intake.quarantine_share)
        warehouse = lake.warehouse()
        try:
            checked = [stores[name] for name in ((store,) if store is not None else declared)]
            report = check_quality(warehouse, checked, quarantine.count, datetime.now(UTC), lambda _: limits)
        finally:
            warehouse.close()
        for name in report.stores:
            state.reports.save(REPORT_KIND, report.of_store(name).as_dict(), name)
        return report
    finally:
        state.close()
