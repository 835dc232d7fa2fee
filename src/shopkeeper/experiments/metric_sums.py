"""From rows of units to sums over them: which figures, which products, and the one query that adds them up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations_with_replacement
from typing import Final

from shopkeeper.experiments.device_kinds import NOT_BY_DEVICE, by_first_device
from shopkeeper.experiments.metric_definitions import OF_ORDERS, WINSORISED_AT, Figure, MetricDefinition
from shopkeeper.experiments.question import (
    StoreClock,
    TestQuestion,
    counted_column,
    filled,
    midnight,
)
from shopkeeper.experiments.relations import Parameters, Relation, woven
from shopkeeper.quality.ports import NamedQuery

CUT: Final = "cut"
"""Shape of a term that is winsorised."""
_COLUMN_OF: Final = {"revenue": "net", "margin": "gain", "costed_revenue": "costed"}
"""Measure -> column of orders and refunds it is the sum of; others are called like the column."""
_OF_PURCHASES: Final = {
    "orders": "1e0", "items": "items", "net": "net", "sold": "net", "refunded": "0e0", "gain": "gain",
    "costed": "costed",
}  # fmt: skip
_OF_REFUNDS: Final = {
    "orders": "0e0", "items": "0e0", "net": "-r.net_sum", "sold": "0e0", "refunded": "r.net_sum", "gain": "-r.gain_sum",
    "costed": "-r.costed_sum",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Term:
    """What a unit counts in one sum.

    Attributes:
        window: Days after the day of exposure; None = the time before the test.
    """

    figure: str
    shape: str
    window: int | None

    @property
    def name(self) -> str:
        """Its column."""
        when = "before" if self.window is None else str(self.window)
        return f"f_{self.figure}_{self.shape}_{when}"


def terms_of(question: TestQuestion, metric: MetricDefinition, *, cut: bool = False) -> tuple[Term, ...]:
    """Return the terms of a metric: (value) or (numerator, denominator), then the same of the time before the test.

    Args:
        cut: Of its winsorised form.
    """
    named = [metric.of] if metric.over is None else [metric.of, metric.over]
    windows = (question.window(metric), None)
    return tuple(Term(figure, CUT if cut else metric.shape, window) for window in windows for figure in named)


def measured(question: TestQuestion) -> tuple[tuple[str, bool, tuple[Term, ...]], ...]:
    """Return metric, whether it is cut, and terms of everything that is added up.

    A winsorised form is there where the time before the test says where to cut.
    """
    cut = {figure for _, figure in question.caps}
    forms = ((one, way) for one in question.metrics for way in (False, True) if not way or _is_cut(one, cut))
    return tuple((one.name, way, terms_of(question, one, cut=way)) for one, way in forms)


def _is_cut(metric: MetricDefinition, figures: set[str]) -> bool:
    return metric.winsorised and metric.of in figures


def pairs_of(question: TestQuestion) -> tuple[tuple[Term, Term], ...]:
    """Return the pairs of terms whose products are added up, each once."""
    wanted = (pair for _, _, terms in measured(question) for pair in combinations_with_replacement(terms, 2))
    return tuple(dict.fromkeys(wanted))


def product_name(one: Term, other: Term) -> str:
    """Return the column of the sum of products of two terms, in the order of `pairs_of`."""
    return f"{one.name}_x_{other.name}"


def sums_query(question: TestQuestion, *, over: Sequence[Relation] = ()) -> tuple[NamedQuery, Parameters]:
    """Return the query that adds up over units, and its parameters.

    Args:
        over: Relations to make on the way; none = the engine has `exposed_days` and the others by name.
    """
    local_day, clocks = _local_day(question.stores)
    caps, cut = _caps(question)
    text = filled(
        NamedQuery.load("shopkeeper.experiments", "metric_sums").text,
        **_columns(question),
        attribution=str(question.attribution_days),
        maturation=str(question.maturation_days),
        local_day=local_day,
        terms="".join(f",\n    {_term(one, caps)} AS {one.name}" for one in _terms(question)),
        **(by_first_device() if question.by_device else NOT_BY_DEVICE),
        sums="".join(f",\n  sum({one.name}) AS total_{one.name}" for one in _terms(question))
        + "".join(f",\n  sum({one.name} * {two.name}) AS {product_name(one, two)}" for one, two in pairs_of(question)),
    )
    parameters: Parameters = {
        "at": question.at, "before": midnight(question.before), "start": midnight(question.start), **clocks, **cut,
    }  # fmt: skip
    return woven("metric_sums", text, over, parameters)


def caps_query(question: TestQuestion, *, over: Sequence[Relation] = ()) -> tuple[NamedQuery, Parameters]:
    """Return the query of where winsorised means are cut, and its parameters; as `sums_query`."""
    text = filled(NamedQuery.load("shopkeeper.experiments", "revenue_caps").text, quantile=repr(WINSORISED_AT))
    before = midnight(question.start) - timedelta(days=question.attribution_days + 1)
    return woven("revenue_caps", text, over, {"before": before, "start": midnight(question.start)})


def _terms(question: TestQuestion) -> tuple[Term, ...]:
    return tuple(dict.fromkeys(term for _, _, terms in measured(question) for term in terms))


def _figures(question: TestQuestion) -> tuple[Figure, ...]:
    return tuple(question.known.figure(name) for name in dict.fromkeys(term.figure for term in _terms(question)))


def column_of(figure: Figure) -> str:
    """Return the column that a figure is the sum of."""
    if figure.measure in ("events", "quantity"):
        return counted_column(figure)
    return _COLUMN_OF.get(figure.measure, figure.measure)


def _columns(question: TestQuestion) -> dict[str, str]:
    """Return the lists of columns of each relation, and the figures made of them."""
    windows = sorted({term.window for term in _terms(question) if term.window is not None})
    figures = [
        UnitFigure(question.known.figure(figure), name, _sum(column_of(question.known.figure(figure)), window))
        for figure, window, name in _summed(question)
    ]
    before = "CASE WHEN r.day >= $before AND r.known < $start THEN 1e0 ELSE 0e0 END AS before_test"
    counts = [before, *(_place(window, question.maturation_days) for window in windows)]
    return {**columns_of(figures), "counts": ", ".join(counts)}


@dataclass(frozen=True, slots=True)
class UnitFigure:
    """A sum over the rows of a unit.

    Attributes:
        name: Its column.
        sql: How it is added up.
    """

    figure: Figure
    name: str
    sql: str


def columns_of(figures: Sequence[UnitFigure]) -> dict[str, str]:
    """Return the lists of columns of each relation, for figures that are made of them."""
    of_orders = [one for one in figures if one.figure.measure in OF_ORDERS]
    of_days = [one for one in figures if one.figure.measure not in OF_ORDERS]
    orders = list(dict.fromkeys(column_of(one.figure) for one in of_orders))
    days = list(dict.fromkeys(column_of(one.figure) for one in of_days))
    return {
        "of_orders": _listed(f"{_OF_PURCHASES[one]} AS {one}" for one in orders),
        "of_refunds": _listed(f"{_OF_REFUNDS[one]} AS {one}" for one in orders),
        "columns_of_days": _listed(f"r.{one} AS {one}" for one in days),
        "columns_of_orders": _listed(f"r.{one} AS {one}" for one in orders),
        "figures_of_days": _listed(f"{one.sql} AS did_{one.name}" for one in of_days),
        "figures_of_orders": _listed(f"{one.sql} AS did_{one.name}" for one in of_orders),
        "figures": _listed(f"coalesce(did_{one.name}, 0e0) AS {one.name}" for one in figures),
    }


def _listed(columns: Iterable[str]) -> str:
    return "".join(f",\n    {one}" for one in columns)


def _place(window: int, maturation: int) -> str:
    """Return whether a row counts: 1 or 0; of the day of exposure what was not early."""
    return (
        f"CASE WHEN r.known > u.first_day + {maturation} OR r.day < u.first_day THEN 0e0 "
        f"WHEN r.day > u.first_day + {window} THEN 0e0 WHEN r.day = u.first_day THEN 1e0 - r.early ELSE 1e0 "
        f"END AS within_{window}"
    )


def _summed(question: TestQuestion) -> Iterator[tuple[str, int | None, str]]:
    """Yield figure, window and column of each sum over a unit's rows, once."""
    yield from dict.fromkeys((term.figure, term.window, _unit_column(term)) for term in _terms(question))


