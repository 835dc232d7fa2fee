"""Order-aware item-to-item kNN: what comes after what, learned in seconds, explaining itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy
from msgspec import Struct

from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import SECOND, Interactions
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.behaviour.many_asked import ManyAsked
from shopkeeper.recommendations.model import Arrays, ManyScored, Targets
from shopkeeper.recommendations.models.co_occurrence import similarity
from shopkeeper.recommendations.models.grown import Grown
from shopkeeper.recommendations.models.neighbours import Grouped, Neighbours, WeightedRows, grouped
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.recommendations.models.reading import ReadingMany
from shopkeeper.recommendations.models.record_nearness import with_records
from shopkeeper.recommendations.param_arrays import pack_params, unpack_params
from shopkeeper.recommendations.segments import items_of, keys_of, starts_in


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
    records: float = 0.0
    """What the nearness of two products' records adds to a similarity, see `record_nearness`; 0 = they are not read."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What S was built from, as far as whoever goes on counting needs it.

    Attributes:
        entries: Entries of each item in the sequences; shape (items,).
        until: Second of the newest interaction, since 1970 UTC.
    """

    entries: npt.NDArray[np.int64]
    until: int

    @staticmethod
    def of(data: Interactions) -> Counted:
        """Count what a table is built from."""
        entries = np.bincount(data.sequences.items, minlength=len(data.index)).astype(np.int64)
        return Counted(entries, int(data.times[-1]) // SECOND if len(data) else 0)


class _Told(Struct, frozen=True, gc=False):
    """The rows of S of what several are asked, those of equal (question, item) brought together."""

    scored: ManyScored
    rows: WeightedRows
    cells: Grouped


class ItemKnn(ReadingMany[ItemKnnParams, _Told]):
    """Score = sum over the history of `weight * S[entry, item]`, see `history_weights` and `co_occurrence.similarity`.

    Equal scores (most of all 0) are ordered by popularity, as serving fills up an answer.

    Args:
        similar: S, the similarities.
        popular: Popularity from the same data.
        params: How it was built.
        counted: What S was built from; None = the bundle is older than increments, and takes none.
    """

    name = "item-knn"

    def __init__(
        self, similar: Neighbours, popular: Popular, params: ItemKnnParams, counted: Counted | None = None
    ) -> None:
        super().__init__(popular, params)
        self.similar = similar
        self.counted = counted
        self.grown: Grown | None = None
        """What came since S was built; whoever takes it in puts the newest here, see `increments`."""

    @classmethod
    def fit(
        cls, data: Interactions, params: ItemKnnParams, seed: int, popular_params: PopularParams | None = None
    ) -> ItemKnn:
        """Learn from sequences and count popularity; nothing is drawn by chance."""
        return cls.beside(data, Popular.fit(data, popular_params or PopularParams(), seed), params)

    @classmethod
    def beside(cls, data: Interactions, popular: Popular, params: ItemKnnParams) -> ItemKnn:
        """Learn from sequences where popularity is counted already."""
        return cls(fit_similarity(data, params), popular, params, Counted.of(data))

    def _tell(self, read: ManyAsked) -> _Told:
        """Score every neighbour of the weighted items."""
        owners = read.owners
        if self.grown is None:
            rows = self.similar.rows(read.items, read.weights)
        else:
            rows = self.grown.rows(self.similar, read.items, read.weights)
            owners = np.concatenate([owners, owners])
        alone = len(read) == 1
        cells = grouped(rows.columns if alone else keys_of(owners.repeat(rows.lengths), rows.columns))
        nothing = np.zeros(len(read))
        scored = ManyScored(
            starts_in(cells.keys, len(read)),
            items_of(cells.keys),
            np.maximum(cells.sums(rows.amounts), 0.0),
            nothing,
            nothing,
        )
        return _Told(scored, rows, cells)

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        """Return the scores of all items for many histories, dense."""
        recent = batch.newest(self.params.history)
        weights = self.history_weights(recent.ages, recent.strengths)
        histories = scipy.sparse.csr_array((weights, recent.items, recent.starts), shape=(len(recent), len(self.index)))
        similar = self.similar if self.grown is None else self.grown.whole(self.similar, None)
        scores: npt.NDArray[np.float32] = (histories @ similar.table()).toarray()
        return scores

    def history_weights(
        self, ages: npt.NDArray[np.int64], strengths: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """Return `strength * age_decay ** age * (1 + age) ** -age_power`."""
        faded = strengths * self.params.age_decay**ages * (1.0 + ages) ** -self.params.age_power
        weights: npt.NDArray[np.float32] = faded.astype(np.float32)
        return weights

    def _explain_many(self, targets: Targets, read: ManyAsked, told: _Told) -> npt.NDArray[np.float64]:
        """Return `weight * S[entry, target]` for each target and entry."""
        parts = np.zeros((len(targets), read.longest))
        cells, rows = told.cells.entries(targets.keys)
        entries = told.rows.lengths.cumsum().searchsorted(cells, side="right")
        amounts, known = told.rows.amounts[cells], entries < len(read.columns)
        parts[rows[known], read.columns[entries[known]]] = amounts[known]
        parts[rows[~known], read.columns[entries[~known] - len(read.columns)]] += amounts[~known]
        return parts

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return S as three arrays, what it was built from, and popularity; nothing of what came since."""
        params = asdict(self.params)
        params["neighbours"] = -1 if self.params.neighbours is None else self.params.neighbours
        found = {**self.similar.arrays("knn"), **pack_params("knn", params), **self.popular.arrays()}
        if self.counted is not None:
            found |= {"knn.entries": self.counted.entries, "knn.until": np.array(self.counted.until, dtype=np.int64)}
        return found

    @classmethod
    def from_arrays(cls, index: ItemIndex, arrays: Arrays) -> ItemKnn:
        """Return the model that `arrays` was made of; S stays in the files it was opened from."""
        params = ItemKnnParams(**unpack_params("knn", arrays, asdict(ItemKnnParams())))
        if params.neighbours is not None and params.neighbours < 0:
            params = replace(params, neighbours=None)
        counted = None
        if "knn.entries" in arrays:
            entries = np.asarray(arrays["knn.entries"], dtype=np.int64)
            counted = Counted(entries, int(np.asarray(arrays["knn.until"])))
        return cls(Neighbours.from_arrays("knn", arrays), Popular.from_arrays(index, arrays), params, counted)


def fit_similarity(data: Interactions, params: ItemKnnParams) -> Neighbours:
    """Return S for `params`."""
    similar = similarity(
        data.sequences,
        len(data.index),
        window=params.window,
        gap_decay=params.gap_decay,
        gap_power=params.gap_power,
        backward=params.backward,
        had_power=params.had_power,
        with_power=params.with_power,
        shrink=params.shrink,
        neighbours=params.neighbours,
    )
    if not params.records:
        return similar
    return with_records(similar, data, params.records, params.neighbours)
