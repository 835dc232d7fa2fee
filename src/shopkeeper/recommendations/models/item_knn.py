"""Order-aware item-to-item kNN: what comes after what, learned in seconds, explaining itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy

from shopkeeper.recommendations.behaviour.history import Asked, HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import Interactions, Sequences
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.model import Arrays, Scored
from shopkeeper.recommendations.models.co_occurrence import similarity
from shopkeeper.recommendations.models.neighbours import Neighbours, WeightedRows, parts_of, scored_by
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.recommendations.models.reading import Reading
from shopkeeper.recommendations.param_arrays import pack_params, unpack_params

_KEPT = 64
"""Questions whose rows are kept, two batches of a serving process."""


@dataclass(frozen=True, slots=True)
class ItemKnnParams:
    """How similarities are built and histories are read."""

    window: int = 8
    """Longest gap between two entries of a sequence that still counts, entries."""
    gap_decay: float = 0.8
    """Each further moment between two entries multiplies what the pair counts."""
    gap_power: float = 0.0
    """A pair g moments apart counts `g ** -gap_power`."""
    backward: float = 0.7
    """What a pair counts against its order, of what it counts along it; entries of one moment have no order."""
    had_power: float = 0.5
    """How much the frequency of the product that was had lowers a similarity."""
    with_power: float = 0.5
    """How much the frequency of the product that goes with it lowers a similarity; less favours what is popular."""
    shrink: float = 20.0
    """Added to what frequency divides by, so that pairs seen once or twice are not trusted."""
    age_decay: float = 0.8
    """Each newer moment multiplies what a history entry counts."""
    age_power: float = 0.0
    """A history entry with so many newer moments counts `(1 + age) ** -age_power`."""
    history: int = 50
    """Newest history entries read."""
    neighbours: int | None = 200
    """Strongest neighbours kept for each product; None = all."""


class ItemKnn(Reading[ItemKnnParams]):
    """Score = sum over the history of `weight * S[entry, item]`, see `history_weights` and `co_occurrence.similarity`.

    Equal scores (most of all 0) are ordered by popularity, as serving fills up an answer.

    Args:
        similar: S, the similarities.
        popular: Popularity from the same data.
        params: How it was built.
    """

    name = "item-knn"

    def __init__(self, similar: Neighbours, popular: Popular, params: ItemKnnParams) -> None:
        super().__init__(popular, params)
        self.similar = similar
        self._rows: dict[int, tuple[Asked, WeightedRows]] = {}

    @classmethod
    def fit(
        cls, data: Interactions, params: ItemKnnParams, seed: int, popular_params: PopularParams | None = None
    ) -> ItemKnn:
        """Learn from sequences and count popularity; nothing is drawn by chance."""
        popular = Popular.fit(data, popular_params or PopularParams(), seed)
        return cls(fit_similarity(data.sequences, len(data.index), params), popular, params)

    def _score(self, asked: Asked) -> Scored:
        """Score every neighbour of the weighted items."""
        return scored_by(self._rows_of(asked))

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        """Return the scores of all items for many histories, dense."""
        recent = batch.newest(self.params.history)
        weights = self.history_weights(recent.ages, recent.strengths)
        histories = scipy.sparse.csr_array((weights, recent.items, recent.starts), shape=(len(recent), len(self.index)))
        scores: npt.NDArray[np.float32] = (histories @ self.similar.table()).toarray()
        return scores

    def history_weights(
        self, ages: npt.NDArray[np.int64], strengths: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """Return `strength * age_decay ** age * (1 + age) ** -age_power`."""
        faded = strengths * self.params.age_decay**ages * (1.0 + ages) ** -self.params.age_power
        weights: npt.NDArray[np.float32] = faded.astype(np.float32)
        return weights

    def _explain(self, targets: npt.NDArray[np.int64], asked: Asked) -> npt.NDArray[np.float64]:
        """Return `weight * S[entry, target]` for each target and entry."""
        return parts_of(self._rows_of(asked), targets)

    def _rows_of(self, asked: Asked) -> WeightedRows:
        """Return the rows of S of what is asked, kept for a while: whoever explains a score has just asked for it."""
        known = self._rows.get(id(asked))
        if known is not None and known[0] is asked:
            return known[1]
        rows = self.similar.rows(asked.items, asked.weights)
        if len(self._rows) >= _KEPT:
            self._rows.clear()
        self._rows[id(asked)] = asked, rows
        return rows

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return S as three arrays, and popularity."""
        params = asdict(self.params)
        params["neighbours"] = -1 if self.params.neighbours is None else self.params.neighbours
        return {
            **self.similar.arrays("knn"),
            **pack_params("knn", params),
            **self.popular.arrays(),
        }

    @classmethod
    def from_arrays(cls, index: ItemIndex, arrays: Arrays) -> ItemKnn:
        """Return the model that `arrays` was made of; S stays in the files it was opened from."""
        params = ItemKnnParams(**unpack_params("knn", arrays, asdict(ItemKnnParams())))
        if params.neighbours is not None and params.neighbours < 0:
            params = replace(params, neighbours=None)
        return cls(Neighbours.from_arrays("knn", arrays), Popular.from_arrays(index, arrays), params)


def fit_similarity(seen: Sequences, items: int, params: ItemKnnParams) -> Neighbours:
    """Return S for `params`."""
    return similarity(
        seen,
        items,
        window=params.window,
        gap_decay=params.gap_decay,
        gap_power=params.gap_power,
        backward=params.backward,
        had_power=params.had_power,
        with_power=params.with_power,
        shrink=params.shrink,
        neighbours=params.neighbours,
    )
