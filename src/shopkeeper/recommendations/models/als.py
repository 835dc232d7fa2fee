"""iALS: what shoppers take, explained by a few hidden tastes; any history is folded in when it is asked about."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import scipy

from shopkeeper.errors import ConfigError
from shopkeeper.recommendations.behaviour.history import Asked, HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.behaviour.strengths import strengths
from shopkeeper.recommendations.model import NOTHING, Arrays, Scored
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.recommendations.models.reading import Reading
from shopkeeper.recommendations.param_arrays import pack_params, unpack_params

Factors = npt.NDArray[np.float32]
_MANY = 1_000_000
"""Entries from which on it pays to share a fit among all cores."""


@dataclass(frozen=True, slots=True)
class AlsParams:
    """How factors are learnt and histories are read."""

    factors: int = 128
    """Hidden tastes."""
    regularization: float = 1.0
    """What large factors cost, against the sum of squared errors."""
    confidence: float = 10.0
    """How much more an entry of strength 1 is believed than the absence of one: confidence = 1 + this * strength."""
    iterations: int = 15
    """Rounds of solving for shoppers, then for products."""
    age_decay: float = 1.0
    """Each newer moment multiplies the strength of a history entry when it is folded in."""
    history: int = 50
    """Newest history entries read."""


class Als(Reading[AlsParams]):
    """Score = y_item . x, with x the factors that fit the history best under the products' factors.

    Products of each customer group are learnt by themselves. Scores below 0 count as 0.

    Args:
        factors: Factors of each item; shape (items, factors).
        popular: Popularity from the same data, which orders equal scores.

    Source:
        Hu, Koren, Volinsky, Collaborative Filtering for Implicit Feedback Datasets (2008), sections 4 and 5.
    """

    name = "als"

    def __init__(self, factors: Factors, popular: Popular, params: AlsParams) -> None:
        super().__init__(popular, params)
        self.factors = factors
        self._spans = self.index.spans()
        self._inverses = [_inverse_gram(factors[start:end], params.regularization) for start, end in self._spans]

    @classmethod
    def fit(cls, data: Interactions, params: AlsParams, seed: int, popular_params: PopularParams | None = None) -> Als:
        """Learn the factors of every group's products. Raises ConfigError where the library for it is missing."""
        return cls.beside(data, Popular.fit(data, popular_params or PopularParams(), seed), params, seed)

    @classmethod
    def beside(cls, data: Interactions, popular: Popular, params: AlsParams, seed: int) -> Als:
        """Learn the factors beside popularity that is counted already."""
        factors = np.zeros((len(data.index), params.factors), dtype=np.float32)
        for start, end in data.index.spans():
            factors[start:end] = _learnt(strengths(data.sequences, start, end), params, seed)
        return cls(factors, popular, params)

    def taste(self, asked: Asked) -> Factors:
        """Return the factors that fit best the newest of what is asked; shape (factors,)."""
        return self._taste(asked.newest(self.params.history))

    def _score(self, asked: Asked) -> Scored:
        """Score every product of the group the history lies in."""
        if not len(asked):
            return NOTHING
        start, end = self._spans[self._group(asked)]
        scores = self.factors[start:end] @ self._taste(asked)
        found = np.flatnonzero(scores > 0)
        return Scored(found + start, scores[found].astype(np.float64))

    def _taste(self, asked: Asked) -> Factors:
        if not len(asked):
            return np.zeros(self.factors.shape[1], dtype=np.float32)
        inverse, entries = self._inverses[self._group(asked)], self.factors[asked.items].astype(np.float64)
        taste = inverse @ (entries.T @ self._shares(inverse, entries, asked.weights))
        return taste.astype(np.float32)

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        """Return the scores of all items for many histories, dense."""
        recent = batch.newest(self.params.history)
        weights = self.history_weights(recent.ages, recent.strengths).astype(np.float64)
        shares, groups = np.zeros(len(recent.items)), self._groups(recent)
        for row in np.flatnonzero(groups >= 0).tolist():
            part = slice(int(recent.starts[row]), int(recent.starts[row + 1]))
            entries = self.factors[recent.items[part]].astype(np.float64)
            shares[part] = self._shares(self._inverses[groups[row]], entries, weights[part])
        histories = scipy.sparse.csr_array((shares, recent.items, recent.starts), shape=(len(recent), len(self.index)))
        sums = histories @ self.factors
        scores = np.zeros((len(batch), len(self.index)), dtype=np.float32)
        for group, (start, end) in enumerate(self._spans):
            rows = groups == group
            tastes = (sums[rows] @ self._inverses[group]).astype(np.float32)
            scores[rows, start:end] = np.maximum(tastes @ self.factors[start:end].T, 0.0)
        return scores

    def _explain(self, targets: npt.NDArray[np.int64], asked: Asked) -> npt.NDArray[np.float64]:
        """Return what each entry adds to each target's score: `confidence * y_target . inverse(A) . y_entry`."""
        if not len(asked) or not len(targets):
            return np.zeros((len(targets), len(asked)))
        inverse, entries = self._inverses[self._group(asked)], self.factors[asked.items].astype(np.float64)
        extra = self.params.confidence * asked.weights
        spread = np.linalg.inv(_widened(inverse, entries, extra))
        parts: npt.NDArray[np.float64] = (
            self.factors[targets].astype(np.float64) @ inverse @ entries.T @ spread * (1.0 + extra)
        )
        return parts

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the factors, and popularity."""
        return {
            "als.factors": self.factors,
            **pack_params("als", asdict(self.params)),
            **self.popular.arrays(),
        }

    @classmethod
    def from_arrays(cls, index: ItemIndex, arrays: Arrays) -> Als:
        """Return the model that `arrays` was made of; the factors stay in the file they were opened from."""
        params = AlsParams(**unpack_params("als", arrays, asdict(AlsParams())))
        return cls(np.asarray(arrays["als.factors"], np.float32), Popular.from_arrays(index, arrays), params)

    def _group(self, asked: Asked) -> int:
        return int(np.searchsorted(self.index.starts, asked.items[0], side="right")) - 1

    def _groups(self, batch: HistoryBatch) -> npt.NDArray[np.int64]:
        """Return the group of each history; -1 where it is empty."""
        filled = batch.starts[1:] > batch.starts[:-1]
        groups = np.full(len(batch), -1, dtype=np.int64)
        first = batch.items[batch.starts[:-1][filled]]
        groups[filled] = np.searchsorted(self.index.starts, first, side="right") - 1
        return groups

    def _shares(
        self, inverse: npt.NDArray[np.float64], entries: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Return a with `x = inverse(G) @ entries.T @ a`, the factors x that solve Hu et al., equation 4; shape (h,).

        With G = Y'Y + regularization and C the confidences above 1, `inverse(G + E'CE) E'` is `inverse(G) E' inverse(I
        + C E inverse(G) E')` (Woodbury), so a short history costs a small system.
        """
        extra = self.params.confidence * weights
        return np.linalg.solve(_widened(inverse, entries, extra), 1.0 + extra).astype(np.float64, copy=False)


