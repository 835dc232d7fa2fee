"""V3 as it serves: session encoder, item-knn and session-knn together, weighed by how much of a shopper is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.recommendations.behaviour.history import Asked, HistoryBatch, ages_in
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.model import NOTHING, Arrays, RecommendationModel, Scored, score_many
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.models.mixture import Mixture, alike, alike_of
from shopkeeper.recommendations.models.neighbours import summed
from shopkeeper.recommendations.models.popular import Popular
from shopkeeper.recommendations.models.session_knn import SessionKnn, SessionKnnParams
from shopkeeper.recommendations.session.model import Session, SessionParams

_FIRST = 500
"""Items of each model a request is answered with, unless every one is wanted."""
_PARTS = (Session.name, ItemKnn.name, SessionKnn.name)


@dataclass(frozen=True, slots=True)
class BlendParams:
    """Parameters of the models of a blend; None leaves a model out.

    Without the encoder this is the blend for machines without PyTorch; session-knn pays where there are sessions.
    """

    session: SessionParams | None = field(default_factory=SessionParams)
    item_knn: ItemKnnParams | None = field(default_factory=ItemKnnParams)
    session_knn: SessionKnnParams | None = field(default_factory=SessionKnnParams)
    held_out: float = 0.1
    """Newest share of the data by which the weights are learnt, before every model is fitted on all of it."""


class _Part(Struct, frozen=True, gc=False):
    """What one model was asked, the past faded by its own rule, and what it adds to the score of each item."""

    model: RecommendationModel
    asked: Asked
    added: Scored


class Blend:
    """Score = sum over the models of `weight(entries known) * score on a common scale`, see `mixture`.

    Equal scores are ordered by popularity.

    Args:
        models: Fitted on the same data; the first orders equal scores.
        held_out: See `BlendParams`; only remembered.
    """

    name = "blend"

    def __init__(
        self, models: tuple[RecommendationModel, ...], mixture: Mixture, popular: Popular, held_out: float
    ) -> None:
        self.index = popular.index
        self.popular = popular
        self.models = models
        self.mixture = mixture
        self.held_out = held_out
        self._last: Mapping[int, tuple[Asked, list[_Part]]] = {}
        """The newest questions by identity, and what the models said: whoever explains an answer has just asked."""

    @property
    def stores(self) -> tuple[str, ...]:
        """Store of each store code."""
        return self.popular.stores

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters for the manifest."""
        own = {one.name: {k: v for k, v in one.parameters.items() if k != "popular"} for one in self.models}
        kept = {"encoder": Session.name in own, "held_out": self.held_out}
        return {**own, **kept, "popular": self.popular.parameters}

    def score(self, asked: Asked) -> Scored:
        """Return the blended score of every item that any of the models scores."""
        return _together([part.added for part in self._parts(asked)])

    def score_many(self, asked: Sequence[Asked]) -> list[Scored]:
        """Return what `score` does for each of several questions, the encoder run over all of them at once."""
        parts = [self._asked_of(one) for one in asked]
        own = [(model, own) for part in parts for _, model, own in part]
        told: dict[int, Scored] = {}
        for model in self.models:
            its = [one for other, one in own if other is model]
            told |= {id(one): scored for one, scored in zip(its, score_many(model, its), strict=True)}
        found = [
            self._added(one, [(*asking, told[id(asking[2])]) for asking in part])
            for one, part in zip(asked, parts, strict=True)
        ]
        self._last = {id(one): (one, its) for one, its in zip(asked, found, strict=True)}
        return [_together([part.added for part in its]) for its in found]

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        """Return the scores of all items for many histories, dense."""
        weights = self.mixture.of(np.diff(batch.starts)).astype(np.float32)
        scores = np.zeros((len(batch), len(self.index)), dtype=np.float32)
        for place, model in enumerate(self.models):
            if weights[:, place].any():
                scores += weights[:, place, None] * alike(model.score_batch(batch), self.mixture.scale)
        return scores

    def tie_break(self, stores: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Return popularity, one row for each store code."""
        return self.popular.tie_break(stores)

    def history_weights(
        self,
        ages: npt.NDArray[np.int64],  # noqa: ARG002 - each model fades by its own rule, see `_parts`
        strengths: npt.NDArray[np.float32],
    ) -> npt.NDArray[np.float32]:
        """Return the strengths."""
        return strengths

    def explain(self, targets: npt.NDArray[np.int64], asked: Asked) -> npt.NDArray[np.float64]:
        """Return what each entry adds: of what each model adds to a score, the share its own explanation gives."""
        parts = np.zeros((len(targets), len(asked)))
        for part in self._parts(asked):
            amounts = part.added.of(targets)
            if not amounts.any():
                continue
            own = np.maximum(part.model.explain(targets, part.asked), 0.0)
            totals = own.sum(axis=1, keepdims=True)
            totals[totals == 0] = 1.0  # nothing is shared out then
            own /= totals
            own *= amounts[:, None]
            parts += own
        return parts

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays of all models, and the weights."""
        found: dict[str, npt.NDArray[np.generic]] = {}
        for model in self.models:
            found |= model.arrays()
        there = np.array([name in {model.name for model in self.models} for name in _PARTS])
        return {**found, **self.mixture.arrays(), "blend.models": there, "blend.held_out": np.array(self.held_out)}

    @classmethod
    def from_arrays(cls, index: ItemIndex, arrays: Arrays) -> Blend:
        """Return the model that `arrays` was made of."""
        builds: tuple[Callable[[ItemIndex, Arrays], RecommendationModel], ...] = (
            Session.from_arrays, ItemKnn.from_arrays, SessionKnn.from_arrays,
        )  # fmt: skip
        there = np.asarray(arrays["blend.models"]).tolist()
        models = tuple(build(index, arrays) for build, one in zip(builds, there, strict=True) if one)
        held_out = float(np.asarray(arrays["blend.held_out"]))
        return cls(models, Mixture.from_arrays(arrays), Popular.from_arrays(index, arrays), held_out)

    def _parts(self, asked: Asked) -> list[_Part]:
        """Return what each model that counts here was asked, and what it adds to the score of each item."""
        last = self._last.get(id(asked))
        if last is not None and last[0] is asked:
            return last[1]
        asking = self._asked_of(asked)
        found = self._added(asked, [(*one, one[1].score(one[2])) for one in asking])
        self._last = {id(asked): (asked, found)}
        return found

    def _asked_of(self, asked: Asked) -> list[tuple[float, RecommendationModel, Asked]]:
        """Return the models that count here, each with its weight and with the past faded by its own rule."""
        past = len(asked) - int(np.count_nonzero(asked.page))
        ages, ones = ages_in(asked.times[:past]), np.ones(past, dtype=np.float32)
        found = []
        for weight, model in zip(self.mixture.of_length(len(asked)), self.models, strict=True):
            if weight > 0:
                faded = asked.weights.copy()
                faded[:past] *= model.history_weights(ages, ones)
                found.append((weight, model, asked.weighed(faded)))
        return found

    def _added(self, asked: Asked, told: Sequence[tuple[float, RecommendationModel, Asked, Scored]]) -> list[_Part]:
        """Return what each model adds to the score of each item, by its weight and what it says."""
        found = []
        for weight, model, own, scored in told:
            amounts = weight * alike_of(scored, self.mixture.scale)
            added = Scored(scored.items, amounts, weight * scored.beyond)
            found.append(_Part(model, own, added if asked.whole else _first(added)))
        return found


def _together(found: Sequence[Scored]) -> Scored:
    """Return each item that any of them scores with the sum of its scores."""
    items = np.concatenate([NOTHING.items, *(one.items for one in found)])
    if not len(items):
        return NOTHING
    totals = summed(items, np.concatenate([one.scores for one in found]))
    return Scored(*totals, sum(one.beyond for one in found))


def _first(scored: Scored) -> Scored:
    """Return the best of many scores, the rest of them beyond."""
    if len(scored) <= _FIRST:
        return scored
    kept = scored.scores.argpartition(len(scored) - _FIRST)[-_FIRST:]
    kept.sort()
    scores = scored.scores[kept]
    return Scored(scored.items[kept], scores, scored.beyond + float(scored.scores.sum() - scores.sum()))
