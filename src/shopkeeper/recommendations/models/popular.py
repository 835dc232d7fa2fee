"""What sells now: counts by store and category that fade with age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import Asked, HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import KINDS, Interactions
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.categories import prefixes
from shopkeeper.recommendations.model import NOTHING, Arrays, Scored
from shopkeeper.registry.text_arrays import pack_texts, unpack_texts

_DAY_MICROSECONDS = 86_400_000_000


@dataclass(frozen=True, slots=True)
class PopularParams:
    """How popularity is counted."""

    half_life_days: float = 30.0
    """After this time an event counts half, days."""
    weights: tuple[float, ...] = (1.0, 1.0, 2.0, 3.0, 3.0, 5.0)
    """What one event of each of `interactions.KINDS` counts, in views."""
    category_leaders: int = 500
    """Products kept for each (store, category)."""
    group_views: float = 100.0
    """How many views the customer group says of each of its stores, spread over what the group wants; with fewer of its
    own than that a store follows the group rather than its own."""

    def document(self) -> dict[str, Any]:
        """Return the parameters as plain values, weights by kind."""
        return {**asdict(self), "weights": dict(zip(KINDS, self.weights, strict=True))}


@dataclass(frozen=True)
class Leaders:
    """Best items of one list, best first."""

    items: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float32]


class Popular:
    """Time-decayed popularity: score = sum over events of `weight[kind] * 2 ** (-age / half_life)`.

    Counted for each store by itself and for each (store, category). A store's own count is shrunk to its customer
    group's: `group_views` views more, divided among products as the group's are (the mean of a Dirichlet prior). What a
    store does not sell is left out where an answer is made, by its catalogue; its categories hold what it has sold.

    Args:
        index: Item codes.
        stores: Store names by code.
        lists: Key `(store, category)`, category `` for the whole store -> its leaders.
        params: How it was counted.
    """

    name = "popular"

    def __init__(
        self,
        index: ItemIndex,
        stores: tuple[str, ...],
        lists: dict[tuple[str, str], Leaders],
        params: PopularParams,
    ) -> None:
        self.index = index
        self.stores = stores
        self.params = params
        self._lists = lists
        self._demand: dict[str, npt.NDArray[np.float32]] = {}

    @classmethod
    def fit(cls, data: Interactions, params: PopularParams, seed: int) -> Popular:  # noqa: ARG003 - nothing is drawn
        """Count popularity at the time of the newest interaction."""
        amounts = interest(data, params)
        totals = np.bincount(data.items, weights=amounts, minlength=len(data.index)).astype(np.float64)
        lists: dict[tuple[str, str], Leaders] = {}
        members = _members(data.categories)
        for code, store in enumerate(data.store_names):
            scores = popularity(data, amounts, code)
            leaning = scores + params.group_views * _elsewhere(data.index, scores, totals)
            lists[store, ""] = _leaders(np.flatnonzero(leaning > 0), leaning, len(data.index))
            for category, items in members.items():
                sold = items[scores[items] > 0]
                if len(sold):
                    lists[store, category] = _leaders(sold, scores, params.category_leaders)
        return cls(data.index, data.store_names, lists, params)

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters for the manifest."""
        return self.params.document()

    def leaders(self, store: str, category: str = "") -> Leaders | None:
        """Return the best items of a store or of one of its categories; None when nothing was seen there."""
        return self._lists.get((store, category))

    def demand(self, store: str) -> npt.NDArray[np.float32]:
        """Return the popularity of every item in a store, in views; made once and kept; shape (items,)."""
        found = self._demand.get(store)
        if found is None:
            code = self.stores.index(store) if store in self.stores else -1
            found = self.tie_break(np.array([code], dtype=np.int32))[0]
            if code >= 0:  # made-up store names must not fill memory
                self._demand[store] = found
        return found

    def score(self, asked: Asked) -> Scored:
        """Return the store's popularity, whatever the history."""
        found = self._lists.get((asked.store, ""))
        if found is None:
            return NOTHING
        return Scored(np.asarray(found.items, dtype=np.int64), np.asarray(found.scores, dtype=np.float64))

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        """Return one row of popularity for each history."""
        return self.tie_break(batch.stores)

    def tie_break(self, stores: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Return the popularity of every item in each of `stores`; shape (len(stores), items)."""
        used, places = np.unique(stores, return_inverse=True)
        table = np.zeros((len(used), len(self.index)), dtype=np.float32)
        for row, code in enumerate(used.tolist()):
            found = self._lists.get((self.stores[code], "")) if code >= 0 else None
            if found is not None:
                table[row, found.items] = found.scores
        rows: npt.NDArray[np.float32] = table[places]
        return rows

    def history_weights(
        self,
        ages: npt.NDArray[np.int64],  # noqa: ARG002 - no history is read
        strengths: npt.NDArray[np.float32],
    ) -> npt.NDArray[np.float32]:
        """Return the strengths; popularity reads no history."""
        return strengths

    def explain(self, targets: npt.NDArray[np.int64], asked: Asked) -> npt.NDArray[np.float64]:
        """Return zeros: no product of the history stands behind a popular one."""
        return np.zeros((len(targets), len(asked)))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return all lists end to end, in the order of their keys."""
        keys = sorted(self._lists)
        starts = np.zeros(len(keys) + 1, dtype=np.int64)
        np.cumsum([len(self._lists[key].items) for key in keys], out=starts[1:])
        empty = Leaders(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32))
        found = [empty, *(self._lists[key] for key in keys)]
        return {
            **pack_texts("popular.stores", self.stores),
            **pack_texts("popular.list_stores", (store for store, _ in keys)),
            **pack_texts("popular.list_categories", (category for _, category in keys)),
            "popular.starts": starts,
            "popular.items": np.concatenate([one.items for one in found]),
            "popular.scores": np.concatenate([one.scores for one in found]),
            "popular.params": np.array(
                [self.params.half_life_days, self.params.category_leaders, *self.params.weights]
            ),
            "popular.group_views": np.array([self.params.group_views]),
        }

    @classmethod
    def from_arrays(cls, index: ItemIndex, arrays: Arrays) -> Popular:
        """Return the model that `arrays` was made of."""
        starts = np.asarray(arrays["popular.starts"]).tolist()
        items = np.asarray(arrays["popular.items"], dtype=np.int32)
        scores = np.asarray(arrays["popular.scores"], dtype=np.float32)
        keys = zip(
            unpack_texts("popular.list_stores", arrays), unpack_texts("popular.list_categories", arrays), strict=True
        )
        lists = {
            key: Leaders(items[start:end], scores[start:end])
            for key, start, end in zip(keys, starts, starts[1:], strict=False)
        }
        half_life, leaders, *weights = np.asarray(arrays["popular.params"], dtype=np.float64).tolist()
        leaning = float(np.asarray(arrays["popular.group_views"])[0]) if "popular.group_views" in arrays else 0.0
        params = PopularParams(half_life, tuple(weights), int(leaders), leaning)
        return cls(index, tuple(unpack_texts("popular.stores", arrays)), lists, params)


