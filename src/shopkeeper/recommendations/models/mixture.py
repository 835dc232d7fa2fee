"""How much each of several models counts in a blend, by how much of a shopper is known; learnt on questions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.evaluation.metrics import ndcg
from shopkeeper.recommendations.evaluation.ranking import Questions, Ranker, barred_cells
from shopkeeper.recommendations.model import Arrays, ManyScored
from shopkeeper.recommendations.segments import sums

Scale = Literal["shares", "roots", "ranks", "places"]
"""How scores of different models are made alike: each history's add up to 1; so do their square roots; or the place
counts alone, evenly as `1 / (60 + place)` or the first places more as `1 / sqrt(place)`."""

SCALES: Final[tuple[Scale, ...]] = get_args(Scale)
LENGTHS: Final = np.array([1, 2, 3, 5, 8, 12], dtype=np.int64)
"""Histories of 1, 2, 3-4, 5-7, 8-11 and of 12 or more entries are weighed apart."""
_BEGINS: Final[list[int]] = LENGTHS.tolist()

Floats = npt.NDArray[np.float32]

_GRID, _COARSE_GRID = 10, 5
"""Weights are tried in tenths, those of four models and more in fifths, which are as many."""
_FEW_MODELS = 3
_BORROWED = 0.5
"""How much the questions about all histories count beside those about one length, so that no few decide."""
_PLACES = 200
"""Best items of each model that can win a question."""
_RANKED = 1_000
_RANK_SOFTENING = 60.0
"""Source: Cormack, Clarke, Buettcher, Reciprocal Rank Fusion (2009)."""
_PLACED: Final = np.arange(1, _RANKED + 1, dtype=np.float64)
_WORTH: Final[Mapping[Scale, Floats]] = {
    "ranks": (1.0 / (_RANK_SOFTENING + _PLACED)).astype(np.float32),
    "places": (1.0 / np.sqrt(_PLACED)).astype(np.float32),
}
"""What each of the best places counts, where nothing else does."""
_ROWS = 512
_MOST_ASKED = 5_000


@dataclass(frozen=True)
class Mixture:
    """Weights of the models of a blend.

    Attributes:
        weights: Rows add up to 1; shape (len(LENGTHS), models).
    """

    scale: Scale
    weights: npt.NDArray[np.float64]

    def of(self, lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the weights for histories of so many entries; shape (n, models)."""
        return self.weights[length_classes(lengths)]

    def of_length(self, length: int) -> Sequence[float]:
        """Return the weights for one history of so many entries."""
        return self._rows[max(bisect_right(_BEGINS, length) - 1, 0)]

    @cached_property
    def _rows(self) -> list[list[float]]:
        rows: list[list[float]] = self.weights.tolist()
        return rows

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the weights as plain arrays."""
        return {"blend.scale": np.array(SCALES.index(self.scale)), "blend.weights": self.weights}

    @staticmethod
    def from_arrays(arrays: Arrays) -> Mixture:
        """Return the weights that `arrays` was made of."""
        scale = SCALES[int(np.asarray(arrays["blend.scale"]))]
        return Mixture(scale, np.asarray(arrays["blend.weights"], dtype=np.float64))


def length_classes(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return which of `LENGTHS` each history falls under."""
    return np.maximum(np.searchsorted(LENGTHS, lengths, side="right") - 1, 0)


def alike(scores: Floats, scale: Scale) -> Floats:
    """Return the scores of one model on the scale of a blend; those that are 0 stay 0, rows without any too.

    Args:
        scores: Shape (n, items).
    """
    if scale in _WORTH:
        return _ranked(scores, _WORTH[scale])
    found: Floats = np.sqrt(scores) if scale == "roots" else scores
    totals = found.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(found, totals, out=np.zeros_like(found), where=totals > 0)
    return shares


def alike_of(scored: ManyScored, scale: Scale) -> npt.NDArray[np.float64]:
    """Return what `alike` makes of the scores of several histories, for the items that score; shape (scored,)."""
    if scale in _WORTH:
        return _placed(scored, _WORTH[scale])
    found = np.sqrt(scored.scores) if scale == "roots" else scored.scores
    totals = sums(found, scored.starts) + (scored.beyond_roots if scale == "roots" else scored.beyond)
    totals[totals <= 0] = np.inf  # nothing scores then
    return found / totals[scored.owners]


def _placed(scored: ManyScored, worth: Floats) -> npt.NDArray[np.float64]:
    """Return `worth` of its place for the best of each history that score; equal scores in the order of items."""
    order = np.lexsort((-scored.scores, scored.owners))  # stable, and items rise
    places = np.arange(len(order)) - scored.starts[scored.owners]
    counted = (places < len(worth)) & (scored.scores[order] > 0)
    found = np.zeros(len(order))
    found[order[counted]] = worth[places[counted]]
    return found


