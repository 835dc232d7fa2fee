"""The one protocol every recommendation model speaks, in training, in evaluation and in serving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple, Protocol, cast, runtime_checkable

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.recommendations.behaviour.history import Asked, HistoryBatch
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.behaviour.many_asked import ManyAsked
from shopkeeper.recommendations.segments import keys_of, owners_of, starts_of

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


NOTHING = Scored(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64))


@dataclass(frozen=True)
class Targets:
    """Items that several questions are asked about, those of one question next to each other.

    Attributes:
        owners: Which question each is of, never falling; shape (t,).
        items: Item codes; shape (t,).
    """

    owners: npt.NDArray[np.int64]
    items: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def keys(self) -> npt.NDArray[np.int64]:
        """See `segments.keys_of`; shape (t,)."""
        return keys_of(self.owners, self.items)


@dataclass(frozen=True)
class ManyScored:
    """What a model says to each of several questions, end to end.

    Attributes:
        starts: Where the items of each begin, and one more at the end; shape (n + 1,).
        items: Item codes, rising within each; shape (m,).
        scores: Of each; shape (m,).
        beyond, beyond_roots: As in `Scored`; shape (n,).
    """

    starts: npt.NDArray[np.int64]
    items: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    beyond: npt.NDArray[np.float64]
    beyond_roots: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @staticmethod
    def of(each: Sequence[Scored]) -> ManyScored:
        """Return what was said to each of some questions, at least one, together."""
        rising = [one if (one.items[1:] > one.items[:-1]).all() else _rising(one) for one in each]
        return ManyScored(
            starts_of(np.array([len(one) for one in rising])),
            np.concatenate([one.items for one in rising]),
            np.concatenate([one.scores for one in rising]),
            np.array([one.beyond for one in rising]),
            np.array([one.beyond_roots for one in rising]),
        )

    def one(self, place: int) -> Scored:
        """Return what was said to one of the questions."""
        start, end = int(self.starts[place]), int(self.starts[place + 1])
        beyond, roots = float(self.beyond[place]), float(self.beyond_roots[place])
        return Scored(self.items[start:end], self.scores[start:end], beyond, roots)

    def with_scores(self, scores: npt.NDArray[np.float64], beyond: npt.NDArray[np.float64]) -> ManyScored:
        """Return the same items with other scores, on whose scale no square root is asked for."""
        other = ManyScored(self.starts, self.items, scores, beyond, np.zeros(len(self)))
        vars(other).update({name: value for name, value in vars(self).items() if name in ("owners", "keys")})
        return other

    def among(self, targets: Targets) -> npt.NDArray[np.float64]:
        """Return the scores of some items, 0 for those that are not there; shape (t,)."""
        if not len(self.items):
            return np.zeros(len(targets))
        places = self.places(targets)
        return np.where(places >= 0, self.scores[places], 0.0)

    def places(self, targets: Targets) -> npt.NDArray[np.int64]:
        """Return where some items stand in `items`, -1 = they are not there; shape (t,)."""
        if not len(self.items):
            return np.full(len(targets), -1, dtype=np.int64)
        places = np.minimum(self.keys.searchsorted(targets.keys), len(self.items) - 1)
        return np.where(self.keys[places] == targets.keys, places, -1)

    @cached_property
    def owners(self) -> npt.NDArray[np.int64]:
        """Which question each item is said to; shape (m,)."""
        return owners_of(self.starts)

    @cached_property
    def keys(self) -> npt.NDArray[np.int64]:
        """See `segments.keys_of`; rising; shape (m,)."""
        return self.items if len(self) == 1 else keys_of(self.owners, self.items)


def _rising(scored: Scored) -> Scored:
    order = scored.items.argsort()
    return Scored(scored.items[order], scored.scores[order], scored.beyond, scored.beyond_roots)


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

    Laws: `score_many` gives what `score` gives for each question, and `explain_many` what `explain` does; it costs
    little where the very same questions were the last that were scored.
    """

    def score_many(self, many: ManyAsked) -> ManyScored:
        """Score what goes with each of several questions."""
        ...

    def explain_many(self, targets: Targets, many: ManyAsked) -> npt.NDArray[np.float64]:
        """Return how much each entry adds to the score of each target, in `ManyAsked.columns`; (targets, longest)."""
        ...


@cache  # there are few kinds of models, and a protocol is looked at member by member
def _scores_many(kind: type) -> bool:
    return issubclass(kind, ScoresMany)


def score_many(model: RecommendationModel, many: ManyAsked) -> ManyScored:
    """Return what a model says to each of several questions, at once where it can."""
    if _scores_many(type(model)):
        return cast("ScoresMany", model).score_many(many)
    return ManyScored.of([model.score(one) for one in many.each])


def explain_many(model: RecommendationModel, targets: Targets, many: ManyAsked) -> npt.NDArray[np.float64]:
    """Return how much each entry of each question adds to the score of each of its targets, as `ScoresMany` does."""
    if _scores_many(type(model)):
        return cast("ScoresMany", model).explain_many(targets, many)
    parts = np.zeros((len(targets), many.longest))
    bounds = targets.owners.searchsorted(np.arange(len(many) + 1)).tolist()
    for one, start, end in zip(many.each, bounds, bounds[1:], strict=False):
        if end > start and len(one):
            parts[start:end, -len(one) :] = model.explain(targets.items[start:end], one)
    return parts


MET, AGAIN, SELLS = range(3)
"""What may carry a score: products of the history and the page, own purchases of the very product, what sells."""


class Explained(NamedTuple):
    """Why some targets have their scores.

    Attributes:
        parts: See `ScoresMany.explain_many`; shape (t, longest).
        causes: What carries the score of each target most, `MET`, `AGAIN` or `SELLS`; shape (t,).
    """

    parts: npt.NDArray[np.float64]
    causes: npt.NDArray[np.int8]


@runtime_checkable
class NamesCauses(Protocol):
    """A model whose scores may be carried by other than the products of the history and the page."""

    def explained_many(self, targets: Targets, many: ManyAsked) -> Explained:
        """Return what `explain_many` does, and what carries each score."""
        ...


@cache
def _names_causes(kind: type) -> bool:
    return issubclass(kind, NamesCauses)


def explained_many(model: RecommendationModel, targets: Targets, many: ManyAsked) -> Explained:
    """Return why targets have their scores; a model that says no more is carried by what was met."""
    if _names_causes(type(model)):
        return cast("NamesCauses", model).explained_many(targets, many)
    return Explained(explain_many(model, targets, many), np.full(len(targets), MET, dtype=np.int8))
