"""The whole check of a store: completeness, accuracy, freshness, consistency, volume, and the feedback loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from shopkeeper.commerce.store import Store
from shopkeeper.quality import accuracy, completeness, consistency, feedback, freshness, volume
from shopkeeper.quality.contract import DataContract
from shopkeeper.quality.contract_checks import compile_checks, run_checks
from shopkeeper.quality.judge import Judge
from shopkeeper.quality.limits import QualityLimits
from shopkeeper.quality.local_days import by_day, local_days, zone_of
from shopkeeper.quality.missing_values import MissingField, missing_values
from shopkeeper.quality.ports import Warehouse
from shopkeeper.quality.readiness import Readiness, readiness
from shopkeeper.quality.reading import Row, query
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
    events = _by_store(warehouse, "event_completeness")
    unknown, doubled = _by_store(warehouse, "unknown_products"), _by_store(warehouse, "doubled_events")
    findings: list[Finding] = []
    carries: list[Readiness] = []
    daily: list[DailyEvents] = []
    missing: list[MissingField] = []
    for store in stores:
        judge, seen = Judge(store.store), events.get(store.store)
        contract = contracts.get(store.store) or DataContract("", QualityLimits())
        wholeness = unknown.get(store.store, {}), doubled.get(store.store, {})
        counts = _check_store(judge, warehouse, store, seen, wholeness, now, contract.limits)
        count = int(seen["events"]) if seen is not None else 0
        rejected = quarantined(store.store)
        judge.excess(
            "completeness", "rows in quarantine", rejected, rejected + count, contract.limits.quarantined, "warn",
            "Read the reasons below, mend the source or the mapping, then `shopkeeper check --replay`.",
        )  # fmt: skip
        run_checks(judge, warehouse, compile_checks(contract))
        findings += judge.findings
        carries += readiness(warehouse, store.store)
        missing += missing_values(warehouse, store.store, contract, (lacking or {}).get(store.store, {}))
        days = sorted(counts)
        daily.append(DailyEvents(store.store, tuple(d.isoformat() for d in days), tuple(counts[d] for d in days)))
    digests = {store.store: contracts[store.store].digest for store in stores if store.store in contracts}
    return QualityReport(
        now.isoformat(), tuple(findings), tuple(carries), contracts=digests, daily=tuple(daily), missing=tuple(missing)
    )


def _check_store(
    judge: Judge,
    warehouse: Warehouse,
    store: Store,
    seen: Row | None,
    wholeness: tuple[Row, Row],
    now: datetime,
    limits: QualityLimits,
) -> Counter[date]:
    """Judge one store and return its events by day."""
    count = int(seen["events"]) if seen is not None else 0
    judge.least("completeness", "events", count, 1, "rows", "fail", "Import events, or send them to POST /v1/events.")
    completeness.entities(judge, warehouse, limits)
    daily: Counter[date] = Counter()
    if seen is not None:
        completeness.required_fields(judge, seen, limits)
        ledger = accuracy.read_ledger(warehouse, store)
        completeness.received(judge, ledger.orders.total(), ledger.matched.total() + ledger.explained.total(), limits)
        completeness.on_time(judge, warehouse, now, limits)
        accuracy.accuracy(judge, ledger, limits)
        consistency.identities(judge, *wholeness, count, warehouse, limits)
        hourly = warehouse.fetch(query("hourly_events"), store=store.store)
        consistency.time_zone(judge, hourly["hour"], hourly["events"], store)
        zone = zone_of(store.time_zone)
        daily = by_day(local_days(hourly["hour"], zone), hourly["events"])
        freshness.gaps(judge, hourly["hour"].astype("datetime64[D]"), limits)
        volume.volume(judge, daily, now.astimezone(zone), limits)
        feedback.feedback(judge, warehouse, now, limits)
    consistency.references(judge, warehouse, limits)
    consistency.currencies(judge, warehouse, store, limits)
    consistency.categories(judge, warehouse, limits)
    consistency.prices(judge, warehouse, limits)
    freshness.freshness(judge, warehouse, now, limits)
    return daily


def _by_store(warehouse: Warehouse, name: str) -> dict[str, Row]:
    columns: Mapping[str, Sequence[object]] = warehouse.fetch(query(name))  # type: ignore[assignment]  # numpy columns
    stores = [str(store) for store in columns["store"]]
    return {store: {key: column[place] for key, column in columns.items()} for place, store in enumerate(stores)}
