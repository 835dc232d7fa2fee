"""What a test has measured: sums over units by arm, allocation, store and day, to be put together in any way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations_with_replacement

import numpy as np
import numpy.typing as npt

from shopkeeper.experiments.metric_definitions import MetricDefinition
from shopkeeper.experiments.metric_sums import Term, measured, product_name
from shopkeeper.experiments.moments import Array, Sums, add_up
from shopkeeper.experiments.question import TestQuestion

Columns = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class TestCell:
    """Units of one arm, allocation, store and day.

    Attributes:
        day: The store's own day on which the unit was first decided for.
        matured: The time in which something may still change is over.
        machine: The units are machines, by what they say themselves or a verdict from before they were exposed.
        newcomer: Nothing was seen of the units on the days before, as far back as the time before the test reaches.
        units, guests: How many, and how many of them never signed in.
        sums: Metric -> sums of (value) or (numerator, denominator), then the same of the time before the test.
        cut: The same of metrics in their winsorised form.
        device: Kind of device they came with first on the day of exposure; empty where nobody asked.
    """

    __test__ = False  # no test of pytest's

    epoch: int
    variant: str
    store: str
    day: date
    matured: bool
    machine: bool
    newcomer: bool
    units: int
    guests: int
    sums: Mapping[str, Sums]
    cut: Mapping[str, Sums]
    device: str = ""


@dataclass(frozen=True, slots=True)
class Crossed:
    """Units that were seen in more than one arm of an allocation and store; they are in no cell."""

    epoch: int
    store: str
    units: int
    machine: bool


@dataclass(frozen=True, slots=True)
class TestSums:
    """All of a test at one moment.

    Attributes:
        metrics: What was measured, by name.
        currencies: Currency of the amounts of each store: its own, or the one all were brought to.
    """

    __test__ = False

    metrics: Mapping[str, MetricDefinition]
    cells: tuple[TestCell, ...]
    crossed: tuple[Crossed, ...]
    currencies: Mapping[str, str]

    @property
    def variants(self) -> tuple[str, ...]:
        """The arms that were seen, in order of their names."""
        return tuple(sorted({cell.variant for cell in self.cells}))

    @property
    def epochs(self) -> tuple[int, ...]:
        """The allocations that were seen, in order."""
        return tuple(sorted({cell.epoch for cell in self.cells}))

    def chosen(
        self,
        *,
        variant: str | None = None,
        epoch: int | None = None,
        store: str | None = None,
        matured: bool | None = None,
        machines: bool = False,
    ) -> tuple[TestCell, ...]:
        """Return some of the cells; None = whichever.

        Args:
            machines: With machines; else people alone.
        """
        tests: tuple[Callable[[TestCell], bool], ...] = (
            lambda cell: variant is None or cell.variant == variant,
            lambda cell: epoch is None or cell.epoch == epoch,
            lambda cell: store is None or cell.store == store,
            lambda cell: matured is None or cell.matured == matured,
            lambda cell: machines or not cell.machine,
        )
        return tuple(cell for cell in self.cells if all(test(cell) for test in tests))

    def sums(self, metric: str, cells: Iterable[TestCell]) -> Sums:
        """Return the sums of a metric over some cells, two figures or four (see `TestCell`)."""
        figures = 2 if self.metrics[metric].over is None else 4
        return add_up([cell.sums[metric] for cell in cells], figures)

    def crossers(self, epoch: int | None = None, *, machines: bool = False) -> int:
        """Return how many units were seen in more than one arm."""
        return sum(
            one.units for one in self.crossed if (epoch is None or one.epoch == epoch) and (machines or not one.machine)
        )

    def guest_share(self, cells: Iterable[TestCell]) -> float:
        """Return the share of units that never signed in; 0 without units."""
        counted = tuple(cells)
        units = sum(cell.units for cell in counted)
        return sum(cell.guests for cell in counted) / units if units else 0.0


def read_sums(question: TestQuestion, columns: Columns) -> TestSums:
    """Return what the rows of `metric_sums` say."""
    tables = {(name, cut): _tables(terms, columns) for name, cut, terms in measured(question)}
    cells, crossed = [], []
    for place, units in enumerate(columns["units"].tolist()):
        epoch, store = int(columns["epoch"][place]), str(columns["store"][place])
        machine = bool(columns["machine"][place])
        if columns["crossed"][place]:
            crossed.append(Crossed(epoch, store, units, machine))
            continue
        day = columns["day"][place].astype("datetime64[D]").item()
        raw, winsorised = (
            {
                name: Sums(units, totals[place], products[place])
                for (name, cut), (totals, products) in tables.items()
                if cut == way
            }
            for way in (False, True)
        )
        cells.append(
            TestCell(
                epoch, str(columns["variant"][place]), store, day, bool(columns["matured"][place]), machine,
                bool(columns["newcomer"][place]), units, int(columns["guests"][place]), raw, winsorised,
                str(columns["device"][place]) if question.by_device else "",
            )
        )  # fmt: skip
    seen = {cell.store for cell in cells}
    all_in = question.rates.reporting_currency if question.rates is not None else None
    currencies = {store.store: all_in or store.currency for store in question.stores if store.store in seen}
    return TestSums({one.name: one for one in question.metrics}, tuple(cells), tuple(crossed), currencies)


def _tables(terms: Sequence[Term], columns: Columns) -> tuple[Array, Array]:
    """Return the totals of terms, shape (rows, k), and the products of each pair, shape (rows, k, k)."""
    totals = np.stack([columns[f"total_{one.name}"].astype(np.float64) for one in terms], axis=-1)
    products = np.empty((*totals.shape, len(terms)))
    for (row, one), (column, other) in combinations_with_replacement(enumerate(terms), 2):
        products[:, row, column] = products[:, column, row] = columns[product_name(one, other)]
    return totals, products