def _unit_column(term: Term) -> str:
    return f"u_{term.figure}_{'before' if term.window is None else term.window}"


def _sum(column: str, window: int | None) -> str:
    return f"sum({column} * {'before_test' if window is None else f'within_{window}'})"


def _term(term: Term, caps: dict[str, str]) -> str:
    column = _unit_column(term)
    match term.shape:
        case "any":
            return f"CASE WHEN {column} > 0 THEN 1e0 ELSE 0e0 END"
        case "beyond_first":
            return f"CASE WHEN {column} > 1 THEN {column} - 1e0 ELSE 0e0 END"
        case "cut":
            cap = caps[term.figure]
            return f"CASE WHEN {column} > {cap} THEN {cap} ELSE {column} END"
        case _:
            return column


def _caps(question: TestQuestion) -> tuple[dict[str, str], Parameters]:
    """Return for each figure that is cut the SQL of its cap by store, and the parameters."""
    whens: dict[str, str] = {}
    parameters = Parameters()
    for number, ((store, figure), cap) in enumerate(sorted(question.caps.items())):
        parameters |= {f"cap_store_{number}": store}
        whens[figure] = f"{whens.get(figure, '')} WHEN unit_store = $cap_store_{number} THEN {float(cap)!r} + 0e0"
    return {figure: f"(CASE{text} ELSE 1e300 END)" for figure, text in whens.items()}, parameters


def _local_day(stores: Sequence[StoreClock]) -> tuple[str, Parameters]:
    """Return SQL of the store's own day of `first_ts`, and its parameters; UTC where the store is not known."""
    whens, parameters = "", Parameters()
    for number, store in enumerate(stores):
        parameters[f"clock_{number}"] = store.store
        for place, (since, seconds) in reversed(list(enumerate(store.offsets))):
            parameters[f"clock_{number}_{place}"] = since
            whens += (
                f" WHEN unit_store = $clock_{number} AND first_ts >= $clock_{number}_{place}"
                f" THEN CAST(first_ts {'-' if seconds < 0 else '+'} INTERVAL {abs(seconds)} SECOND AS DATE)"
            )
    return (f"CASE{whens} ELSE first_day END" if whens else "first_day"), parameters