def _widened(
    inverse: npt.NDArray[np.float64], entries: npt.NDArray[np.float64], extra: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return `I + C E inverse(G) E'`; shape (h, h)."""
    wide: npt.NDArray[np.float64] = np.eye(len(entries)) + extra[:, None] * (entries @ inverse @ entries.T)
    return wide


def _inverse_gram(factors: Factors, regularization: float) -> npt.NDArray[np.float64]:
    wide = factors.astype(np.float64)
    return np.linalg.inv(wide.T @ wide + regularization * np.eye(factors.shape[1])).astype(np.float64, copy=False)


def _learnt(seen: scipy.sparse.csr_array, params: AlsParams, seed: int) -> Factors:
    """Return the factors of the products of one group."""
    if not seen.nnz:
        return np.zeros((seen.shape[1], params.factors), dtype=np.float32)
    try:
        from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415 - an extra, and slow to load
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - comes with it
    except ImportError as error:
        raise ConfigError(
            "als needs the library implicit.", "Install it: `pip install 'shopkeeper[train]'`."
        ) from error
    confident = scipy.sparse.csr_matrix(seen)
    confident.data = (1.0 + params.confidence * confident.data).astype(np.float32)
    with threadpool_limits(1, "blas"):  # it works in threads of its own
        model = AlternatingLeastSquares(
            factors=params.factors, regularization=params.regularization, alpha=1.0, iterations=params.iterations,
            random_state=seed, num_threads=0 if seen.nnz > _MANY else 1,
        )  # fmt: skip
        model.fit(confident, show_progress=False)
    factors: Factors = np.ascontiguousarray(model.item_factors, dtype=np.float32)
    return factors