def _ranked(scores: Floats, worth: Floats) -> Floats:
    """Return `worth` of its place for the best of each row that score; equal scores in the order of items."""
    most = min(len(worth), scores.shape[1])
    first = np.sort(np.argpartition(-scores, most - 1, axis=1)[:, :most], axis=1)
    values = np.take_along_axis(scores, first, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    amounts = np.where(np.take_along_axis(values, order, axis=1) > 0, worth[:most], np.float32(0.0))
    found = np.zeros_like(scores)
    np.put_along_axis(found, np.take_along_axis(first, order, axis=1), amounts, axis=1)
    return found


def learnt_mixture(models: Sequence[Ranker], questions: Questions) -> Mixture:
    """Return the scale and the weights under which the models together rank the right products best, by NDCG@20.

    Each class of lengths has the weights that are best for it, with all questions counting a little. Where these do not
    gain more than their standard error over the best model alone, that one is all there is, and the others are not
    asked. Of many questions 5,000 are asked, evenly spread; without any, all models count alike.
    """
    if not len(questions):
        return Mixture("shares", np.full((len(LENGTHS), len(models)), 1.0 / len(models)))
    asked = questions.take(np.arange(0, len(questions), max(len(questions) // _MOST_ASKED, 1)))
    best: tuple[npt.NDArray[np.float64], Mixture] | None = None
    grid = _grid(len(models))
    alone = np.flatnonzero(grid.max(axis=1) == 1.0)
    classes = length_classes(np.diff(asked.history.starts))
    for scale, contest in zip(SCALES, _contests(models, asked), strict=True):
        worth = np.stack([ndcg(contest.ranks(weights), 20) for weights in grid])
        overall = worth.mean(axis=1)
        weights, figures = np.zeros((len(LENGTHS), len(models))), np.zeros(len(asked))
        for one in range(len(LENGTHS)):
            own = worth[:, classes == one]
            value = (own.mean(axis=1) if own.shape[1] else 0.0) + _BORROWED * overall
            place = int(np.argmax(value))
            weights[one] = grid[place]
            figures[classes == one] = own[place]
        plain = alone[int(np.argmax(overall[alone]))]
        if not _pays(figures - worth[plain]):
            weights, figures = np.tile(grid[plain], (len(LENGTHS), 1)), worth[plain]
        if best is None or figures.sum() > best[0].sum():
            best = figures, Mixture(scale, weights)
    if best is None:
        raise AssertionError("there is always a scale")
    return best[1]


def _pays(gains: npt.NDArray[np.float64]) -> bool:
    """Return whether the mean gain is above its standard error."""
    return bool(gains.mean() > gains.std() / np.sqrt(len(gains)))


def _grid(models: int) -> npt.NDArray[np.float64]:
    """Return all weights of a grid that add up to 1, the even ones first; shape (combinations, models)."""
    parts = _GRID if models <= _FEW_MODELS else _COARSE_GRID
    found = [one for one in product(range(parts + 1), repeat=models) if sum(one) == parts]
    found.sort(key=lambda one: float(np.var(one)))
    return np.array(found, dtype=np.float64) / parts


@dataclass(frozen=True)
class _Contest:
    """What competes for each question, on the scale of a blend.

    Attributes:
        amounts: Of the items that came among the first of any model, -1 where there is none, the right one first; shape
            (models, n, places).
    """

    amounts: Floats

    def ranks(self, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the rank of each right item under some weights; ties share their middle rank; shape (n,)."""
        together = np.tensordot(weights.astype(np.float32), self.amounts, axes=1)
        mine = together[:, :1]
        ahead = (together[:, 1:] > mine).sum(axis=1)
        equal = (together[:, 1:] == mine).sum(axis=1)
        return np.where(mine[:, 0] > 0, 1.0 + ahead + equal / 2.0, float(_PLACES * len(self.amounts)))


def _contests(models: Sequence[Ranker], questions: Questions) -> list[_Contest]:
    """Return the contest of every scale."""
    parts: list[list[Floats]] = [[] for _ in SCALES]
    for low in range(0, len(questions), _ROWS):
        part = questions.part(low, min(low + _ROWS, len(questions)))
        scores = [model.score_batch(part.history) for model in models]
        barred = barred_cells(part, scores[0].shape[1])
        kept = _competing(scores, barred, part.targets)
        for place, scale in enumerate(SCALES):
            amounts = [np.take_along_axis(alike(one, scale), kept, axis=1) for one in scores]
            parts[place].append(np.where(kept[None] >= 0, np.stack(amounts), np.float32(-1.0)))
    return [_Contest(np.concatenate(some, axis=1)) for some in parts]


def _competing(
    scores: list[Floats], barred: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]], targets: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Return the right item of each row, then all that came among the first of any model; -1 for repeats."""
    most = min(_PLACES, scores[0].shape[1])
    firsts = []
    for one in scores:
        open_ = one.copy()
        open_[barred] = -1.0
        first = np.argpartition(-open_, most - 1, axis=1)[:, :most]
        firsts.append(np.where(np.take_along_axis(open_, first, axis=1) > 0, first, -1))
    found = np.sort(np.concatenate(firsts, axis=1), axis=1)
    repeated = np.zeros(found.shape, dtype=np.bool_)
    repeated[:, 1:] = found[:, 1:] == found[:, :-1]
    found[repeated | (found == targets[:, None])] = -1
    return np.concatenate([targets[:, None], found], axis=1)
