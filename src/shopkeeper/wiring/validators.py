"""The judges of live rows, made once for each table and each store a key speaks for."""

from __future__ import annotations

from datetime import UTC, datetime

from shopkeeper.commerce.tables import EVENTS, TableSchema
from shopkeeper.intake.arrival import ArrivingEvents
from shopkeeper.intake.keyed_rows import KeyedRowValidator
from shopkeeper.intake.live_lane import LiveLane
from shopkeeper.intake.validation import RowValidator
from shopkeeper.quality.row_rules import RowRules
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.wiring.arriving import Arrivals


def _now() -> datetime:
    return datetime.now(UTC)


class Validators:
    """Judges by table and store. There are never more than tables times stores with a key of their own."""

    def __init__(
        self, catalogue: Catalogue, arrivals: Arrivals, rules: RowRules, future_seconds: float, most_rows: int
    ) -> None:
        self._catalogue = catalogue
        self._most_rows = most_rows
        self._arrivals = arrivals
        self._rules = rules
        self._future_seconds = future_seconds
        self._events: dict[str | None, ArrivingEvents] = {}
        self._lanes: dict[str | None, LiveLane] = {}
        self._keyed: dict[tuple[str, str | None], KeyedRowValidator] = {}

    def events(self, store: str | None) -> ArrivingEvents:
        """Return the judge of events; `store` is the only one they may belong to, None = each names its own."""
        judge = self._events.get(store)
        if judge is None:
            judge = self._arrivals.judge(self._rows(EVENTS, store), empty_is_said=True)
            self._events[store] = judge
        return judge

    def lane(self, store: str | None) -> LiveLane:
        """Return what reads bodies of sure events at once; `store` as in `events`."""
        lane = self._lanes.get(store)
        if lane is None:
            declared, zone = self._catalogue.declared, self._rows(EVENTS, store).zone
            lane = LiveLane(
                self.events(store), zone, declared, store, self._rules, _now, self._future_seconds, self._most_rows
            )
            self._lanes[store] = lane
        return lane

    def keyed(self, table: TableSchema, store: str | None) -> KeyedRowValidator:
        """Return the judge of a keyed table."""
        judge = self._keyed.get((table.name, store))
        if judge is None:
            judge = KeyedRowValidator(self._rows(table, store), _now, future_seconds=self._future_seconds)
            self._keyed[table.name, store] = judge
        return judge

    def _rows(self, table: TableSchema, store: str | None) -> RowValidator:
        return RowValidator(table, self._catalogue.declared, store, _now, self._future_seconds, self._rules)
