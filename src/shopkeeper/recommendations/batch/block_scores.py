"""The best products of many shoppers at once by item-kNN: what `ItemKnn.score` gives one by one, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from shopkeeper.recommendations.models.neighbours import Neighbours

_CELLS = 500_000
"""Products reached that one block may hold; about 40 bytes each."""

_LEAST = np.finfo(np.float32).min


@dataclass(frozen=True, slots=True)
class Evidences:
    """What each of several shoppers is known by, end to end.

    Attributes:
        starts: Where each shopper's entries begin, and one more at the end; shape (n + 1,).
        items: Item codes; shape (m,).
        weights: How much each entry counts, age included; shape (m,).
        barred_starts: Where each shopper's barred items begin, and one more at the end; shape (n + 1,).
        barred: Item codes that must not be shown, such as what was bought; shape (b,).
    """

    starts: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float64]
    barred_starts: npt.NDArray[np.int64]
    barred: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.starts) - 1


@dataclass(frozen=True, slots=True)
class Best:
    """The best items of each shopper.

    Attributes:
        counts: How many there are, at most k; shape (n,).
        items: Item codes, best first, equal scores by code, -1 behind the last; shape (n, k).
        scores: Shape (n, k).
    """

    counts: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float64]

    @staticmethod
    def none(shoppers: int, k: int) -> Best:
        """Return empty lists, to be filled."""
        return Best(
            np.zeros(shoppers, dtype=np.int64), np.full((shoppers, k), -1, dtype=np.int32), np.zeros((shoppers, k))
        )

    def put(
        self,
        shoppers: npt.NDArray[np.int64],
        places: npt.NDArray[np.int64],
        rows: npt.NDArray[np.int64],
        items: npt.NDArray[np.int32],
        scores: npt.NDArray[np.float64],
    ) -> None:
        """Put the lists of some shoppers in, as `first_places` gives them by row of `shoppers`."""
        self.counts[shoppers] = np.bincount(rows, minlength=len(shoppers))
        self.items[shoppers[rows], places] = items
        self.scores[shoppers[rows], places] = scores


class BlockScorer:
    """Item-kNN over blocks of shoppers.

    Sums are added in float64 in the order of the entries, as `ItemKnn.score` does, so both give the same figures.

    Args:
        similar: S.
        shown: Which items may be shown at all; shape (items,).
        factors: What each item's score is multiplied by, above 0; shape (items,); None = by one.
    """

    def __init__(
        self, similar: Neighbours, shown: npt.NDArray[np.bool_], factors: npt.NDArray[np.float64] | None = None
    ) -> None:
        self._factors = factors
        size = len(shown)
        keep = shown[similar.items]
        before = np.zeros(len(keep) + 1, dtype=np.int64)
        np.cumsum(keep, out=before[1:])
        starts = before[similar.starts]
        self._reach = np.diff(starts)
        # Row `size + i` reaches item i alone: with weight -inf it bars the item, whatever else is added to it.
        self._table = csr_array(
            (
                np.concatenate([similar.scores[keep].astype(np.float64), np.ones(size)]),
                np.concatenate([similar.items[keep], np.arange(size, dtype=np.int32)]),
                np.concatenate([starts, starts[-1] + np.arange(1, size + 1)]),
            ),
            shape=(2 * size, size),
        )

    def best(self, evidences: Evidences, k: int) -> Best:
        """Return the `k` best items of each shopper that may be shown, of those that score."""
        found = Best.none(len(evidences), k)
        for rows in self._blocks(evidences):
            found.put(rows, *_leaders(self._scores(evidences, rows), k))
        return found

    def _blocks(self, evidences: Evidences) -> Iterator[npt.NDArray[np.int64]]:
        """Yield shoppers in blocks of bounded size, alike in how much they reach, so that little is padded."""
        ends = np.concatenate([[0], np.cumsum(self._reach[evidences.items])])
        reach = np.diff(ends[evidences.starts]) + np.diff(evidences.barred_starts)
        order = np.argsort(reach, kind="stable")
        start = 0
        while start < len(order):
            end = len(order)
            while end - start > 1 and (end - start) * int(reach[order[end - 1]]) > _CELLS:
                end = start + (end - start) // 2
            yield order[start:end]
            start = end

    def _scores(self, evidences: Evidences, rows: npt.NDArray[np.int64]) -> csr_array:
        """Return the scores of all reached items, -inf where barred; one row for each shopper."""
        lengths, items = gathered(evidences.starts, rows)
        barred_lengths, barred = gathered(evidences.barred_starts, rows)
        starts = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(lengths + barred_lengths, out=starts[1:])
        own = np.repeat(starts[:-1] - (np.cumsum(lengths) - lengths), lengths) + np.arange(len(items))
        ends = np.cumsum(barred_lengths) - barred_lengths
        other = np.repeat(starts[:-1] + lengths - ends, barred_lengths) + np.arange(len(barred))
        codes = np.empty(int(starts[-1]), dtype=np.int32)
        weights = np.full(int(starts[-1]), -np.inf)
        codes[own], weights[own] = evidences.items[items], evidences.weights[items]
        codes[other] = evidences.barred[barred] + np.int32(self._table.shape[1])
        known: csr_array = csr_array((weights, codes, starts), shape=(len(rows), self._table.shape[0]))
        scored: csr_array = known @ self._table
        if self._factors is not None:
            scored.data *= self._factors[scored.indices]
        return scored


def gathered(
    starts: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return how many entries each of `rows` has, and where they lie, end to end."""
    lengths = starts[rows + 1] - starts[rows]
    before = np.cumsum(lengths) - lengths
    return lengths, np.repeat(starts[rows] - before, lengths) + np.arange(int(lengths.sum()))


def _leaders(
    scored: csr_array, k: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Return place, row, item and score of the k best of each row, row by row, best first."""
    lengths = np.diff(scored.indptr)
    width = max(int(lengths.max(initial=0)), k)
    # Rounded to float32 the order of two scores can only become a draw: all of the best stay, and a few more.
    grid = np.full((len(lengths), width), -np.inf, dtype=np.float32)
    grid[np.arange(width) < lengths[:, None]] = scored.data
    bar = np.partition(grid, width - k, axis=1)[:, width - k]
    row, column = np.nonzero(grid >= np.maximum(bar, _LEAST)[:, None])
    at = scored.indptr[row] + column
    item, score = scored.indices[at], scored.data[at]
    return first_places(row, item, score, len(lengths), k)


def first_places(
    row: npt.NDArray[np.int64],
    item: npt.NDArray[np.int32],
    score: npt.NDArray[np.float64],
    rows: int,
    k: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """Return place, row, item and score of the k best entries of each row, best first, equal scores by item."""
    order = np.lexsort((item, -score, row))
    row, item, score = row[order], item[order], score[order]
    counts = np.bincount(row, minlength=rows)
    place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    first = place < k
    return place[first], row[first], item[first], score[first]
