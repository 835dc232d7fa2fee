"""Basic checks of what came in: is it complete, whole, steady and fresh enough to work with?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from shopkeeper.quality.ports import NamedQuery, Warehouse
from shopkeeper.quality.report import Finding, QualityReport, Status


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """Where passing ends.

    Attributes:
        required: Least share of filled required fields; below it a check fails.
        recommended: Least share of filled recommended fields; below it a check warns.
        known_users: Least share of events with a signed-in user; below it a check warns.
        doubled: Largest share of events that came twice.
        quarantined: Largest share of rejected rows.
        gap_days: Longest run of days without an event.
        age_days: Largest age of the newest event.
    """

    required: float = 0.95
    recommended: float = 0.95
    known_users: float = 0.5
    doubled: float = 0.001
    quarantined: float = 0.05
    gap_days: float = 7.0
    age_days: float = 2.0


Row = Mapping[str, Any]


def check_quality(
    warehouse: Warehouse,
    stores: tuple[str, ...],
    quarantined: Callable[[str], int],
    now: datetime,
    limits: QualityLimits,
) -> QualityReport:
    """Measure the data of each store against the limits.

    Args:
        quarantined: Rejected rows kept for a store.
    """
    events = _by_store(warehouse, "event_completeness")
    products = _by_store(warehouse, "product_completeness")
    unknown = _by_store(warehouse, "unknown_products")
    doubled = _by_store(warehouse, "doubled_events")
    daily = warehouse.fetch(NamedQuery.load("shopkeeper.quality", "daily_events"))
    findings: list[Finding] = []
    for store in stores:
        judge = _Judge(store)
        seen = events.get(store)
        count = int(seen["events"]) if seen is not None else 0
        judge.figure("events", count, 1, "rows", "fail", "Import events, or send them to POST /v1/events.")
        if seen is not None:
            _event_completeness(judge, seen, limits)
            _wholeness(judge, unknown.get(store, {}), doubled.get(store, {}), count, limits)
            _steadiness(judge, daily["day"][daily["store"] == store], seen["newest"], now, limits)
        _catalogue(judge, [row for row in (products.get(store), products.get("")) if row is not None], limits)
        _quarantine(judge, quarantined(store), count, limits)
        findings += judge.findings
    return QualityReport(now.isoformat(), tuple(findings))


class _Judge:
    """Collects the findings of one store."""

    def __init__(self, store: str) -> None:
        self.findings: list[Finding] = []
        self._store = store

    def share(self, name: str, part: float, whole: float, limit: float, below: Status, remedy: str) -> None:
        """Judge a share that should be high."""
        figure = float(part / whole) if whole else None
        status: Status = "pass" if figure is None or figure >= limit else below
        detail = f"{int(part):,} of {int(whole):,}"
        self.findings.append(Finding(name, self._store, status, figure, limit, True, "share", remedy, detail))

    def excess(self, name: str, part: float, whole: float, limit: float, above: Status, remedy: str) -> None:
        """Judge a share that should be low."""
        figure = float(part / whole) if whole else None
        status: Status = "pass" if figure is None or figure <= limit else above
        detail = f"{int(part):,} of {int(whole):,}"
        self.findings.append(Finding(name, self._store, status, figure, limit, False, "share", remedy, detail))

    def figure(self, name: str, figure: float, least: float, unit: str, below: Status, remedy: str) -> None:
        """Judge a figure that should be high."""
        status: Status = "pass" if figure >= least else below
        self.findings.append(Finding(name, self._store, status, float(figure), least, True, unit, remedy))

    def days(self, name: str, figure: float, most: float, remedy: str, detail: str) -> None:
        """Warn about too many days."""
        status: Status = "pass" if figure <= most else "warn"
        self.findings.append(Finding(name, self._store, status, round(figure, 2), most, False, "days", remedy, detail))


def _event_completeness(judge: _Judge, seen: Row, limits: QualityLimits) -> None:
    all_events, bought = seen["events"], seen["purchases"]
    required, recommended = limits.required, limits.recommended
    judge.share(
        "events about a product that name it", seen["with_product"], seen["about_product"], required, "fail",
        "Fill `product` in the source or the mapping.",
    )  # fmt: skip
    judge.share(
        "events with a user, visitor or session", seen["with_shopper"], all_events, required, "fail",
        "Fill one of them; the order number can stand in as session.",
    )  # fmt: skip
    judge.share(
        "purchases with a price", seen["with_price"], bought, required, "fail",
        "Fill `price`: what one unit cost the shopper.",
    )  # fmt: skip
    judge.share(
        "purchases with a quantity", seen["with_quantity"], bought, recommended, "warn",
        "Fill `quantity`; without it a purchase counts as one unit.",
    )  # fmt: skip
    judge.share(
        "purchases with an order", seen["with_order"], bought, recommended, "warn",
        "Fill `order_id`, so that sums can be held against the order ledger.",
    )  # fmt: skip
    judge.share(
        "events with a user", seen["with_user"], all_events, limits.known_users, "warn",
        "Send the user once a shopper signs in; histories across devices need it.",
    )  # fmt: skip


def _wholeness(judge: _Judge, unknown: Row, doubled: Row, events: int, limits: QualityLimits) -> None:
    named = unknown.get("events", 0)
    judge.share(
        "events whose product is known", named - unknown.get("unknown_events", 0), named, limits.required, "fail",
        f"Import the {int(unknown.get('unknown_products', 0)):,} missing products; nothing unknown is recommended.",
    )  # fmt: skip
    judge.excess(
        "events that came twice", doubled.get("doubled", 0), events, limits.doubled, "warn",
        "Give each event an `event_id` that stays the same when it is sent again.",
    )  # fmt: skip


def _catalogue(judge: _Judge, rows: list[Row], limits: QualityLimits) -> None:
    total = sum(row["products"] for row in rows)
    judge.figure("products", float(total), 1, "rows", "fail", "Import a table products, or PUT /v1/products.")
    fields = {
        "price": "Fill `price`; it is shown, and pricing needs it.",
        "title": "Fill `title`; a product without one cannot be shown to people.",
        "category": "Fill `categories` as paths `a > b > c`; filters and popularity by category need them.",
    }
    for name, remedy in fields.items():
        filled = sum(row[f"with_{name}"] for row in rows)
        judge.share(f"products with a {name}", filled, total, limits.recommended, "warn", remedy)


def _steadiness(judge: _Judge, days: Any, newest: Any, now: datetime, limits: QualityLimits) -> None:  # noqa: ANN401 - numpy datetimes
    steps = np.diff(np.sort(days)) / np.timedelta64(1, "D")
    place = int(np.argmax(steps)) if steps.size else 0
    gap = float(steps[place]) - 1 if steps.size else 0.0
    detail = f"after {np.sort(days)[place].astype('datetime64[D]')}" if gap else ""
    judge.days(
        "longest gap without events", gap, limits.gap_days, "Find the days in the source and import them.", detail
    )
    age = (np.datetime64(now.replace(tzinfo=None), "us") - newest) / np.timedelta64(1, "D")
    remedy = "Connect the live events, or take it as it is for data of the past."
    judge.days(
        "age of the newest event", float(age), limits.age_days, remedy, f"newest {newest.astype('datetime64[s]')}"
    )


def _quarantine(judge: _Judge, rows: int, events: int, limits: QualityLimits) -> None:
    remedy = "Read the reasons in the import report or the quarantine, mend the source, import again."
    judge.excess("rows in quarantine", rows, rows + events, limits.quarantined, "warn", remedy)


def _by_store(warehouse: Warehouse, query: str) -> dict[str, Row]:
    columns = warehouse.fetch(NamedQuery.load("shopkeeper.quality", query))
    stores = [str(store) for store in columns["store"]]
    return {store: {name: column[place] for name, column in columns.items()} for place, store in enumerate(stores)}
