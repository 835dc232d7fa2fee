"""Values as counts by cell, kept apart by store, kind of day and weekday, so that like is compared with like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.monitoring.histogram import quantile_edges
from shopkeeper.monitoring.rows import Column, Mask, Rows

BINS: Final = 10
MOST_NAMES: Final = 30
MOST_KNOWN: Final = 1_000
FEWEST_NAMED: Final = 5
"""Rows that must share a category before it is kept by its name."""
LEAST_SHARE: Final = 0.005
"""Share of rows from which a category has a cell of its own."""
FEWEST_EXPECTED: Final = 5.0
"""Cells that are expected to hold fewer rows than this on either side are taken together."""
Strata = Mapping[str, Sequence[float]]
"""`STORE|LABEL|WEEKDAY` -> counts by cell."""
Labels = Callable[[str, date], str | None]
"""(store, day) -> what kind of day it is; None leaves its rows out."""
Counts = npt.NDArray[np.float64]


class Cells(Struct, frozen=True):
    """How values of one figure fall into cells; the last cell is `missing`, and of categories the one before `other`.

    Attributes:
        edges: Inner edges of the bins of a number; None for categories.
        names: Categories with a cell of their own.
        known: Categories that were seen in at least five rows, the most frequent first, at most 1,000. A value that one
            person alone has is not kept.
        rare: Share of rows with a category that is not kept.
        centres: Mean of the reference's values in each bin of a number.
        spread: Standard deviation of the reference's values.
    """

    edges: tuple[float, ...] | None
    names: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    rare: float = 0.0
    centres: tuple[float, ...] = ()
    spread: float = 0.0

    @property
    def size(self) -> int:
        """Number of cells, `missing` included."""
        return (len(self.edges) + 1 if self.edges is not None else len(self.names) + 1) + 1

    def places(self, values: Column) -> npt.NDArray[np.int64]:
        """Return the cell of each value, shape (n,)."""
        absent = missing(values)
        if self.edges is not None:
            numbers = np.where(absent, 0.0, values.astype(np.float64))
            found = np.searchsorted(np.array(self.edges), numbers, side="left")
        else:
            numbered = {name: place for place, name in enumerate(self.names)}
            found = np.array([numbered.get(str(value), len(self.names)) for value in values], dtype=np.int64)
        return np.where(absent, self.size - 1, found).astype(np.int64)


def cells_of(values: Column) -> Cells:
    """Return cells for the values of one figure: deciles of a number, the most frequent of categories."""
    there = values[~missing(values)]
    if values.dtype.kind in "fiu":
        numbers = there.astype(np.float64)
        edges = quantile_edges(numbers, BINS)
        places = np.searchsorted(edges, numbers, side="left")
        sums, counts = (np.bincount(places, weights, len(edges) + 1) for weights in (numbers, None))
        centres = sums / np.maximum(counts, 1)
        spread = float(numbers.std()) if numbers.size else 0.0
        return Cells(tuple(edges.tolist()), centres=tuple(centres.tolist()), spread=spread)
    names, found = np.unique(there.astype(str), return_counts=True)
    order = np.lexsort((names, -found))
    kept = [at for at in order[:MOST_KNOWN] if found[at] >= FEWEST_NAMED]
    often = tuple(str(names[at]) for at in kept[:MOST_NAMES] if found[at] >= LEAST_SHARE * len(values))
    rare = 1 - float(found[kept].sum()) / len(there) if len(there) else 0.0
    return Cells(None, often, tuple(str(names[at]) for at in kept), rare)


def missing(values: Column) -> Mask:
    """Return which values are not there, shape (n,)."""
    if values.dtype.kind in "fiu":
        return np.isnan(values.astype(np.float64))
    return np.array([value is None for value in values], dtype=np.bool_)


def in_strata(cells: Cells, rows: Rows, values: Column, labels: Labels, keep: Mask | None = None) -> dict[str, Counts]:
    """Return the counts of each stratum that `labels` does not leave out.

    Args:
        keep: Which rows count, shape (n,); None = all.
    """
    groups: dict[tuple[str, date], int] = {}
    codes = np.array(
        [groups.setdefault((store, day), len(groups)) for store, day in zip(rows.stores, rows.days, strict=True)],
        dtype=np.int64,
    )
    table = np.zeros((len(groups), cells.size))
    weights = np.ones(len(rows)) if keep is None else keep.astype(np.float64)
    np.add.at(table, (codes, cells.places(values)), weights)
    found: dict[str, Counts] = {}
    for (store, day), code in groups.items():
        label = labels(store, day)
        if label is not None:
            key = f"{store}|{label}|{day.weekday()}"
            found[key] = found.get(key, np.zeros(cells.size)) + table[code]
    return found


@dataclass(frozen=True)
class Paired:
    """Two sides brought to one mix of strata.

    Attributes:
        reference: Shares by cell, each stratum weighted as it is now; shape (n,).
        current: Counts by cell in strata that the reference knows; shape (n,).
        reference_rows: How many independent rows the weighted shares are worth.
        unlike: Rows of now in strata that the reference does not know, such as days of a sale.
    """

    reference: Counts
    current: Counts
    reference_rows: float
    unlike: float

    @property
    def rows(self) -> float:
        """Rows of now that were compared."""
        return float(self.current.sum())

    def merged(self) -> tuple[Counts, Counts]:
        """Return shares and counts with cells too thin to judge by taken together; the reference alone decides which.

        So the PSI follows its chi-square law, which needs a few expected rows in every cell.
        """
        thin = self.reference * min(self.reference_rows, self.rows) < FEWEST_EXPECTED
        reference, current = self.reference[~thin], self.current[~thin]
        if thin.any() and self.reference[thin].sum() + self.current[thin].sum() > 0:
            reference = np.append(reference, self.reference[thin].sum())
            current = np.append(current, self.current[thin].sum())
        return reference, current


def paired(reference: Strata, current: Mapping[str, Counts], independence: float = 1.0) -> Paired:
    """Return both sides on the mix of strata that there is now.

    Args:
        independence: Distinct entities a row of the reference, as one may stand in several of its weeks.
    """
    shared = {key: np.asarray(reference[key], dtype=np.float64) for key in current if key in reference}
    shared = {key: held for key, held in shared.items() if held.sum() > 0 and current[key].sum() > 0}
    size = len(next(iter(current.values()))) if current else 0
    rows = sum(float(current[key].sum()) for key in shared)
    unlike = sum(float(held.sum()) for key, held in current.items() if key not in shared)
    weights = {key: float(current[key].sum()) / rows for key in shared}
    mixed = sum((weights[key] * held / held.sum() for key, held in shared.items()), np.zeros(size))
    doubt = sum(weights[key] ** 2 / float(held.sum()) for key, held in shared.items())
    total = sum((current[key] for key in shared), np.zeros(size))
    return Paired(np.asarray(mixed), np.asarray(total), independence / doubt if doubt else 0.0, unlike)
