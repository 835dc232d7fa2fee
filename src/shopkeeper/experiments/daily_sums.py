"""A metric by days since a unit was first decided for: sums over the units that were followed for all of these days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import combinations_with_replacement
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.experiments.device_kinds import NOT_BY_DEVICE
from shopkeeper.experiments.measuring import TestRows
from shopkeeper.experiments.metric_definitions import MetricDefinition
from shopkeeper.experiments.metric_sums import UnitFigure, column_of, columns_of
from shopkeeper.experiments.moments import Sums
from shopkeeper.experiments.question import TestQuestion, filled, midnight
from shopkeeper.experiments.relations import Parameters
from shopkeeper.quality.ports import NamedQuery

MOST_DAYS: Final = 14
"""Days since exposure that are looked at: two of every weekday."""
FEWEST_DAYS: Final = 3
Columns = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Followed:
    """Which days are looked at.

    Attributes:
        days: Day 0 is the UTC day of the first decision.
        last: Last UTC day that counts; units were first decided for `days` - 1 days before it, or earlier.
        returns: Whole days after an order in which its refunds count; over for every day up to `last`.
    """

    days: int
    last: date
    returns: int


@dataclass(frozen=True, slots=True)
class DailySums:
    """Sums of a metric by days since exposure.

    Attributes:
        days: How many.
        sums: (arm, epoch) -> sums of the figure on day 0, 1, ...; of a ratio, then of its denominator on these days.
    """

    days: int
    sums: Mapping[tuple[str, int], Sums]


def read_daily(rows: TestRows, metric: MetricDefinition) -> DailySums | None:
    """Return the sums of a metric by days since exposure; None where no unit was followed for three days."""
    if rows.question is None or rows.last is None:
        return None
    followed = followed_days(rows.question, metric, rows.last)
    if followed is None:
        return None
    query, parameters = daily_query(rows.question, metric, followed)
    return DailySums(followed.days, sums_of_rows(metric, followed, rows.warehouse.fetch(query, **parameters)))


def followed_days(question: TestQuestion, metric: MetricDefinition, last_decision: datetime) -> Followed | None:
    """Return the days to look at: half of the whole days in which the test decided, so that units of as many are in.

    A day after the test has ended shows what is left of habits, not the effect of being in it, so it is not counted.
    """
    returns = max(question.maturation_days - question.window(metric), 0)
    final = question.at.astimezone(UTC).date() - timedelta(days=1 + returns)
    last = min(final, last_decision.astimezone(UTC).date() - timedelta(days=1))
    whole = (last - question.start).days + 1
    days = min((whole + 1) // 2, MOST_DAYS)
    return Followed(days, last, returns) if days >= FEWEST_DAYS else None


def daily_query(
    question: TestQuestion, metric: MetricDefinition, followed: Followed
) -> tuple[NamedQuery, Parameters]:  # fmt: skip
    """Return the query of the sums over the relations of `metric_sums`, and its parameters."""
    names = _names(metric, followed.days)
    figures = [question.known.figure(name) for name in (metric.of, metric.over) if name is not None]
    days = [(figure, day) for figure in figures for day in range(followed.days)]
    text = filled(
        NamedQuery.load("shopkeeper.experiments", "metric_sums").text,
        **columns_of(
            [
                UnitFigure(one, f"u_{name}", _on_day(column_of(one), day))
                for (one, day), name in zip(days, names, strict=True)
            ]
        ),
        attribution=str(question.attribution_days),
        maturation=str(followed.days - 1 + followed.returns),
        local_day="CAST($start AS DATE)",
        counts=f"CASE WHEN r.day < u.first_day OR r.known > r.day + {followed.returns} THEN 0e0 "
        "WHEN r.day = u.first_day THEN 1e0 - r.early ELSE 1e0 END AS counts",
        **NOT_BY_DEVICE,
        terms="".join(f",\n    {_shaped(metric, name)} AS {name}" for name in names),
        sums="".join(f",\n  sum({name}) AS total_{name}" for name in names)
        + "".join(f",\n  sum({a} * {b}) AS {a}_x_{b}" for a, b in combinations_with_replacement(names, 2)),
    )
    ripe = midnight(followed.last + timedelta(days=1 + followed.returns))
    own: Parameters = {"at": ripe, "start": midnight(question.start)}
    return NamedQuery("daily_sums", text), own


def sums_of_rows(metric: MetricDefinition, followed: Followed, columns: Columns) -> dict[tuple[str, int], Sums]:
    """Return what the rows say of people who were seen in one arm and followed for all days."""
    names = _names(metric, followed.days)
    counted = (columns["matured"] == 1) & (columns["machine"] == 0) & (columns["crossed"] == 0)
    held: dict[tuple[str, int], list[Sums]] = defaultdict(list)
    for place in np.flatnonzero(counted):
        totals = np.array([float(columns[f"total_{name}"][place]) for name in names])
        products = np.empty((len(names), len(names)))
        for (row, a), (column, b) in combinations_with_replacement(enumerate(names), 2):
            products[row, column] = products[column, row] = columns[f"{a}_x_{b}"][place]
        key = str(columns["variant"][place]), int(columns["epoch"][place])
        held[key].append(Sums(int(columns["units"][place]), totals, products))
    return {key: _added(parts) for key, parts in sorted(held.items())}


def _added(parts: list[Sums]) -> Sums:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _names(metric: MetricDefinition, days: int) -> list[str]:
    parts = ("of",) if metric.over is None else ("of", "over")
    return [f"{part}_{day}" for part in parts for day in range(days)]


def _on_day(column: str, day: int) -> str:
    """Return the sum of a column on a day since exposure; on day 0 without what was before the first decision."""
    return f"sum(CASE WHEN day = first_day + {day} THEN {column} * counts ELSE 0e0 END)"


def _shaped(metric: MetricDefinition, name: str) -> str:
    """Return what counts of a day: the first of all is that of day 0."""
    if metric.shape == "any":
        return f"CASE WHEN u_{name} > 0 THEN 1e0 ELSE 0e0 END"
    if metric.shape == "beyond_first" and name == "of_0":
        return "CASE WHEN u_of_0 > 1 THEN u_of_0 - 1e0 ELSE 0e0 END"
    return f"u_{name}"
