"""Everything a test has measured, read from a warehouse in one go: nothing is kept, every row is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.store import Store
from shopkeeper.experiments.arm_service import (
    ArmService,
    Columns,
    ShadowService,
    newest_of,
    read_services,
    read_shadow,
)
from shopkeeper.experiments.currency_rates import CurrencyRates
from shopkeeper.experiments.metric_definitions import MetricDefinition, Metrics
from shopkeeper.experiments.metric_sums import caps_query, sums_query
from shopkeeper.experiments.ports import KeepingWarehouse
from shopkeeper.experiments.question import (
    PRE_DAYS,
    TestQuestion,
    kept_relations,
    midnight,
    products_shown,
    service_relations,
    shown_relation,
)
from shopkeeper.experiments.relations import Relation, over
from shopkeeper.experiments.store_clocks import clock_of
from shopkeeper.experiments.unit_sums import TestSums, read_sums
from shopkeeper.quality.ports import NamedQuery, Warehouse


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about a test.

    Attributes:
        at: Nothing from this moment on counts.
        metrics: What is measured of units, in the order wanted.
        attribution_days, maturation_days: Of the objective or plan; a part of a day counts as a whole one.
        slow_ms: Answers that took longer are slow, milliseconds.
        stores: Every store that may be in it.
        since: It did not decide before; None = nobody knows.
        products_shown: Which products were shown is measured too.
        by_device: Units are told apart by the kind of device they came with first.
        rates: Bring the money of stores with several currencies to one, where they hold from the first day read on.
    """

    test: str
    at: datetime
    known: Metrics
    metrics: tuple[MetricDefinition, ...]
    attribution_days: float
    maturation_days: float
    slow_ms: float
    stores: tuple[Store, ...]
    since: datetime | None = None
    products_shown: bool = False
    by_device: bool = False
    rates: CurrencyRates | None = None

    def question(self, start: date, caps: Mapping[tuple[str, str], float]) -> TestQuestion:
        """Return the question to SQL, once the first day of the test is known."""
        since = midnight(start)
        clocks = tuple(clock_of(store, since, max(self.at, since)) for store in self.stores)
        attribution, maturation = (int(-(-days // 1)) for days in (self.attribution_days, self.maturation_days))
        currencies = {store.currency for store in self.stores}
        rates = self.rates if len(currencies) > 1 else None
        if rates is not None and not rates.cover(currencies, start - timedelta(days=PRE_DAYS)):
            rates = None
        return TestQuestion(
            self.test, self.at, start, self.known, self.metrics, attribution, maturation, clocks, caps,
            self.by_device, rates,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """How many of the products a store has on sale an arm was shown in an allocation, people and machines alike."""

    epoch: int
    variant: str
    store: str
    products: int
    on_sale: int


@dataclass(frozen=True, slots=True)
class MeasuredTest:
    """Everything a test has measured at one moment.

    Attributes:
        sums: None where nobody was decided for yet.
        caps: (store, figure) -> where winsorised means are cut.
        newest: Time of the newest row that was counted.
    """

    sums: TestSums | None
    services: tuple[ArmService, ...]
    shadow: ShadowService | None
    caps: Mapping[tuple[str, str], float]
    newest: datetime | None
    shown: tuple[Shown, ...] = ()


class UnitMeasuring(Protocol):
    """What reads the figures of a test.

    Laws: the same rows and the same question give the same figures, by any engine to 1e-9; nothing from `asked.at` on
    counts; raises Unavailable where the engine does not answer.
    """

    def measure(self, asked: Asked) -> MeasuredTest:
        """Return everything a test has measured."""
        ...


@dataclass(frozen=True, slots=True)
class TestRows:
    """The rows of a test, read once to be asked about.

    Attributes:
        warehouse: Has the relations of `metric_sums` by name, where the test decided.
        question: None where it decided for nobody.
        last: Its last decision.
        newest: Time of the newest row that counts.
    """

    __test__ = False

    asked: Asked
    warehouse: Warehouse
    question: TestQuestion | None
    last: datetime | None
    newest: datetime | None

    def fetch(self, relation: Relation) -> dict[str, npt.NDArray[np.generic]]:
        """Return the columns of a relation."""
        return self.warehouse.fetch(NamedQuery(relation.name, relation.text), **relation.parameters)


@contextmanager
def rows_of_test(warehouse: KeepingWarehouse, asked: Asked) -> Iterator[TestRows]:
    """Read the rows of a test once; the warehouse is not asked by anybody else until they are let go."""
    bound = asked.since or datetime(1970, 1, 1, tzinfo=UTC)
    span = NamedQuery.load("shopkeeper.experiments", "span")
    found = warehouse.fetch(span, test=asked.test, since=bound, until=asked.at)
    first, last = newest_of(found["first_ts"]), newest_of(found["last_ts"])
    if first is None or last is None:
        yield TestRows(asked, warehouse, None, None, None)
        return
    question = asked.question(first.date(), {})
    with warehouse.keeping(kept_relations(question, midnight(question.before), asked.at)) as kept:
        newest = kept.fetch(NamedQuery.load("shopkeeper.experiments", "newest_event"), since=last, until=asked.at)
        yield TestRows(asked, kept, question, last, max(last, newest_of(newest["event_ts"]) or last))


def measured_of(rows: TestRows) -> MeasuredTest:
    """Return everything the rows of a test say."""
    asked, plain = rows.asked, rows.question
    bound = asked.since or datetime(1970, 1, 1, tzinfo=UTC)
    service, shadowed = service_relations(asked.test, float(asked.slow_ms), bound, asked.at)
    shadow = read_shadow(rows.fetch(shadowed))
    if plain is None:
        return MeasuredTest(None, (), shadow, {}, shadow.newest if shadow else None)
    query, parameters = caps_query(plain)
    caps = read_caps(rows.warehouse.fetch(query, **parameters))
    question = replace(plain, caps=caps)
    query, parameters = sums_query(question)
    sums = read_sums(question, rows.warehouse.fetch(query, **parameters))
    shown: tuple[Shown, ...] = ()
    if asked.products_shown:
        own = shown_relation(question, midnight(question.start), asked.at)
        shown = read_shown(rows.fetch(over(products_shown(question), (own,))))
    return MeasuredTest(sums, read_services(rows.fetch(service)), shadow, caps, rows.newest, shown)


def read_shown(columns: Columns) -> tuple[Shown, ...]:
    """Return what the rows of `products_shown` say."""
    names = ("epoch", "variant", "store", "products", "on_sale")
    rows = zip(*(columns[name].tolist() for name in names), strict=True)
    return tuple(
        Shown(int(epoch), str(variant), str(store), int(n), int(total)) for epoch, variant, store, n, total in rows
    )


def read_caps(columns: Columns) -> dict[tuple[str, str], float]:
    """Return where winsorised means are cut, of stores with shoppers enough that one in a thousand is one."""
    found: dict[tuple[str, str], float] = {}
    for place, store in enumerate(columns["store"]):
        for figure in ("revenue", "margin"):
            cap = float(columns[figure][place])
            if columns["shoppers"][place] >= FEWEST_SHOPPERS and cap > 0:
                found[str(store), figure] = cap
    return found


FEWEST_SHOPPERS = 1_000


def stores_named(stores: Sequence[Store], names: Sequence[str]) -> tuple[Store, ...]:
    """Return the stores of some names; all where none is named."""
    return tuple(store for store in stores if not names or store.store in names)
