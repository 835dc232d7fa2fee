"""Full ranking: where the right product stands among all products, for many shoppers at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.items import ItemIndex

_CELLS = 30_000_000
"""Scores held at a time: 30 million float32 are 120 MB, and about four such tables live at once."""


class Ranker(Protocol):
    """The side of a `model.RecommendationModel` that ranks whole catalogues for many shoppers."""

    @property
    def index(self) -> ItemIndex: ...

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]: ...

    def tie_break(self, stores: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True)
class Questions:
    """For each case: what the shopper had done, and which product was right.

    Attributes:
        history: What the model is shown.
        targets: Item code of the right product; shape (n,).
        spans: First item code that competes and the one after the last, such as those of the group; shape (n, 2).
        mask: True where products of the history do not compete.
    """

    history: HistoryBatch
    targets: npt.NDArray[np.int64]
    spans: npt.NDArray[np.int64]
    mask: bool = True

    def __len__(self) -> int:
        return len(self.targets)

    def part(self, start: int, end: int) -> Questions:
        """Return questions `start` to `end`."""
        return Questions(self.history.part(start, end), self.targets[start:end], self.spans[start:end], self.mask)

    def take(self, rows: npt.NDArray[np.int64]) -> Questions:
        """Return the questions at `rows`."""
        return Questions(self.history.take(rows), self.targets[rows], self.spans[rows], self.mask)


@dataclass(frozen=True)
class Ranking:
    """Where each target stands, and what was shown.

    Attributes:
        ranks: Rank of the target from 1; ties share their middle rank; shape (n,).
        shown: Item codes of the first places, in no order, -1 where fewer compete; shape (n, depth).
        best: Highest score of each list, 0 where the model said nothing; shape (n,).
    """

    ranks: npt.NDArray[np.float64]
    shown: npt.NDArray[np.int64]
    best: npt.NDArray[np.float64]


def rank_targets(
    model: Ranker, questions: Questions, *, fill: bool = True, depth: int = 20, told: HistoryBatch | None = None
) -> Ranking:
    """Rank every target among all products of its span.

    Args:
        model: Model to ask.
        questions: What to ask; an empty history is answered like any other.
        fill: True orders products of equal score by popularity, as serving fills up; False leaves them tied.
        depth: How many first places are returned.
        told: What the model is told instead of the history; what competes stays the same.
    """
    items = len(model.index)
    step = max(_CELLS // max(items, 1), 1)
    ranks = np.empty(len(questions))
    shown = np.full((len(questions), depth), -1, dtype=np.int64)
    best = np.empty(len(questions))
    for start in range(0, len(questions), step):
        end = min(start + step, len(questions))
        part = _rank_part(model, questions, told or questions.history, start, end, fill, depth)
        ranks[start:end], best[start:end] = part.ranks, part.best
        shown[start:end, : part.shown.shape[1]] = part.shown
    return Ranking(ranks, shown, best)


def _rank_part(
    model: Ranker, questions: Questions, told: HistoryBatch, start: int, end: int, fill: bool, depth: int
) -> Ranking:
    batch = questions.history.part(start, end)
    scores = model.score_batch(told.part(start, end))
    barred = barred_cells(questions.part(start, end), scores.shape[1])
    scores[barred] = -np.inf
    rows = np.arange(end - start)
    targets = questions.targets[start:end]
    mine = scores[rows, targets][:, None]
    ahead = (scores > mine).sum(axis=1)
    equal = scores == mine
    if fill:
        order = model.tie_break(batch.stores)
        mine_order = order[rows, targets][:, None]
        ahead = ahead + (equal & (order > mine_order)).sum(axis=1)
        equal &= order == mine_order
        _add_order(scores, order)
    shown, best = _top(scores, min(depth, scores.shape[1]))
    return Ranking(1.0 + ahead + (equal.sum(axis=1) - 1) / 2.0, shown, best)


def barred_cells(questions: Questions, items: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the cells that do not compete: outside the span, and the history where it is masked (never the target)."""
    rows, columns = [], []
    if questions.mask:
        rows.append(questions.history.rows())
        columns.append(questions.history.items.astype(np.int64))
    for span in np.unique(questions.spans, axis=0):
        members = np.flatnonzero((questions.spans == span).all(axis=1))
        outside = np.concatenate([np.arange(span[0]), np.arange(span[1], items)])
        rows.append(np.repeat(members, len(outside)))
        columns.append(np.tile(outside, len(members)))
    row, column = np.concatenate(rows), np.concatenate(columns)
    keep = column != questions.targets[row]
    return row[keep], column[keep]


def _add_order(scores: npt.NDArray[np.float32], order: npt.NDArray[np.float32]) -> None:
    """Order products without a score by `order`, below all that have one; for the lists shown only."""
    most = float(order.max(initial=0.0)) or 1.0
    empty = scores == 0
    scores[empty] = order[empty] / most - 1.0


def _top(scores: npt.NDArray[np.float32], depth: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the first places in no order, -1 where fewer compete, and the highest score of each row, at least 0."""
    first = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
    values = np.take_along_axis(scores, first, axis=1)
    return np.where(np.isfinite(values), first, -1), np.maximum(values.max(axis=1), 0.0).astype(np.float64)
