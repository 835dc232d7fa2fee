"""What vectors say of every product of a customer group, for several questions at once, and the best of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Items = npt.NDArray[np.int64]

_STRIPES = 64
"""Products of which only the best one is looked at first."""
_LEAST = np.finfo(np.float32).tiny
"""What is not above 0 is not among the best."""


@dataclass(frozen=True, slots=True)
class Leaning:
    """What one question says of every product of a group.

    Attributes:
        start: First item of the group.
        scores: Of each; shape (items of the group,).
        best: Those that score highest, all above 0, of equals the lower codes; rising.
        highest: The highest score, 0 where none is above.
    """

    start: int
    scores: Floats
    best: Items
    highest: float

    def of(self, items: Items) -> npt.NDArray[np.float64]:
        """Return the scores of some items, 0 for those of other groups."""
        places = items - self.start
        here = (places >= 0) & (places < len(self.scores))
        return np.where(here, self.scores[np.where(here, places, 0)], 0.0).astype(np.float64, copy=False)


INDIFFERENT = Leaning(0, np.zeros(1, dtype=np.float32), np.empty(0, dtype=np.int64), 0.0)
"""Says nothing of anything."""


def leanings(
    vectors: Floats, spans: Sequence[tuple[int, int]], groups: npt.NDArray[np.int64], tastes: Floats, most: int
) -> list[Leaning]:
    """Return the inner product of each taste with the vectors of its group, which are read once for all questions.

    Args:
        vectors: Shape (items, axes).
        spans: First item of each group and the one after the last.
        groups: Group of each question, -1 = none; shape (n,).
        tastes: Shape (n, axes).
        most: How many of the best are told, at least 1.
    """
    found = [INDIFFERENT] * len(groups)
    for group in {*groups.tolist()} - {-1}:
        mine = (groups == group).nonzero()[0]
        start, end = spans[group]
        scores = vectors[start:end] @ tastes[mine].T
        for column, (place, best) in enumerate(zip(mine.tolist(), best_of(scores, most), strict=True)):
            said = scores[:, column]
            found[place] = Leaning(start, said, start + best, float(said[best].max(initial=0.0)))
    return found


def best_of(scores: Floats, most: int) -> Iterator[Items]:
    """Yield for each column where its `most` highest scores above 0 stand, rising; of equals the first.

    The best of each stripe, every so-manieth score, come first: the best of `most` different stripes all reach the
    lowest of themselves, so what does not is not among the best, and most stripes need not be looked through.

    Args:
        scores: Shape (m, n).
    """
    width = len(scores) // _STRIPES
    if width <= most:
        yield from (_first(np.arange(len(scores)), column, most) for column in scores.T)
        return
    striped = scores[: width * _STRIPES].reshape(_STRIPES, width, scores.shape[1])
    tops = np.ascontiguousarray(striped.max(axis=0).T)
    bars = np.maximum(np.partition(tops, width - most, axis=1)[:, width - most], _LEAST)
    rest = np.arange(width * _STRIPES, len(scores))
    for column, bar in enumerate(bars):
        stripes = (tops[column] >= bar).nonzero()[0]
        rows, places = (striped[:, stripes, column] >= bar).nonzero()
        found = np.concatenate([rows * width + stripes[places], rest])
        yield _first(found, scores[found, column], most)


def _first(places: Items, scores: Floats, most: int) -> Items:
    """Return the places of the `most` highest scores above 0, rising; of equals the first."""
    kept = (scores >= _LEAST).nonzero()[0]
    if len(kept) > most:
        kept = np.sort(kept[(-scores[kept]).argsort(kind="stable")[:most]])
    return places[kept]
