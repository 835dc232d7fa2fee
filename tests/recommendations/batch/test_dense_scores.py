"""Whole catalogues are scored for bounded blocks of shoppers, and only what may be shown is listed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pytest

from shopkeeper.recommendations.batch import dense_scores
from shopkeeper.recommendations.batch.block_scores import Best
from shopkeeper.recommendations.batch.dense_scores import DenseScorer, Offer
from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.items import ItemIndex, single_group

ITEMS = 200
ALL = np.ones(ITEMS, dtype=np.bool_)
ALONE = np.arange(ITEMS)


@dataclass
class Falling:
    """Scores item i by ITEMS - i for everybody, and notes how many were asked at once and how long their pasts were."""

    index: ItemIndex = field(default_factory=lambda: single_group([str(n) for n in range(ITEMS)]))
    asked: list[list[int]] = field(default_factory=list)

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        self.asked.append(np.diff(batch.starts).tolist())
        return np.tile(np.arange(ITEMS, 0, -1, dtype=np.float32), (len(batch), 1))

    def tie_break(self, stores: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        return np.zeros((len(stores), ITEMS), dtype=np.float32)


def histories(lengths: list[int]) -> HistoryBatch:
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    total = int(starts[-1])
    return HistoryBatch(
        starts, np.zeros(total, dtype=np.int32), np.zeros(total, dtype=np.int8), np.arange(total),
        np.zeros(len(lengths), dtype=np.int32), np.zeros(len(lengths), dtype=np.int64),
    )  # fmt: skip


def best(model: Falling, offer: Offer, lengths: list[int], barred: list[list[int]] | None = None, k: int = 3) -> Best:
    each = barred or [[] for _ in lengths]
    starts = np.concatenate([[0], np.cumsum([len(some) for some in each])]).astype(np.int64)
    codes = np.array([code for some in each for code in some], dtype=np.int32)
    return DenseScorer(model, offer).best(histories(lengths), starts, codes, k)


def test_a_block_holds_a_bounded_number_of_scores_of_histories_alike_in_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense_scores, "_CELLS", 2 * ITEMS + 1)
    model = Falling()
    found = best(model, Offer(0, ITEMS, ALL, ALONE), [9, 1, 4, 2, 7])
    assert model.asked == [[1, 2], [4, 7], [9]]
    assert found.items.tolist() == [[0, 1, 2]] * 5
    assert found.scores.tolist() == [[ITEMS, ITEMS - 1, ITEMS - 2]] * 5


def test_what_is_not_shown_or_barred_for_one_shopper_is_not_listed() -> None:
    shown = ALL.copy()
    shown[1] = False
    found = best(Falling(), Offer(0, ITEMS, shown, ALONE), [1, 2, 3], [[], [0, 3], [2]])
    assert found.items.tolist() == [[0, 2, 3], [2, 4, 5], [0, 3, 4]]


def test_of_one_parent_only_the_best_is_listed() -> None:
    families = ALONE.copy()
    families[[1, 3]] = 0
    found = best(Falling(), Offer(0, ITEMS, ALL, families), [1, 2], [[], [0]])
    assert found.items.tolist() == [[0, 2, 4], [1, 2, 4]]


def test_a_boost_lifts_what_stands_among_the_first_100_and_burying_holds_everywhere() -> None:
    factors = np.ones(ITEMS)
    factors[[98, 99, 100, 0]] = 10.0, 10.0, 10.0, 0.0
    found = best(Falling(), Offer(0, ITEMS, ALL, ALONE, factors), [1])
    assert found.items.tolist() == [[98, 99, 1]]
    assert found.scores.tolist() == [[10 * (ITEMS - 98), 10 * (ITEMS - 99), ITEMS - 1]]


def test_fewer_than_wanted_are_counted_as_they_are() -> None:
    found = best(Falling(), Offer(0, ITEMS, ALONE < 2, ALONE), [1])
    assert (found.counts.tolist(), found.items.tolist()) == ([2], [[0, 1, -1]])
