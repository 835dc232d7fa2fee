"""An import: files in, events in the log and rows in the tables, bad rows in quarantine, a report at the end.

Everything streams; run again after a crash or on the same files, it adds nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS, PRODUCTS, STORES, USERS, TableSchema
from shopkeeper.errors import MappingError
from shopkeeper.intake.arrival import ArrivingEvents, RowJudge
from shopkeeper.intake.choosing import Recogniser, users_by_email
from shopkeeper.intake.consent import NOT_SAID, UserConsents, effective, said_in, without_keys
from shopkeeper.intake.detection import NOTHING_SAID, Said
from shopkeeper.intake.formats.shape import Memory
from shopkeeper.intake.import_file import Rejects, import_file, open_file
from shopkeeper.intake.import_report import ImportReport, ReadFile
from shopkeeper.intake.import_tally import EventTally, TableTally
from shopkeeper.intake.import_writers import EventWriter, KeyedWriter, ProductIds, RowWriter
from shopkeeper.intake.keyed_rows import KeyedRowValidator, logged
from shopkeeper.intake.mapping import load_mapping
from shopkeeper.intake.ports import REPORT_KIND, EventLog, Quarantine, RejectedRow, SourcedRow, SourceReader, TableStore
from shopkeeper.intake.progress import Progress, ProgressMeter
from shopkeeper.intake.sources import ImportPlan, PlannedFile, plan_import
from shopkeeper.intake.sure_events import SureRules, SureSaid
from shopkeeper.intake.times import zone_named
from shopkeeper.intake.validation import RowValidator
from shopkeeper.quality.ports import ReportStore
from shopkeeper.quality.row_rules import RowRules

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""Source time of rows that only say that something exists; any row of a source is newer."""


@dataclass(frozen=True, slots=True)
class ImportEngines:
    """What an import reads with and writes to.

    Attributes:
        readers: Format -> reader.
        settle: Makes what was logged visible and returns, by table, how many of the logged rows were there before. It
            gets the rows logged by table, and the time the import began, which its events carry as `received_at`.
        rules: What the data contracts of the stores ask of single rows.
        arriving: Puts the judge of events into the one that also classifies traffic and takes addresses out.
    """

    log: EventLog
    tables: TableStore
    quarantine: Quarantine
    reports: ReportStore
    readers: Mapping[str, SourceReader]
    settle: Callable[[Mapping[str, int], datetime], Mapping[str, int]]
    arriving: Callable[[RowValidator], RowJudge]
    rules: RowRules | None = None


