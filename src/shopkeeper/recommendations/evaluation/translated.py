"""A model that was trained on other data, asked in the codes of these: a serving version next to a new one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.model import RecommendationModel

_UNKNOWN = -1


class Translated:
    """Implements `ranking.Ranker` by a model with an index of its own.

    A product the model has never seen scores 0 and tells it nothing, and a store it has never seen has no popularity,
    as when it serves.

    Args:
        index: Products of the questions.
        store_names: Stores of the questions, by code.
    """

    def __init__(self, model: RecommendationModel, index: ItemIndex, store_names: tuple[str, ...]) -> None:
        self.index = index
        self._model = model
        self._items = _codes(index, model.index)
        self._stores = np.array([_place(model.stores, name) for name in store_names], dtype=np.int32)

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        """Return the model's scores under the codes of the questions."""
        return self._spread(self._model.score_batch(self._translate(batch)))

    def tie_break(self, stores: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Return the model's order of equal scores under the codes of the questions."""
        return self._spread(self._model.tie_break(self._stores[stores]))

    def _translate(self, batch: HistoryBatch) -> HistoryBatch:
        """Return the histories without unknown products; ages count the moments that are left, as serving does."""
        items = self._items[batch.items]
        keep = items != _UNKNOWN
        return replace(batch.keep(keep), items=items[keep], stores=self._stores[batch.stores])

    def _spread(self, scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        table = np.zeros((len(scores), len(self.index)), dtype=np.float32)
        known = self._items != _UNKNOWN
        table[:, known] = scores[:, self._items[known]]
        return table


def _codes(asked: ItemIndex, known: ItemIndex) -> npt.NDArray[np.int32]:
    """Return the code in `known` of every item of `asked`, -1 where there is none; shape (items,)."""
    groups = [asked.groups[place] for place in asked.group_of().tolist()]
    found = (known.code(group, product) for group, product in zip(groups, asked.products, strict=True))
    return np.array([_UNKNOWN if code is None else code for code in found], dtype=np.int32)


def _place(names: tuple[str, ...], name: str) -> int:
    return names.index(name) if name in names else _UNKNOWN
