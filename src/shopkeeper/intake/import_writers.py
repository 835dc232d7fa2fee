"""Take judged rows of an import to the log and the tables, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.product import RECOMMENDABLE, Product
from shopkeeper.commerce.tables import EVENT_COUNTS, EVENTS, TableSchema
from shopkeeper.errors import FieldProblem
from shopkeeper.intake.arrival import RowJudge
from shopkeeper.intake.consent import counted
from shopkeeper.intake.import_tally import EventTally, TableTally
from shopkeeper.intake.keyed_rows import KeyedRowValidator, logged, newest_per_key
from shopkeeper.intake.ports import EventLog, SourcedRow, TableStore
from shopkeeper.intake.sure_events import SureBatch, SureRow, SureRules

MAX_HELD = 200_000
"""Keys whose newest row a writer holds back before it writes them out; about 200 MB of products."""


class RowWriter(Protocol):
    """Takes rows of one table out of one file."""

    def take(self, raw: dict[str, Any], row: int) -> tuple[FieldProblem, ...]:
        """Judge a row and keep it for the next flush; return its problems, none when it is taken."""
        ...

    def flush(self, *, end: bool) -> None:
        """Write what was taken; at the `end` of the file also what was held back."""
        ...


class ProductIds:
    """Which products an import meets: how many events name each, and which things are no product."""

    def __init__(self) -> None:
        self.named: dict[str, dict[str, int]] = {}
        self._other: set[tuple[str, str]] = set()

    def name(self, store: str, product: str, events: int = 1) -> None:
        """Note events that name a product."""
        named = self.named.setdefault(store, {})
        named[product] = named.get(product, 0) + events

    def describe(self, product: Product) -> None:
        """Note what a product row says about its kind."""
        key = (product.store, product.product)
        if product.kind in RECOMMENDABLE:
            self._other.discard(key)
        else:
            self._other.add(key)

    def events_about_others(self) -> int:
        """Return how many events name what is no product, as far as is known by now.

        Asked at the end of an import, as a row may say what something is after the events that name it.
        """
        others = self._other
        return sum(
            events
            for store, named in self.named.items()
            for product, events in (named.items() if others else ())
            if (store, product) in others or ("", product) in others
        )


class EventWriter:
    """Takes events: to the log, or to the counts where the shopper does not allow measurement.

    Args:
        sure: Says what makes a row sure to be taken as it stands; None = every row is looked at.
    """

    def __init__(
        self,
        validator: RowJudge,
        log: EventLog,
        measured: Callable[[Event], bool],
        tally: TableTally,
        seen: EventTally,
        products: ProductIds,
        sure: Callable[[], SureRules | None] = lambda: None,
    ) -> None:
        self.sure = sure
        self._validator = validator
        self._log = log
        self._measured = measured
        self._tally = tally
        self._seen = seen
        self._products = products
        self._encode = msgspec.json.Encoder().encode
        self._encoded: list[bytes] = []
        self._numbers: list[int] = []
        self._unmeasured: list[Event] = []

    def take(self, raw: dict[str, Any], row: int) -> tuple[FieldProblem, ...]:
        """Judge an event and keep it for the next flush."""
        event = self._validator.check(raw, row)
        if not isinstance(event, Event):
            return event if isinstance(event, tuple) else ()
        measured = self._measured(event)
        if event.product is not None:
            self._products.name(event.store, event.product)
        self._seen.add(event, measured=measured)
        self._tally.valid += 1
        if measured:
            self._encoded.append(self._encode(event))
            self._numbers.append(row)
        else:
            self._unmeasured.append(event)
        return ()

    def count_sure(self, batch: SureBatch) -> None:
        """Count the events of a batch that were taken as they stand."""
        for named in batch.products:
            self._products.name(*named)
        self._seen.add_sure(batch.tally)
        self._tally.note_sure(batch.events, batch.tally)

    def keep_sure(self, batch: SureBatch) -> None:
        """Bring the events of a batch into the history, those that were looked at with those that were sure."""
        batch.keep(list(zip(self._numbers, self._encoded, strict=True)))
        self._tally.logged += batch.events + len(self._encoded)
        self._encoded, self._numbers = [], []

    def flush(self, *, end: bool) -> None:  # noqa: ARG002 - nothing is held back
        """Write the events taken since the last flush."""
        if self._encoded:
            self._log.append(EVENTS, self._encoded)
            self._tally.logged += len(self._encoded)
            self._encoded, self._numbers = [], []
        if self._unmeasured:
            rows = counted(self._unmeasured)
            self._log.append(EVENT_COUNTS, [self._encode(row) for row in rows])
            self._tally.logged += len(self._unmeasured)
            self._unmeasured = []


class KeyedWriter:
    """Takes rows of a keyed table: to the log first, then to the current state.

    Where the table has no time of its own, only the newest row per key of a file is written: many lines of an order
    file that describe one product are one description. Where it has one, every row is part of the history.

    Args:
        on_row: Gets every row as it comes.
        on_held: Gets the row of each key that is written where only the newest is.
    """

    def __init__(
        self,
        validator: KeyedRowValidator,
        log: EventLog,
        tables: TableStore,
        tally: TableTally,
        on_row: Callable[[SourcedRow], None],
        on_held: Callable[[SourcedRow], None],
    ) -> None:
        self._validator = validator
        self._table: TableSchema = validator.table
        self._log = log
        self._tables = tables
        self._tally = tally
        self._on_row = on_row
        self._on_held = on_held
        self._rows: list[SourcedRow] = []
        self._held: dict[tuple[object, ...], SureRow] = {}

    def take(self, raw: dict[str, Any], row: int) -> tuple[FieldProblem, ...]:
        """Judge a row and keep it for the next flush."""
        sourced = self._validator.check(raw, row)
        if isinstance(sourced, tuple):
            return sourced
        self._tally.valid += 1
        self._on_row(sourced)
        if self._table.time is not None:
            self._rows.append(sourced)
        else:
            self._hold(SureRow(sourced, row, 1))
        return ()

    def judge(self, raw: dict[str, Any]) -> SourcedRow | None:
        """Return a row that is not taken yet; None where it would be rejected."""
        sourced = self._validator.check(raw)
        return None if isinstance(sourced, tuple) else sourced

    def take_sure(self, rows: Sequence[SureRow]) -> None:
        """Keep rows for the end of the file that were judged by the fast lane."""
        for found in rows:
            self._tally.read += found.rows
            self._tally.valid += found.rows
            self._on_row(found.row)
            self._hold(found)

    def _hold(self, found: SureRow) -> None:
        """Hold the newest row of each key, of equal times the last of the file."""
        key = tuple(getattr(found.row.row, name) for name in self._table.key)
        there = self._held.get(key)
        self._tally.superseded += found.rows - (there is None)
        if there is None or (there.row.source_ts, there.number) <= (found.row.source_ts, found.number):
            self._held[key] = found

    def flush(self, *, end: bool) -> None:
        """Write the rows taken since the last flush."""
        if self._held and (end or len(self._held) >= MAX_HELD):
            for held in self._held.values():
                self._on_held(held.row)
                self._rows.append(held.row)
            self._held = {}
        if self._rows:
            self._log.append(self._table, [logged(row) for row in self._rows])
            self._tally.logged += len(self._rows)
            self._tables.upsert(self._table, newest_per_key(self._table, self._rows))
            self._rows = []