def interest(data: Interactions, params: PopularParams) -> npt.NDArray[np.float64]:
    """Return what each interaction counts at the time of the newest, in views; shape (n,)."""
    newest = int(data.times.max()) if len(data) else 0
    age_days = (newest - data.times) / _DAY_MICROSECONDS
    amounts: npt.NDArray[np.float64] = np.asarray(params.weights)[data.kinds] * np.exp2(
        -age_days / params.half_life_days
    )
    return amounts


def popularity(data: Interactions, amounts: npt.NDArray[np.float64], store: int) -> npt.NDArray[np.float64]:
    """Return the interest each item met in a store, by its code; shape (items,)."""
    here = data.stores == store
    found = np.bincount(data.items[here], weights=amounts[here], minlength=len(data.index))
    scores: npt.NDArray[np.float64] = found.astype(np.float64)
    return scores


def _elsewhere(
    index: ItemIndex, scores: npt.NDArray[np.float64], totals: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return which share of a group's interest each of its items has; zeros for a store that is all of its group."""
    shares = np.zeros(len(scores))
    for start, end in index.spans():
        own, whole = scores[start:end].sum(), totals[start:end].sum()
        if 0 < own < whole:
            shares[start:end] = totals[start:end] / whole
    return shares


def _members(categories: Sequence[tuple[str, ...]]) -> dict[str, npt.NDArray[np.int64]]:
    """Return the item codes under each category path, all prefixes included."""
    found: dict[str, list[int]] = {}
    for item, paths in enumerate(categories):
        for category in prefixes(paths):
            found.setdefault(category, []).append(item)
    return {category: np.array(items, dtype=np.int64) for category, items in found.items()}


def _leaders(items: npt.NDArray[np.int64], scores: npt.NDArray[np.float64], most: int) -> Leaders:
    """Return the best `most` of `items`, best first, equal scores by code."""
    order = items[np.argsort(-scores[items], kind="stable")[:most]]
    return Leaders(order.astype(np.int32), scores[order].astype(np.float32))
