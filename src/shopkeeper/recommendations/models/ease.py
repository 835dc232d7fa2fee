"""EASE: each product foretold from all others by one ridge regression, solved in closed form."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy

from shopkeeper.errors import InputError
from shopkeeper.recommendations.behaviour.history import Asked, HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.behaviour.strengths import strengths
from shopkeeper.recommendations.model import Arrays, Scored
from shopkeeper.recommendations.models.neighbours import Neighbours
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.recommendations.models.reading import Reading
from shopkeeper.recommendations.param_arrays import pack_params, unpack_params

MOST_PRODUCTS: Final = 25_000
"""Products of one customer group; the dense inverse of so many takes 2.5 GB and some minutes."""
_ROWS = 512


@dataclass(frozen=True, slots=True)
class EaseParams:
    """How weights are learnt and histories are read."""

    regularization: float = 100.0
    """Ridge penalty: the larger, the less pairs seen a few times count."""
    age_decay: float = 0.8
    """Each newer moment multiplies the strength of a history entry."""
    history: int = 50
    """Newest history entries read."""
    neighbours: int = 200
    """Largest weights kept for each product, by size; those below 0 speak against a product."""


class Ease(Reading[EaseParams]):
    """Score = sum over the history of `weight * B[entry, item]`, where that is above 0.

    Equal scores are ordered by popularity.

    Source:
        Steck, Embarrassingly Shallow Autoencoders for Sparse Data (2019), section 3.
    """

    name = "ease"

    def __init__(self, weights: Neighbours, popular: Popular, params: EaseParams) -> None:
        super().__init__(popular, params)
        self.weights = weights

    @classmethod
    def fit(
        cls, data: Interactions, params: EaseParams, seed: int, popular_params: PopularParams | None = None
    ) -> Ease:
        """Solve for every customer group; nothing is drawn by chance. Raises InputError for a catalogue too large."""
        popular = Popular.fit(data, popular_params or PopularParams(), seed)
        rows = [_group_weights(data, start, end, params) for start, end in data.index.spans()]
        lengths = np.concatenate([[0], *(np.diff(part.indptr) for part in rows)])
        weights = Neighbours(
            np.cumsum(lengths, dtype=np.int64),
            np.concatenate([np.empty(0, dtype=np.int32), *(part.indices for part in rows)]).astype(np.int32),
            np.concatenate([np.empty(0, dtype=np.float32), *(part.data for part in rows)]).astype(np.float32),
        )
        return cls(weights, popular, params)

    def _score(self, asked: Asked) -> Scored:
        """Score every product that more speaks for than against."""
        found = self.weights.scored(asked.items, asked.weights)
        above = found.scores > 0
        return Scored(found.items[above], found.scores[above])

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        """Return the scores of all items for many histories, dense."""
        recent = batch.newest(self.params.history)
        weights = self.history_weights(recent.ages, recent.strengths)
        histories = scipy.sparse.csr_array((weights, recent.items, recent.starts), shape=(len(recent), len(self.index)))
        scores: npt.NDArray[np.float32] = np.maximum((histories @ self.weights.table()).toarray(), 0.0)
        return scores

    def _explain(self, targets: npt.NDArray[np.int64], asked: Asked) -> npt.NDArray[np.float64]:
        """Return `weight * B[entry, target]` for each target and entry; below 0 where an entry speaks against it."""
        return self.weights.parts(targets, asked.items, asked.weights)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return B as three arrays, and popularity."""
        return {
            **self.weights.arrays("ease"),
            **pack_params("ease", asdict(self.params)),
            **self.popular.arrays(),
        }

    @classmethod
    def from_arrays(cls, index: ItemIndex, arrays: Arrays) -> Ease:
        """Return the model that `arrays` was made of; B stays in the files it was opened from."""
        params = EaseParams(**unpack_params("ease", arrays, asdict(EaseParams())))
        return cls(Neighbours.from_arrays("ease", arrays), Popular.from_arrays(index, arrays), params)


def _group_weights(data: Interactions, start: int, end: int, params: EaseParams) -> scipy.sparse.csr_array:
    """Return the rows of B for the products of one group, columns counted over all groups."""
    size = end - start
    if size > MOST_PRODUCTS:
        raise InputError(
            f"ease takes at most {MOST_PRODUCTS:,} products of a customer group; here are {size:,}.",
            "Train item-knn or als, which have no such bound.",
        )
    seen = strengths(data.sequences, start, end)
    gram = np.asfortranarray((seen.T @ seen).toarray(), dtype=np.float32)
    gram[np.diag_indices(size)] += params.regularization
    inverse = _inverted(gram)
    diagonal = inverse.diagonal().copy()
    blocks = [
        _strongest(-inverse[low : low + _ROWS] / diagonal, low, params.neighbours) for low in range(0, size, _ROWS)
    ]
    lengths = np.concatenate([[0], *(block[0] for block in blocks)])
    columns = np.concatenate([np.empty(0, dtype=np.int64), *(block[1] for block in blocks)])
    amounts = np.concatenate([np.empty(0, dtype=np.float32), *(block[2] for block in blocks)])
    return scipy.sparse.csr_array((amounts, columns + start, np.cumsum(lengths)), shape=(size, len(data.index)))


def _inverted(gram: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the inverse of a symmetric positive matrix, made in its own memory."""
    if not len(gram):
        return gram
    factor, failed = scipy.linalg.lapack.spotrf(gram, lower=1, overwrite_a=1)
    if failed:
        raise InputError("ease cannot solve for these data.", "Raise its `regularization`.")
    lower, _ = scipy.linalg.lapack.spotri(factor, lower=1, overwrite_c=1)
    for at in range(len(lower)):  # LAPACK fills one half
        lower[at, at + 1 :] = lower[at + 1 :, at]
    inverse: npt.NDArray[np.float32] = lower
    return inverse


def _strongest(
    weights: npt.NDArray[np.float32], first: int, most: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Return lengths, columns and amounts of the `most` largest weights by size of each row; none of its own item."""
    count = len(weights)
    weights[np.arange(count), first + np.arange(count)] = 0.0
    most = min(most, weights.shape[1])
    columns = np.sort(np.argpartition(-np.abs(weights), most - 1, axis=1)[:, :most], axis=1)
    amounts = np.take_along_axis(weights, columns, axis=1)
    there = amounts != 0
    return there.sum(axis=1), columns[there], amounts[there]
