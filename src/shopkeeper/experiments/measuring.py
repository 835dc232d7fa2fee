"""Everything a test has measured, read from a warehouse in one go: nothing is kept, every row is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from shopkeeper.experiments.metric_sums import whole_caps_query, whole_query
from shopkeeper.experiments.question import (
    PRE_DAYS,
    Relation,
    TestQuestion,
    midnight,
    products_shown,
    service_relations,
    shown_relation,
)
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


class WarehouseMeasuring:
    """Implements `UnitMeasuring` on any warehouse, from the logs in one go."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def measure(self, asked: Asked) -> MeasuredTest:
        """Return everything a test has measured."""
        bound = asked.since or datetime(1970, 1, 1, tzinfo=UTC)
        span = self._fetch(Relation("span", _text("span"), {"test": asked.test, "since": bound, "until": asked.at}))
        first, last = newest_of(span["first_ts"]), newest_of(np.append(span["last_ts"], span["event_ts"]))
        service, shadowed = service_relations(asked.test, float(asked.slow_ms), bound, asked.at)
        shadow = read_shadow(self._fetch(shadowed))
        if first is None:
            return MeasuredTest(None, (), shadow, {}, shadow.newest if shadow else None)
        plain = asked.question(first.date(), {})
        query, parameters = whole_caps_query(plain)
        caps = read_caps(self._warehouse.fetch(query, **parameters))
        question = replace(plain, caps=caps)
        query, parameters = whole_query(question)
        sums = read_sums(question, self._warehouse.fetch(query, **parameters))
        services = read_services(self._fetch(service))
        return MeasuredTest(sums, services, shadow, caps, last, self._shown(asked, question, first))

    def _shown(self, asked: Asked, question: TestQuestion, first: datetime) -> tuple[Shown, ...]:
        if not asked.products_shown:
            return ()
        relation = shown_relation(question, midnight(first.date()), asked.at)
        return read_shown(self._fetch(products_shown(question, over=(relation,))))

    def _fetch(self, relation: Relation) -> dict[str, npt.NDArray[np.generic]]:
        return self._warehouse.fetch(NamedQuery(relation.name, relation.text), **relation.parameters)


def _text(name: str) -> str:
    return NamedQuery.load("shopkeeper.experiments", name).text


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
