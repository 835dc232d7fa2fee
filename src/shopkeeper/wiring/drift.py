"""Drift put together from the settings of a workspace: the reference of a version, and a look at now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import msgspec

from shopkeeper.commerce.calendar import read_calendar
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.feature_store import FeatureStore
from shopkeeper.engines.state import State
from shopkeeper.errors import InputError
from shopkeeper.monitoring.collect import DriftRows
from shopkeeper.monitoring.drift import judge
from shopkeeper.monitoring.reference import FILE, WEEKS, DriftReference, make_reference
from shopkeeper.monitoring.report import DriftReport
from shopkeeper.objectives.contract import DriftLimits
from shopkeeper.objectives.contract_file import load_objective
from shopkeeper.quality.ports import Warehouse
from shopkeeper.registry.ports import ModelVersion
from shopkeeper.wiring.objectives import objectives_folder
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.workspace_lake import lake_of
from shopkeeper.wiring.workspace_state import open_workspace_state

_REPORT_KIND = "drift"


def drift_reference(
    settings: Settings,
    system: str,
    until: datetime | None = None,
    importance: Mapping[str, float] | None = None,
    weeks: int = WEEKS,
) -> DriftReference:
    """Return what the data looks like in the weeks before `until` (now by default), to keep with a model version.

    Args:
        importance: Feature -> importance of the model; None where it has none.
    Raises:
        NotEnoughData: no event of a person lies in these weeks.
    """
    with open_workspace_state(settings) as state, _reading(settings) as warehouse:
        rows = drift_rows(settings, state, warehouse)
        return _reference(state, rows, system, until or datetime.now(UTC), importance, weeks)


def _reference(
    state: State,
    rows: DriftRows,
    system: str,
    until: datetime,
    importance: Mapping[str, float] | None = None,
    weeks: int = WEEKS,
) -> DriftReference:
    found = rows.weeks(until, weeks)
    filled = rows.filled_days(found[-1].first, found[0].last)
    calendars = {store.store: read_calendar(store.calendar) for store in _stores(state)}
    return make_reference(system, found, filled, calendars, rows.history_from(), datetime.now(UTC), importance)


def look_for_drift(settings: Settings, system: str, at: datetime | None = None) -> DriftReport:
    """Compare the newest weeks with the reference of the version that serves, and keep the report.

    Raises:
        InputError: no version of the system serves.
        ConfigError: the objective of the system cannot be read.
        BundleDamaged: the reference cannot be read.
    """
    with open_workspace_state(settings) as state:
        version = state.registry.pointer(system, "champion")
        if version is None:
            raise InputError(f"No version of {system} serves.", f"Train one with `shopkeeper train {system}`.")
        known = state.registry.get(system, version)
        with _reading(settings) as warehouse:
            return compare(settings, state, warehouse, known, at or datetime.now(UTC))


def compare(
    settings: Settings, state: State, warehouse: Warehouse, known: ModelVersion, moment: datetime
) -> DriftReport:
    """Compare the newest weeks before a moment with the reference of a version, and keep the report.

    A version without a reference, from before there were any, is compared with the weeks before it was trained.

    Raises:
        ConfigError: the objective of the system cannot be read.
        BundleDamaged: the reference cannot be read.
        NotEnoughData: there is no reference, and no event of a person lies in the weeks it would be made of.
    """
    limits = drift_limits(settings, known.system)
    rows = drift_rows(settings, state, warehouse)
    file = settings.folder(settings.engines.models) / known.folder / FILE
    notes: tuple[str, ...] = ()
    if file.is_file():
        reference = DriftReference.decode(file.read_bytes())
    else:
        last = known.lineage.facts.get("data", {}).get("last")
        learnt = msgspec.convert(last, datetime) if last is not None else known.created_at
        reference = _reference(state, rows, known.system, learnt)
        notes = (f"{known.version} has no drift reference; the weeks before it was trained stand for it",)
    weeks = rows.weeks(moment, limits.windows)
    filled = rows.filled_days(weeks[-1].first, weeks[0].last)
    calendars = {store.store: read_calendar(store.calendar) for store in _stores(state)}
    report = judge(reference, known.version, weeks, filled, calendars, limits, moment)
    report = replace(report, notes=(*notes, *report.notes))
    state.reports.save(_REPORT_KIND, report.document())
    return report


def drift_limits(settings: Settings, system: str) -> DriftLimits:
    """Return the limits of the system's objective, or the built-in ones where it has none."""
    objective = load_objective(objectives_folder(settings), system)
    return objective.retraining.drift if objective is not None else DriftLimits()


@contextmanager
def _reading(settings: Settings) -> Iterator[Warehouse]:
    lake = lake_of(settings)
    lake.compact()
    with Analytics(settings, lake).reading() as warehouse:
        yield warehouse


def drift_rows(settings: Settings, state: State, warehouse: Warehouse) -> DriftRows:
    """Return what gives the weeks of a workspace, on a warehouse over its compacted history."""
    zones = {store.store: store.time_zone for store in _stores(state)}
    return DriftRows(warehouse, FeatureStore(settings.folder(settings.engines.lake)), zones)


def _stores(state: State) -> list[Store]:
    return [cast("Store", one.row) for one in state.tables.scan(STORES)]
