"""What is asked about one test, and the SQL of each relation it is answered from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from shopkeeper.commerce.product import RECOMMENDABLE
from shopkeeper.experiments.currency_rates import CurrencyRates
from shopkeeper.experiments.device_kinds import kind_sql
from shopkeeper.experiments.metric_definitions import Figure, MetricDefinition, Metrics
from shopkeeper.experiments.relations import Parameters, Relation, over
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.quality.traffic import ARM_BLIND_RULES

PRE_DAYS: Final = 28
"""UTC days before the test whose figures take off noise (CUPED): four whole weeks."""
USUAL_TAX: Final = "standard"
"""Tax class of a product that says none."""


@dataclass(frozen=True, slots=True)
class StoreClock:
    """What sums of a store need to know of it.

    Attributes:
        tax_rates: Tax class -> rate inside the store's prices; empty where they are without tax.
        offsets: Moments (UTC) from which the store's clock is so many seconds ahead of UTC, the first one long ago.
    """

    store: str
    currency: str
    tax_rates: Mapping[str, float]
    offsets: tuple[tuple[datetime, int], ...]


@dataclass(frozen=True, slots=True)
class TestQuestion:
    """What is asked about one test.

    Attributes:
        test: Its id.
        at: Nothing from this moment on counts.
        start: UTC day of its first decision.
        metrics: What is measured, over units.
        attribution_days: Whole UTC days after the day of exposure that count, unless a metric has its own.
        maturation_days: Whole UTC days after the day of exposure after which a unit's figures are final.
        stores: Stores it may be about.
        caps: (store, figure) -> value at which a winsorised figure is cut; one that is not there is not cut.
        by_device: Units are told apart by the kind of device they came with first.
        rates: Money is brought to the reporting currency by them; None = each store's is in its own.
    """

    __test__ = False  # no test of pytest's

    test: str
    at: datetime
    start: date
    known: Metrics
    metrics: tuple[MetricDefinition, ...]
    attribution_days: int
    maturation_days: int
    stores: tuple[StoreClock, ...]
    caps: Mapping[tuple[str, str], float] = field(default_factory=dict)
    by_device: bool = False
    rates: CurrencyRates | None = None

    @property
    def before(self) -> date:
        """First UTC day of the time before the test."""
        return self.start - timedelta(days=PRE_DAYS)

    @property
    def counted(self) -> tuple[Figure, ...]:
        """Figures that are counted by event, each once."""
        names = [name for one in self.metrics for name in (one.of, one.over) if name is not None]
        figures = (self.known.figure(name) for name in dict.fromkeys(names))
        return tuple(one for one in figures if one.measure in ("events", "quantity"))

    def window(self, metric: MetricDefinition) -> int:
        """Return the days after the day of exposure that count for a metric."""
        return self.attribution_days if metric.window_days is None else metric.window_days


def midnight(day: date) -> datetime:
    """Return the first moment of a UTC day."""
    return datetime.combine(day, time(), UTC)


def relations(question: TestQuestion, since: datetime, until: datetime) -> tuple[Relation, ...]:
    """Return the relations `metric_sums` reads, over what happened from `since`, included, to `until`."""
    return (*day_relations(question, since, until), priced_lines(question))


def day_relations(question: TestQuestion, since: datetime, until: datetime) -> tuple[Relation, ...]:
    """Return those of them that are of days: of more days they are the rows of each day, one after the other."""
    told: Parameters = {"since": since, "until": until, "test": question.test}
    led = told | {"led_since": since - timedelta(days=question.attribution_days)}
    counts = _counts(question.counted)
    devices = filled(_text("seen_devices"), kind=kind_sql("device"))
    return (
        Relation("exposed_days", _text("exposed_days"), told),
        Relation("led_decisions", _text("led_decisions"), led),
        Relation("outcome_rows", _outcome_text(question, "outcome_rows", **counts), told),
        Relation("outcome_days", filled(_text("outcome_days"), **counts), {}),
        Relation("outcome_lines", _outcome_text(question, "outcome_lines"), told),
        *((Relation("seen_devices", devices, {"since": since, "until": until}),) if question.by_device else ()),
    )


def kept_relations(question: TestQuestion, since: datetime, until: datetime) -> tuple[Relation, ...]:
    """Return those `metric_sums` reads, for an engine that keeps them: each makes on the way what only it reads."""
    made = {one.name: one for one in relations(question, since, until)}
    led = made.pop("led_decisions")
    made["outcome_days"] = over(made["outcome_days"], (led, made.pop("outcome_rows")))
    made["priced_lines"] = over(made["priced_lines"], (led, made.pop("outcome_lines")))
    return tuple(made.values())


NOT_KEPT: Final = frozenset({"led_decisions", "outcome_rows"})
"""The relations of a day that the others are made of, and that are not read again."""


def shown_relation(question: TestQuestion, since: datetime, until: datetime) -> Relation:
    """Return the products that each arm was shown in some days."""
    told: Parameters = {"since": since, "until": until, "test": question.test}
    led = told | {"led_since": since - timedelta(days=question.attribution_days)}
    return Relation("outcome_shown", _outcome_text(question, "outcome_shown"), led)


def service_relations(test: str, slow_ms: float, since: datetime, until: datetime) -> tuple[Relation, ...]:
    """Return how the arms, and a version in the shadow, answered from `since`, included, to `until`."""
    told: Parameters = {"test": test, "slow_ms": slow_ms, "since": since, "until": until}
    return tuple(Relation(name, _text(name), told) for name in ("arm_service", "shadow_service"))


def products_shown(question: TestQuestion) -> Relation:
    """Return how many of each store's products on sale were shown, by arm and allocation, over `outcome_shown`."""
    kinds = ", ".join(_quoted(kind) for kind in sorted(RECOMMENDABLE))
    parameters, offers = Parameters(), []
    for number, store in enumerate(question.stores):
        parameters[f"sale_{number}"] = store.store
        offers.append(
            f"SELECT $sale_{number} AS store, product FROM products"  # noqa: S608 - kinds of the contract
            f" WHERE coalesce(store, '') IN ($sale_{number}, '') AND status = 'active' AND kind IN ({kinds})"
        )
    every = " UNION ALL ".join(offers) or "SELECT '' AS store, '' AS product WHERE 1 = 0"
    text = filled(_text("products_shown"), offers=every)
    return Relation("products_shown", text, parameters)


