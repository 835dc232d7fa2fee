"""A log and a lake to check, with rows of one store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.commerce.event import Event, EventCount
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import DECISIONS, EVENT_COUNTS, EVENTS, KEYED_TABLES, TRAFFIC_VERDICTS
from shopkeeper.commerce.traffic import TrafficVerdict
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.intake.keyed_rows import logged
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.quality.checks import check_quality
from shopkeeper.quality.contract import DataContract
from shopkeeper.quality.limits import QualityLimits
from shopkeeper.quality.ports import Warehouse
from shopkeeper.quality.report import Finding, QualityReport

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
UK = Store(store="uk", currency="GBP", time_zone="Europe/London", price_includes_tax=False)


class Data:
    """A log and a lake with rows of one store."""

    NOW = NOW

    def __init__(self, folder: Path) -> None:
        self._log = SegmentLog(folder / "log", "test")
        self._lake = Lake(folder / "log", folder / "lake")
        self._number = 0
        self._open: list[Any] = []
        self.store = UK

    def events(self, times: int, days_ago: float = 1, **changed: object) -> None:
        rows = []
        for _ in range(times):
            self._number += 1
            fields: dict[str, object] = {
                "type": "purchase",
                "user": "ann",
                "product": "lamp",
                "price": 1.0,
                "quantity": 1.0,
                "position": self._number,  # else they would all say the same
            }
            fields |= {"order_id": "o", "event_id": str(self._number), "ts": NOW - timedelta(days=days_ago)}
            rows.append(msgspec.json.encode(msgspec.convert({**fields, "store": "uk", **changed}, Event)))
        self._log.append(EVENTS, rows)

    def rows(self, table: str, *rows: msgspec.Struct, at: datetime = NOW) -> None:
        self._log.append(KEYED_TABLES[table], [logged(SourcedRow(row, at)) for row in rows])

    def logged(self, *events: Event) -> None:
        self._log.append(EVENTS, [msgspec.json.encode(event) for event in events])

    def counts(self, *rows: EventCount) -> None:
        self._log.append(EVENT_COUNTS, [msgspec.json.encode(row) for row in rows])

    def decisions(self, *rows: DecisionRecord) -> None:
        self._log.append(DECISIONS, [msgspec.json.encode(row) for row in rows])

    def verdicts(self, *rows: TrafficVerdict) -> None:
        self._log.append(TRAFFIC_VERDICTS, [msgspec.json.encode(row) for row in rows])

    def warehouse(self) -> Warehouse:
        self._log.seal()
        self._lake.compact()
        warehouse = self._lake.warehouse()
        self._open.append(warehouse)
        return warehouse

    def report(self, quarantined: int = 0, limits: QualityLimits | None = None) -> QualityReport:
        held = limits or QualityLimits()
        return check_quality(
            self.warehouse(), (self.store,), lambda _: quarantined, NOW, {"uk": DataContract("", held)}
        )

    def finding(self, name: str, quarantined: int = 0, limits: QualityLimits | None = None) -> Finding:
        return next(found for found in self.report(quarantined, limits).findings if found.name == name)

    def close(self) -> None:
        for warehouse in self._open:
            warehouse.close()
        self._log.close()


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Data]:
    made = Data(tmp_path)
    yield made
    made.close()
