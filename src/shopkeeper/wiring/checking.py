"""A data quality check put together from the settings of a workspace."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.engines.state import open_state
from shopkeeper.errors import NotEnoughData, UnknownStore
from shopkeeper.quality.checks import check_quality
from shopkeeper.quality.report import QualityReport
from shopkeeper.quality.verdict import REPORT_KIND, TREND, with_trends
from shopkeeper.wiring.classifying import classify_traffic
from shopkeeper.wiring.contracts import read_contracts
from shopkeeper.wiring.rejections import MOST_REASONS, lacking, rejected_reasons, source_counts
from shopkeeper.wiring.retention import enforce_retention
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.workspace_lake import lake_of


def check_workspace(settings: Settings, store: str | None = None) -> QualityReport:
    """Check the data of one store or of all, keep a report for each under the kind `check`, and return all findings.

    Raises:
        ConfigError: a data contract breaks its rules.
        UnknownStore: the store is not declared.
        NotEnoughData: there is no store yet.
    """
    lake = lake_of(settings)
    lake.compact()
    analytics = Analytics(settings, lake)
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
        classify_traffic(settings, analytics, state)
        enforce_retention(settings, lake)
        quarantine = QuarantineFiles(settings.folder(settings.engines.quarantine))
        names = (store,) if store is not None else declared
        held = read_contracts(settings)
        contracts = {name: held.of(name) for name in names}
        rejected = {name: rejected_reasons(quarantine, name) for name in names}
        lacks = {name: lacking(reasons) for name, reasons in rejected.items()}
        with analytics.reading() as warehouse:
            checked = [stores[name] for name in names]
            found = check_quality(warehouse, checked, quarantine.count, datetime.now(UTC), contracts, lacks)
        report = replace(
            with_trends(found, {name: state.reports.latest(REPORT_KIND, TREND, name) for name in names}),
            rejected=tuple(reason for name in names for reason in rejected[name][:MOST_REASONS]),
            sources=tuple(count for name in names for count in source_counts(state.reports, name)),
        )
        for name in names:
            state.reports.save(REPORT_KIND, report.of_store(name).as_dict(), name)
        return report
    finally:
        state.close()