def priced_lines(question: TestQuestion) -> Relation:
    """Return the relation that says what the lines of orders are worth."""
    tax, rates = _tax(question.stores)
    rate = "1e0"
    if question.rates is not None:
        rate = question.rates.sql("usual_tax.currency", "m.day", question.before)
    return Relation("priced_lines", filled(_text("priced_lines"), tax=tax, rate=rate), rates)


def _outcome_text(question: TestQuestion, name: str, **parts: str) -> str:
    arm_blind = ", ".join(f"'{rule}'" for rule in sorted(ARM_BLIND_RULES))
    return filled(_text(name), attribution=str(question.attribution_days), arm_blind=arm_blind, **parts)


def filled(text: str, **parts: str) -> str:
    """Return a text with what is put into its braces."""
    for name, part in parts.items():
        text = text.replace(f"{{{name}}}", part)
    return text


def _text(name: str) -> str:
    return NamedQuery.load("shopkeeper.experiments", name).text


def counted_column(figure: Figure) -> str:
    """Return the column of a figure that is counted by event."""
    return f"n_{figure.name}"


def _counts(figures: Sequence[Figure]) -> dict[str, str]:
    """Return what is counted in a row, what of it counts, and its sums over a visit."""
    counts, seen, visits, sums = "", "", "", ""
    for figure in figures:
        amount = "CASE WHEN {} THEN coalesce(quantity, 1e0) ELSE 0e0 END" if figure.measure == "quantity" else (
            "CAST({} AS DOUBLE)")  # fmt: skip
        named = [f"type IN ({', '.join(_quoted(one) for one in figure.events)})"]
        named += (
            [f"coalesce(surface, '') IN ({', '.join(_quoted(one) for one in figure.surfaces)})"]
            if figure.surfaces
            else []
        )
        column, every, met = counted_column(figure), f"all_{figure.name}", f"met_{figure.name}"
        counted = f"CASE WHEN coalesce(decision_id, '') <> '' THEN {every} ELSE 0e0 END" if figure.led else every
        counts += f",\n      sum({amount.format(' AND '.join(named))}) AS {every}"
        seen += f",\n  {counted} AS seen_{figure.name}"
        visits += f",\n    sum(seen_{figure.name}) AS {met}"
        sums += f",\n  v.{met} AS {column}"
    return {"counts": counts, "seen": seen, "visits": visits, "sums": sums}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _tax(stores: Sequence[StoreClock]) -> tuple[str, Parameters]:
    """Return a relation of stores, their currency, tax classes and rates, and its parameters."""
    rows = ["SELECT '' AS store, '' AS currency, '' AS tax_class, 0e0 AS rate WHERE 1 = 0"]
    parameters = Parameters()
    for number, store in enumerate(stores):
        parameters |= {f"store_{number}": store.store, f"currency_{number}": store.currency}
        for place, (tax_class, rate) in enumerate(sorted({USUAL_TAX: 0.0, **store.tax_rates}.items())):
            parameters[f"tax_{number}_{place}"] = tax_class
            rows.append(
                f"SELECT $store_{number} AS store, $currency_{number} AS currency, $tax_{number}_{place} AS tax_class, "
                f"{float(rate)!r} + 0e0 AS rate"
            )
    return f"({' UNION ALL '.join(rows)})", parameters
