"""Weights of a blend are learnt by how much of a shopper is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.items import ItemIndex, single_group
from shopkeeper.recommendations.evaluation.ranking import Questions
from shopkeeper.recommendations.models.mixture import LENGTHS, SCALES, alike, learnt_mixture, length_classes

ITEMS = 30


class Knower:
    """Ranks the right item, the length of the history, first where it knows so many entries, else a wrong one."""

    def __init__(self, low: int, high: int) -> None:
        self.index: ItemIndex = single_group([str(n) for n in range(ITEMS)])
        self._low, self._high = low, high

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        lengths = np.diff(batch.starts)
        scores = np.tile(np.arange(1, ITEMS + 1, dtype=np.float32), (len(batch), 1))
        knows = (lengths >= self._low) & (lengths <= self._high)
        scores[np.arange(len(batch)), lengths] = np.where(knows, 100.0, 0.5)
        scores[~knows, 0] = 1000.0
        return scores

    def tie_break(self, stores: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        return np.zeros((len(stores), ITEMS), dtype=np.float32)


def questions(lengths: list[int]) -> Questions:
    starts = np.concatenate([[0], np.cumsum(lengths)])
    count, total = len(lengths), int(starts[-1])
    history = HistoryBatch(
        starts, np.full(total, ITEMS - 1, dtype=np.int32), np.zeros(total, dtype=np.int8), np.arange(total),
        np.zeros(count, dtype=np.int32), np.zeros(count, dtype=np.int64),
    )  # fmt: skip
    return Questions(history, np.array(lengths), np.tile([0, ITEMS], (count, 1)))


def test_who_knows_short_histories_counts_for_them_and_who_knows_long_ones_for_those() -> None:
    found = learnt_mixture([Knower(1, 4), Knower(5, 99)], questions([1, 2, 3, 4, 5, 6, 9, 13] * 5))
    weights = found.of(np.array([1, 3, 8, 20]))
    assert (weights[:2, 0] > weights[:2, 1]).all()
    assert (weights[2:, 1] > weights[2:, 0]).all()
    np.testing.assert_allclose(found.weights.sum(axis=1), 1.0)


def test_who_adds_nothing_to_the_best_is_not_asked() -> None:
    found = learnt_mixture([Knower(50, 99), Knower(1, 99)], questions([1, 2, 3, 4, 5, 6, 9, 13] * 5))
    assert (found.weights == [0.0, 1.0]).all()


def test_without_questions_all_count_alike() -> None:
    found = learnt_mixture([Knower(1, 4), Knower(5, 99)], questions([1, 2]).take(np.array([], dtype=np.int64)))
    assert (found.weights == 1 / 2).all()


def test_lengths_fall_into_classes() -> None:
    assert length_classes(np.array([0, 1, 2, 4, 5, 11, 12, 500])).tolist() == [0, 0, 1, 2, 3, 4, 5, 5]
    assert LENGTHS[0] == 1


def test_scores_are_made_alike() -> None:
    scores = np.array([[4.0, 0.0, 1.0], [0.0, 0.0, 0.0]], dtype=np.float32)
    shares, roots, ranks, places = (alike(scores, scale) for scale in SCALES)
    np.testing.assert_allclose(shares, np.array([[4 / 5, 0, 1 / 5], [0, 0, 0]]), rtol=1e-6)
    np.testing.assert_allclose(roots, np.array([[2 / 3, 0, 1 / 3], [0, 0, 0]]), rtol=1e-6)
    np.testing.assert_allclose(ranks, np.array([[1 / 61, 0, 1 / 62], [0, 0, 0]]), rtol=1e-6)
    np.testing.assert_allclose(places, np.array([[1, 0, 2**-0.5], [0, 0, 0]]), rtol=1e-6)
