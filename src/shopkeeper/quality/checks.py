"""The whole check of a store: completeness, accuracy, freshness, consistency, volume, and the feedback loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from shopkeeper.commerce.store import Store
from shopkeeper.quality import accuracy, completeness, consistency, feedback, freshness, volume
from shopkeeper.quality.contract import DataContract
from shopkeeper.quality.contract_checks import compile_checks, run_checks
from shopkeeper.quality.judge import Judge
from shopkeeper.quality.limits import QualityLimits
from shopkeeper.quality.local_days import by_day, local, local_days, zone_of
from shopkeeper.quality.missing_values import MissingField, missing_values
from shopkeeper.quality.ports import Warehouse
from shopkeeper.quality.readiness import Readiness, readiness
from shopkeeper.quality.reading import EVER, Row, query
from shopkeeper.quality.report import DailyEvents, Finding, QualityReport


def check_quality(
    warehouse: Warehouse,
    stores: Sequence[Store],
    quarantined: Callable[[str], int],
    now: datetime,
    contracts: Mapping[str, DataContract],
    lacking: Mapping[str, Mapping[tuple[str, str], int]] | None = None,
) -> QualityReport:
    """Measure the data of each store against its limits.

    Args:
        quarantined: Rejected rows kept for a store.
        contracts: Store -> its contract; a store without one is held to the shipped limits.
        lacking: Store -> table and field -> rows in quarantine because they lack it.
    """
    doubled = _by_store(warehouse, "doubled_events")
    findings: list[Finding] = []
    carries: list[Readiness] = []
    daily: list[DailyEvents] = []
    missing: list[MissingField] = []
    for store in stores:
        contract = contracts.get(store.store) or DataContract("", QualityLimits())
        limits = contract.limits
        judge = Judge(store.store, f"in the newest {limits.recent_days:g} days")
        seen = _of(warehouse, "event_completeness", store.store, EVER)
        count = int(seen["events"]) if seen else 0
        since = recent_from(seen["newest"] if seen else None, zone_of(store.time_zone), limits.recent_days)
        judge.least(
            "completeness", "events", count, 1, "rows", "fail", "Import events, or send them to POST /v1/events."
        )
        completeness.entities(judge, warehouse, limits)
        counts: Counter[date] = Counter()
        if seen:
            counts = _check_events(judge, warehouse, store, seen, doubled.get(store.store, {}), since, now, limits)
        _check_parts(judge, warehouse, store, since, now, limits)
        rejected = quarantined(store.store)
        judge.excess(
            "completeness", "rows in quarantine", rejected, rejected + count, contract.limits.quarantined, "warn",
            "Read the reasons below, mend the source or the mapping, then `shopkeeper check --replay`.",
        )  # fmt: skip
        run_checks(judge, warehouse, compile_checks(contract), since)
        findings += judge.findings
        carries += readiness(warehouse, store.store)
        missing += missing_values(warehouse, store.store, contract, (lacking or {}).get(store.store, {}))
        days = sorted(counts)
        daily.append(DailyEvents(store.store, tuple(d.isoformat() for d in days), tuple(counts[d] for d in days)))
    digests = {store.store: contracts[store.store].digest for store in stores if store.store in contracts}
    return QualityReport(
        now.isoformat(), tuple(findings), tuple(carries), contracts=digests, daily=tuple(daily), missing=tuple(missing)
    )


def recent_from(newest: np.datetime64 | None, zone: ZoneInfo, days: float) -> datetime:
    """Return the store-local midnight that the newest days of events begin at, UTC; without events there are none."""
    if newest is None:
        return EVER
    first = local(newest, zone).date() - timedelta(days=days - 1)
    return datetime.combine(first, time(), zone).astimezone(UTC)


def _check_events(
    judge: Judge,
    warehouse: Warehouse,
    store: Store,
    seen: Row,
    doubled: Row,
    since: datetime,
    now: datetime,
    limits: QualityLimits,
) -> Counter[date]:
    """Judge what a store's events are and return how many came by day."""
    zone = zone_of(store.time_zone)
    completeness.required_fields(judge, seen, _of(warehouse, "event_completeness", store.store, since), limits)
    ledger = accuracy.read_ledger(warehouse, store)
    recent = ledger.since(since.astimezone(zone).date())
    completeness.received(judge, ledger.came, recent.came, limits)
    completeness.on_time(judge, warehouse, now, limits)
    accuracy.accuracy(judge, ledger, recent, limits)
    strangers = [_of(warehouse, "unknown_products", store.store, moment) for moment in (EVER, since)]
    consistency.identities(judge, (strangers[0], strangers[1]), doubled, int(seen["events"]), warehouse, limits)
    hourly = warehouse.fetch(query("hourly_events"), store=store.store)
    consistency.time_zone(judge, hourly["hour"], hourly["events"], store)
    daily = by_day(local_days(hourly["hour"], zone), hourly["events"])
    freshness.gaps(judge, hourly["hour"].astype("datetime64[D]"), limits)
    volume.volume(judge, daily, now.astimezone(zone), limits)
    feedback.feedback(judge, warehouse, now, limits)
    return daily


def _check_parts(
    judge: Judge, warehouse: Warehouse, store: Store, since: datetime, now: datetime, limits: QualityLimits
) -> None:
    """Judge how a store's tables fit each other, and how old they are."""
    consistency.references(judge, warehouse, limits)
    consistency.currencies(judge, warehouse, store, since, limits)
    consistency.ratings(judge, warehouse, store, since)
    consistency.categories(judge, warehouse, limits)
    consistency.prices(judge, warehouse, limits)
    freshness.freshness(judge, warehouse, now, limits)


def _of(warehouse: Warehouse, name: str, store: str, since: datetime) -> Row:
    """Return the row of a store over its events from a moment on; empty where there are none."""
    columns = warehouse.fetch(query(name), store=store, since=since)
    return {key: values[0] for key, values in columns.items() if values.size}


def _by_store(warehouse: Warehouse, name: str) -> dict[str, Row]:
    columns: Mapping[str, Sequence[object]] = warehouse.fetch(query(name))  # type: ignore[assignment]  # numpy columns
    stores = [str(store) for store in columns["store"]]
    return {store: {key: column[place] for key, column in columns.items()} for place, store in enumerate(stores)}
