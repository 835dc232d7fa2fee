"""The one protocol every recommendation model speaks, in training, in evaluation and in serving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.recommendations.behaviour.history import Asked, HistoryBatch
from shopkeeper.recommendations.behaviour.items import ItemIndex

Arrays = Mapping[str, npt.NDArray[np.generic]]


class Scored(Struct, frozen=True, gc=False):
    """Some items with their scores, in no order, none twice; items that are absent score 0.

    Attributes:
        beyond: What the scores of items add up to that were left out because they cannot come first; 0 = none was. Of a
            blend, of its models, each on its own scale.
        beyond_roots: The same of the square roots of their scores.
    """

    items: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    beyond: float = 0.0
    beyond_roots: float = 0.0

    def __len__(self) -> int:
        return len(self.items)

    def of(self, targets: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the scores of some items, 0 for those that are not there; `items` must rise."""
        if not len(self.items):
            return np.zeros(len(targets))
        places = np.minimum(np.searchsorted(self.items, targets), len(self.items) - 1)
        return np.where(self.items[places] == targets, self.scores[places], 0.0)


NOTHING = Scored(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64))


class RecommendationModel(Protocol):
    """A fitted model.

    Laws: scores are finite and not negative, 0 = nothing is known; an item of another customer group always scores 0;
    the same data, parameters and seed give the same arrays, bit for bit; `from_arrays(arrays())` answers alike;
    nothing is changed by answering, so many threads may ask at once.
    """

    @property
    def name(self) -> str:
        """Name the model is trained and registered under, such as `item-knn`."""
        ...

    @property
    def index(self) -> ItemIndex:
        """Which product each item code stands for."""
        ...

    @property
    def stores(self) -> tuple[str, ...]:
        """Store of each store code it was fitted with."""
        ...

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters it was fitted with, for the manifest."""
        ...

    def score(self, asked: Asked) -> Scored:
        """Score what goes with what is known of one shopper in one store; see `Asked.whole`."""
        ...

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        """Score every item for many histories at once; store code -1 = a store it never saw; (histories, items)."""
        ...

    def tie_break(self, stores: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Return what orders items of equal score, as serving fills up: one row for each store code, -1 = unknown."""
        ...

    def history_weights(
        self, ages: npt.NDArray[np.int64], strengths: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """Return how much history entries count: their strength, faded by how many moments are newer."""
        ...

    def explain(self, targets: npt.NDArray[np.int64], asked: Asked) -> npt.NDArray[np.float64]:
        """Return how much each entry adds to the score of each of `targets`; shape (targets, h)."""
        ...

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything needed to answer, as plain arrays."""
        ...


@runtime_checkable
class ScoresMany(Protocol):
    """A model that is quicker when it is asked several questions at once.

    Law: `score_many` gives what `score` gives for each, and `explain` may come next for any of them.
    """

    def score_many(self, asked: Sequence[Asked]) -> Sequence[Scored]:
        """Score what goes with each of several questions."""
        ...


def score_many(model: RecommendationModel, asked: Sequence[Asked]) -> Sequence[Scored]:
    """Return what a model says to each of several questions, at once where it can."""
    if len(asked) > 1 and isinstance(model, ScoresMany):
        return model.score_many(asked)
    return [model.score(one) for one in asked]
