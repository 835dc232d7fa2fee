"""The best products of many shoppers at once by models that score whole catalogues, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.batch.block_scores import Best, first_places, gathered
from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.evaluation.ranking import Ranker
from shopkeeper.recommendations.rules.weighing import FEWEST, LOOKS

_CELLS = 5_000_000
"""Scores of one block: 5 million float32 are 20 MB, and about six such tables live at once."""

_LEAST = np.finfo(np.float32).tiny

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Offer:
    """What of a model's items may be shown in one store.

    Attributes:
        start, end: First item of the store's customer group and the one after the last.
        shown: Which items may be shown at all; shape (items,).
        families: Items of one parent share a number; only the best of them is listed; shape (items,).
        factors: What each item's score is multiplied by, 0 = never shown; shape (items,); None = by one.
    """

    start: int
    end: int
    shown: npt.NDArray[np.bool_]
    families: npt.NDArray[np.int64]
    factors: npt.NDArray[np.float64] | None = None


class DenseScorer:
    """A model over blocks of shoppers with histories of about one length.

    Scores are float32, as `score_batch` gives them: they agree with those of one shopper's request to four digits.
    """

    def __init__(self, model: Ranker, offer: Offer) -> None:
        span = slice(offer.start, offer.end)
        self._model = model
        self._span = span
        self._shown = offer.shown[span].astype(np.float32)
        families = offer.families[span]
        self._families = families
        self._has_families = len(np.unique(families)) < len(families)
        self._factors = None if offer.factors is None else offer.factors[span].astype(np.float32)

    def best(
        self, known: HistoryBatch, barred_starts: npt.NDArray[np.int64], barred: npt.NDArray[np.int32], k: int
    ) -> Best:
        """Return the `k` best items of each shopper that may be shown, of those that score; none twice by parent.

        Args:
            known: What each shopper did.
            barred_starts, barred: As in `block_scores.Evidences`.
        """
        found = Best.none(len(known), k)
        for rows in self._blocks(known):
            scores = self._model.score_batch(known.take(rows))[:, self._span] * self._shown
            lengths, places = gathered(barred_starts, rows)
            scores[np.repeat(np.arange(len(rows)), lengths), barred[places] - self._span.start] = 0.0
            if self._factors is not None:
                scores *= self._lifts(scores, self._factors, k)
            found.put(rows, *self._leaders(scores, k))
        return found

    def _blocks(self, known: HistoryBatch) -> Iterator[npt.NDArray[np.int64]]:
        order = np.argsort(np.diff(known.starts), kind="stable")
        step = max(_CELLS // max(len(self._model.index), 1), 1)
        for low in range(0, len(order), step):
            yield order[low : low + step]

    @staticmethod
    def _lifts(scores: Floats, factors: Floats, k: int) -> Floats:
        """Return what each score is multiplied by: only the first by score are lifted, as `weighing.weighed` does."""
        looks = min(max(FEWEST, LOOKS * k), scores.shape[1])
        return np.where(scores >= _bar(scores, looks), factors, np.minimum(factors, np.float32(1.0)))

    def _leaders(
        self, scores: Floats, k: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float64]]:
        """Return place, row, item and score of the k best of each row, row by row, best first."""
        size = scores.shape[1]
        most = min(2 * k if self._has_families else k, size)
        row, column = np.nonzero(scores >= np.maximum(_bar(scores, most), _LEAST))
        score = scores[row, column].astype(np.float64)
        if self._has_families:
            order = np.lexsort((column, -score, row))
            families = row[order] * (int(self._families.max()) + 1) + self._families[column[order]]
            kept = order[np.unique(families, return_index=True)[1]]
            row, column, score = row[kept], column[kept], score[kept]
        return first_places(row, (column + self._span.start).astype(np.int32), score, len(scores), k)


def _bar(scores: Floats, most: int) -> Floats:
    """Return the lowest of the `most` best scores of each row; shape (n, 1)."""
    # Of the negated scores, because selecting among many equal ones, here 0, is slow at the far end.
    bar: Floats = -np.partition(-scores, most - 1, axis=1)[:, most - 1, None]
    return bar
