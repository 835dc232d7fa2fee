"""Counts what happens to every row of an import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.tables import EVENTS
from shopkeeper.errors import FieldProblem
from shopkeeper.intake.field_words import general
from shopkeeper.intake.import_report import ReasonCount, Recognised, TableReport
from shopkeeper.intake.sure_events import SureTally

_EXAMPLES = 3
_REASONS = 500
_NAMES = 50


@dataclass(slots=True)
class TableTally:
    """Rows meant for one table so far."""

    read: int = 0
    valid: int = 0
    superseded: int = 0
    rejected: int = 0
    logged: int = 0
    without_user: int = 0
    refunds: int = 0
    negative_prices: int = 0

    def note_event(self, raw: Mapping[str, Any]) -> None:
        """Count what a row meant for events says as it came, whatever becomes of it."""
        user, price = raw.get("user"), raw.get("price")
        self.without_user += user is None or user == ""
        self.refunds += raw.get("type") == "refund"
        if price.__class__ is str:
            self.negative_prices += price.lstrip()[:1] == "-" and price.strip(" -0.,") != ""
        elif price is not None and price.__class__ in (int, float):
            self.negative_prices += price < 0

    def note_sure(self, rows: int, batch: SureTally) -> None:
        """Count a batch of events that were taken as they stand."""
        self.read += rows
        self.valid += rows
        self.without_user += batch.without_user
        self.refunds += batch.types.get("refund", 0)

    def source_rows(self, duplicates: int) -> dict[str, int]:
        """Return what was counted over event rows as they came, before duplicates were left out."""
        return {
            "events": self.read, "duplicates": duplicates, "without_user": self.without_user,
            "refunds": self.refunds, "negative_prices": self.negative_prices,
        }  # fmt: skip

    def report(self, table: str, doubled: int) -> TableReport:
        """Return the figures, given how many logged rows were there before."""
        duplicates = self.superseded + max(0, min(doubled, self.logged))
        source = self.source_rows(duplicates) if table == EVENTS.name else {}
        return TableReport(table, self.read, self.valid - duplicates, duplicates, self.rejected, source)


@dataclass(slots=True)
class _Reason:
    remedy: str
    rows: int = 0
    examples: list[str] = field(default_factory=list)


class ReasonTally:
    """How often each field broke each rule, at most 500 different ones."""

    def __init__(self) -> None:
        self._reasons: dict[tuple[str, str, str], _Reason] = {}

    def add(self, table: str, source: str, problems: tuple[FieldProblem, ...]) -> None:
        """Count the problems of one row."""
        for problem in problems:
            key = (table, problem.field, general(problem.reason))
            if key not in self._reasons and len(self._reasons) >= _REASONS:
                key = (table, "$", "other reasons")
            reason = self._reasons.setdefault(key, _Reason(problem.remedy))
            reason.rows += 1
            if len(reason.examples) < _EXAMPLES:
                reason.examples.append(
                    f"{source}:{problem.row} {problem.reason[len(key[2]) :].removeprefix(', ')}".strip()
                )

    def report(self) -> tuple[ReasonCount, ...]:
        """Return the reasons, the most frequent first."""
        counted = [
            ReasonCount(table, name, reason, found.remedy, found.rows, tuple(found.examples))
            for (table, name, reason), found in self._reasons.items()
        ]
        return tuple(sorted(counted, key=lambda reason: -reason.rows))


class EventTally:
    """Things of note among valid events, and the period they cover."""

    def __init__(self) -> None:
        self.first: datetime | None = None
        self.last: datetime | None = None
        self._types: Counter[str] = Counter()
        self._names: Counter[str] = Counter()
        self._guests = self._free = self._unpriced = self._unmeasured = 0
        self._bought = self._returned = 0.0

    def add(self, event: Event, *, measured: bool) -> None:
        """Count one event."""
        self._types[event.type] += 1
        self._unmeasured += not measured
        if self.first is None or event.ts < self.first:
            self.first = event.ts
        if self.last is None or event.ts > self.last:
            self.last = event.ts
        if event.type == "purchase":
            self._guests += event.user is None
            self._unpriced += event.price is None
            self._free += event.price == 0
            self._bought += (event.price or 0.0) * (1.0 if event.quantity is None else event.quantity)
        elif event.type == "refund":
            self._returned += (event.price or 0.0) * (1.0 if event.quantity is None else event.quantity)
        elif event.type == "custom":
            name = str(event.properties.get("name", "custom"))
            self._names[name if name in self._names or len(self._names) < _NAMES else "custom"] += 1

    def add_sure(self, batch: SureTally) -> None:
        """Count a batch of events, all of them measured."""
        self._types.update(batch.types)
        for name, events in batch.names.items():
            self._names[name if name in self._names or len(self._names) < _NAMES else "custom"] += events
        if batch.first is not None and (self.first is None or batch.first < self.first):
            self.first = batch.first
        if batch.last is not None and (self.last is None or batch.last > self.last):
            self.last = batch.last
        self._guests += batch.guests
        self._free += batch.free
        self._unpriced += batch.unpriced
        self._bought += batch.bought
        self._returned += batch.returned

    def report(self, not_products: int) -> Recognised:
        """Return the figures, given how many events are about what is no product."""
        types = {name: count for name, count in self._types.most_common() if name != "custom"}
        return Recognised(
            by_type={**types, **dict(self._names.most_common())},
            guests=self._guests,
            not_products=not_products,
            free=self._free,
            unpriced=self._unpriced,
            unmeasured=self._unmeasured,
            bought=round(self._bought, 2),
            returned=round(self._returned, 2),
        )