@dataclass(frozen=True, slots=True)
class ImportLimits:
    """Limits of an import; `wiring.settings.IntakeSettings` says what they mean."""

    batch_rows: int
    future_seconds: float
    quarantine_share: float


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What to import.

    Attributes:
        store: The store the rows belong to; None = every row names its own.
        mapping: Mapping file; None = files are named after tables and columns after the contract.
        said: How the files are written, as far as it is not to be detected; a mapping's own words win.
        format: Built-in format of the files, or its family such as `shopify`; None = recognise it by the columns.
        only: The files of `path` to read; None = all of them.
    """

    path: Path
    store: str | None
    mapping: Path | None = None
    said: Said = NOTHING_SAID
    format: str | None = None
    only: frozenset[Path] | None = None


@dataclass(frozen=True, slots=True)
class Clocks:
    """The time of day in UTC, and seconds that never go back."""

    now: Callable[[], datetime]
    seconds: Callable[[], float]


def run_import(
    order: ImportOrder,
    engines: ImportEngines,
    limits: ImportLimits,
    clocks: Clocks,
    tell: Callable[[Progress], None] = lambda _: None,
) -> ImportReport:
    """Import files and return the report, which is also kept under the kind `import`.

    Raises:
        InputError: there is nothing to import, or a file cannot be read at all.
        MappingError: the mapping breaks its rules or does not fit the files; nothing was written.
    """
    report = _ImportRun(order, engines, limits, clocks).complete(tell)
    engines.reports.save(REPORT_KIND, report.as_dict(), order.store)
    return report


class _ImportRun:
    """One import while it runs."""

    def __init__(self, order: ImportOrder, engines: ImportEngines, limits: ImportLimits, clocks: Clocks) -> None:
        self._order = order
        self._engines = engines
        self._limits = limits
        self._seconds = clocks.seconds
        self._started = clocks.now()
        self._mapping = load_mapping(order.mapping) if order.mapping is not None else None
        self._said = order.said if self._mapping is None else self._mapping.said.or_else(order.said)
        self._plan: ImportPlan = plan_import(
            order.path, self._mapping, Recogniser(engines.readers, self._said, order.format), order.only
        )
        self._memory = Memory()
        self._stores: dict[str, Store] = {}
        self._consents: UserConsents | None = None
        self._tallies: dict[str, TableTally] = {}
        self._rejects = Rejects(engines.quarantine, order.store, self._keepable)
        self._seen = EventTally()
        self._products = ProductIds()
        self._logged: Counter[str] = Counter()
        self._files: tuple[ReadFile, ...] = ()

    def complete(self, tell: Callable[[Progress], None]) -> ImportReport:
        """Read every file, settle, and report."""
        began = self._seconds()
        files = [
            open_file(plan, self._engines.readers[plan.format], self._order.store, self._said, self._memory)
            for plan in self._plan.files
        ]
        self._files = tuple(file.read_as for file in files)
        if any(plan.known_as is not None and plan.known_as.knows_users for plan in self._plan.files):
            self._memory.users.update(users_by_email(self._engines.tables.scan(USERS, self._order.store)))
        for sourced in self._engines.tables.scan(STORES):
            self._know_store(sourced)
        meter = ProgressMeter(sum(file.source.bytes for file in files), self._seconds, tell)
        declared = False
        rows = 0
        for file in files:
            if any(filling.table is not STORES for filling in file.plan.fillings):
                declared = self._declare_store() or declared
            writers = [self._writer(filling.table, file.plan) for filling in file.plan.fillings]
            tallies = [self._tally(filling.table) for filling in file.plan.fillings]
            rows += import_file(file, writers, tallies, self._rejects, self._limits.batch_rows, meter)
        placeholders = self._place_products()
        for name, tally in self._tallies.items():
            self._logged[name] += tally.logged
        doubled = self._engines.settle(dict(self._logged), self._started)
        return self._report(rows, doubled, placeholders, declared, self._seconds() - began)

    def _tally(self, table: TableSchema) -> TableTally:
        return self._tallies.setdefault(table.name, TableTally())

    def _writer(self, table: TableSchema, file: PlannedFile) -> RowWriter:
        started, limit = self._started, self._limits.future_seconds
        store = self._order.store
        validator = RowValidator(table, self._stores, store, lambda: started, limit, self._engines.rules)
        engines, tally = self._engines, self._tally(table)
        if table is EVENTS:
            judge = engines.arriving(validator)
            return EventWriter(
                judge, engines.log, self._measured, tally, self._seen, self._products, lambda: self._sure(judge)
            )
        changed = min(datetime.fromtimestamp(file.path.stat().st_mtime, UTC), started)
        keyed = KeyedRowValidator(validator, lambda: started, lambda: changed, limit)
        return KeyedWriter(keyed, engines.log, engines.tables, tally, self._know_store, self._know_product)

    def _sure(self, judge: RowJudge) -> SureRules | None:
        """Return what makes an event sure to be taken as it stands; None where each has to be looked at."""
        if not isinstance(judge, ArrivingEvents) or judge.knows_people:
            return None
        measured = {
            name: zone_named(store.time_zone)
            for name, store in self._stores.items()
            if effective(None, NOT_SAID, store).measure and self._asked(name) is not None
        }
        bounds: dict[str, tuple[float, float]] = {}
        for name in measured:
            for column, (least, most) in (self._asked(name) or {}).items():
                there = bounds.get(column, (least, most))
                bounds[column] = (max(least, there[0]), min(most, there[1]))
        latest = self._started + timedelta(seconds=self._limits.future_seconds)
        users = self._user_consents().users()
        said = partial(self._said_so, judge, [name for name in measured if self._order.store in (None, name)])
        return SureRules(self._order.store, measured, users, latest, self._started, bounds, said)

    def _said_so(self, judge: RowJudge, stores: Sequence[str], values: Mapping[str, Any]) -> SureSaid | None:
        """Return what few-valued columns come to, where that is the same in every store and lets the event be kept."""
        found: set[SureSaid] = set()
        for store in stores:
            event = judge.check({**values, "event_id": "-", "ts": self._started, "store": store, "type": "custom"})
            if not isinstance(event, Event) or not self._measured(event):
                return None
            consent = None if event.consent is None else msgspec.json.encode(event.consent).decode()
            found.add(SureSaid(consent, event.user_agent, event.traffic, event.traffic_rule))
        return found.pop() if len(found) == 1 else None

    def _asked(self, store: str) -> dict[str, tuple[float, float]] | None:
        """Return the bounds a store's contract sets for numbers of events; None where it asks more than bounds."""
        rules = self._engines.rules
        return {} if rules is None else rules.bounds(EVENTS.name, store)

    def _user_consents(self) -> UserConsents:
        """Return what users allow, read once, after the import's users and before its events."""
        if self._consents is None:
            self._consents = UserConsents(self._group)
            self._consents.apply(self._engines.tables.scan(USERS))
        return self._consents

    def _group(self, name: str) -> str:
        store = self._stores.get(name)
        return name if store is None else store.group

    def _measured(self, event: Event) -> bool:
        """Say whether an event may be kept as one."""
        record = self._user_consents().of(event.store, event.user)
        return bool(effective(event.consent, record, self._stores.get(event.store)).measure)

    def _keepable(self, row: RejectedRow) -> RejectedRow:
        """Return a rejected row as it may be kept: of a shopper who is not measured, without what names them."""
        if row.table != EVENTS.name:
            return row
        store, user = str(row.raw.get("store") or row.store), row.raw.get("user")
        record = self._user_consents().of(store, None if user is None else str(user))
        return row if effective(said_in(row.raw), record, self._stores.get(store)).measure else without_keys(row)

    def _know_product(self, sourced: SourcedRow) -> None:
        if isinstance(sourced.row, Product):
            self._products.describe(sourced.row)

    def _know_store(self, sourced: SourcedRow) -> None:
        if isinstance(sourced.row, Store) and not sourced.deleted:
            self._stores[sourced.row.store] = sourced.row

    def _declare_store(self) -> bool:
        """Declare the import's store where nobody has; any row of a source replaces what is declared here."""
        name = self._order.store
        if name is None or name in self._stores:
            return False
        given = {"store": name, **(self._mapping.store if self._mapping is not None else {})}
        validator = RowValidator(STORES, self._stores, name, lambda: self._started, self._limits.future_seconds)
        judged = validator.check(given)
        if isinstance(judged, tuple):
            listed = "; ".join(f"{problem.field} {problem.reason}" for problem in judged)
            raise MappingError(f"The store {name!r} cannot be declared: {listed}.", "Mend `store:` or --store.", judged)
        declared = SourcedRow(judged, LONG_AGO)
        self._append(STORES, [declared])
        self._engines.tables.insert_absent(STORES, [declared])
        self._know_store(declared)
        return True

    def _place_products(self) -> int:
        """Give products that only events name a row of their own, unless the import brings products itself."""
        if self._plan.fills(PRODUCTS):
            return 0
        placed = 0
        for store, named in self._products.named.items():
            nameless = set(named)
            for sourced in self._engines.tables.scan(PRODUCTS, store):
                nameless.discard(getattr(sourced.row, "product", ""))
            rows = [SourcedRow(Product(product=name, store=store), LONG_AGO) for name in sorted(nameless)]
            for start in range(0, len(rows), self._limits.batch_rows):
                part = rows[start : start + self._limits.batch_rows]
                self._append(PRODUCTS, part)
                placed += self._engines.tables.insert_absent(PRODUCTS, part)
        return placed

    def _append(self, table: TableSchema, rows: list[SourcedRow]) -> None:
        self._engines.log.append(table, [logged(row) for row in rows])
        self._logged[table.name] += len(rows)

    def _report(
        self, rows: int, doubled: Mapping[str, int], placeholders: int, declared: bool, took: float
    ) -> ImportReport:
        tables = tuple(tally.report(name, doubled.get(name, 0)) for name, tally in self._tallies.items())
        judged = sum(table.read for table in tables) + self._rejects.unmatched
        first, last = self._seen.first, self._seen.last
        return ImportReport(
            store=self._order.store,
            path=str(self._order.path),
            mapping=self._order.mapping.name if self._order.mapping is not None else None,
            started_at=self._started.isoformat(),
            seconds=round(took, 3),
            rows=rows,
            rows_per_second=round(rows / took if took > 0 else 0.0, 1),
            tables=tables,
            unmatched=self._rejects.unmatched,
            quarantined=self._rejects.rows,
            quarantine_share=self._rejects.rows / judged if judged else 0.0,
            quarantine_limit=self._limits.quarantine_share,
            reasons=self._rejects.reasons.report(),
            recognised=self._seen.report(self._products.events_about_others()),
            first=first.isoformat() if first is not None else None,
            last=last.isoformat() if last is not None else None,
            created_store=declared,
            placeholder_products=placeholders,
            skipped=self._plan.skipped,
            files=self._files,
        )
