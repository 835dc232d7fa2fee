"""What goes with each item, as sparse rows of weights, and how a history is scored by them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy
from msgspec import Struct

from shopkeeper.recommendations.model import NOTHING, Arrays, Scored


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Item-to-item weights: the rows of S.

    Attributes:
        starts: Where each item's neighbours begin, and one more at the end; shape (items + 1,).
        items: Item codes, rising within a row; shape (m,).
        scores: Weights; shape (m,).
    """

    starts: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]

    def scored(self, items: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]) -> Scored:
        """Return `weights @ S[items]` for every item that a row of `items` holds."""
        return scored_by(self.rows(items, weights))

    def parts(
        self, targets: npt.NDArray[np.int64], items: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Return `weight * S[item, target]`; shape (targets, items)."""
        return parts_of(self.rows(items, weights), targets)

    def table(self) -> scipy.sparse.csr_array:
        """Return S as a sparse matrix that shares its memory."""
        size = len(self.starts) - 1
        return scipy.sparse.csr_array((self.scores, self.items, self.starts), shape=(size, size))

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """Return S as three arrays under `name`."""
        return {f"{name}.starts": self.starts, f"{name}.items": self.items, f"{name}.scores": self.scores}

    @staticmethod
    def from_arrays(name: str, arrays: Arrays) -> Neighbours:
        """Return what `arrays` was made of; it stays in the files it was opened from."""
        return Neighbours(
            np.asarray(arrays[f"{name}.starts"], dtype=np.int64),
            np.asarray(arrays[f"{name}.items"], dtype=np.int32),
            np.asarray(arrays[f"{name}.scores"], dtype=np.float32),
        )

    def rows(self, items: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]) -> WeightedRows:
        """Return the weighted rows of S of some items."""
        begins = self.starts[items]
        lengths = self.starts[items + 1] - begins
        ends = lengths.cumsum()
        places = (begins - ends + lengths).repeat(lengths)
        places += np.arange(len(places))
        return WeightedRows(self.items[places].astype(np.int64), self.scores[places] * weights.repeat(lengths), lengths)


class WeightedRows(Struct, frozen=True, gc=False):
    """Rows of S, each by a weight, end to end.

    Attributes:
        columns: Item code of each entry; shape (m,).
        amounts: `weight * S[item, column]`; shape (m,).
        lengths: Entries of each row; shape (rows,).
    """

    columns: npt.NDArray[np.int64]
    amounts: npt.NDArray[np.float64]
    lengths: npt.NDArray[np.int64]


def scored_by(rows: WeightedRows) -> Scored:
    """Return the sum of some rows."""
    return Scored(*summed(rows.columns, rows.amounts)) if len(rows.columns) else NOTHING


def parts_of(rows: WeightedRows, targets: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return what each row holds of each target; shape (targets, rows)."""
    parts = np.zeros((len(targets), len(rows.lengths)))
    if len(targets) and len(rows.columns):
        order = targets.argsort()
        rising = targets[order]
        places = rising.searchsorted(rows.columns)
        places[places == len(targets)] = 0
        hit = (rising[places] == rows.columns).nonzero()[0]
        entries = rows.lengths.cumsum().searchsorted(hit, side="right")
        parts[order[places[hit]], entries] = rows.amounts[hit]
    return parts


class Grouped(Struct, frozen=True, gc=False):
    """Equal keys brought together.

    Attributes:
        keys: Each once, rising; shape (k,).
        starts: Where the entries of each begin in `order`, and one more at the end; shape (k + 1,).
        order: Places of the entries, those of equal keys as they stood; shape (m,).
    """

    keys: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]

    def sums(self, amounts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return what the amounts of each key add up to; shape (k,)."""
        if not len(self.keys):
            return NOTHING.scores
        totals: npt.NDArray[np.float64] = np.add.reduceat(amounts[self.order], self.starts[:-1])
        return totals

    def entries(self, keys: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the places of the entries of some keys, and which of `keys` each has; shape (e,), (e,)."""
        if not len(self.keys):
            return NOTHING.items, NOTHING.items
        found = np.minimum(self.keys.searchsorted(keys), len(self.keys) - 1)
        begins = self.starts[found]
        lengths = np.where(self.keys[found] == keys, self.starts[found + 1] - begins, 0)
        ends = lengths.cumsum()
        places = (begins - ends + lengths).repeat(lengths)
        places += np.arange(len(places))
        return self.order[places], np.arange(len(keys)).repeat(lengths)


def grouped(keys: npt.NDArray[np.int64]) -> Grouped:
    """Return equal keys brought together; shape (m,)."""
    order = keys.argsort(kind="stable")
    rising = keys[order]
    bounds = np.ones(len(keys) + 1, dtype=np.bool_)
    np.not_equal(rising[1:], rising[:-1], out=bounds[1:-1])
    starts = bounds.nonzero()[0]
    return Grouped(rising[starts[:-1]], starts, order)


def summed(
    items: npt.NDArray[np.int64], amounts: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return each item once, rising, with what its amounts add up to; arguments of shape (m,)."""
    found = grouped(items)
    return found.keys, found.sums(amounts)


def keep_strongest(block: scipy.sparse.csr_array, most: int) -> scipy.sparse.csr_array:
    """Return the `most` largest entries of each row; of equal ones those in the lower columns."""
    indptr, data = block.indptr, block.data
    keep = np.ones(len(data), dtype=np.bool_)
    for row in np.flatnonzero(np.diff(indptr) > most).tolist():
        start, end = indptr[row], indptr[row + 1]
        values = data[start:end]
        bar = np.partition(values, len(values) - most)[len(values) - most]
        above = values > bar
        equal = np.flatnonzero(values == bar)[: most - int(above.sum())]
        above[equal] = True
        keep[start:end] = above
    kept = np.zeros(len(indptr), dtype=np.int64)
    np.cumsum(np.add.reduceat(np.append(keep, False), indptr[:-1]) * (np.diff(indptr) > 0), out=kept[1:])
    return scipy.sparse.csr_array((data[keep], block.indices[keep], kept), shape=block.shape)
