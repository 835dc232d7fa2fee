"""V3 as it serves: session encoder, kNN and V2's ranker together, weighed by how much of a shopper is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.recommendations.behaviour.history import Asked, HistoryBatch
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.behaviour.many_asked import ManyAsked
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.hybrid.params import READ_BY_V3, HybridParams
from shopkeeper.recommendations.model import (
    MET,
    NOTHING,
    Arrays,
    Explained,
    ManyScored,
    RecommendationModel,
    Scored,
    Targets,
    explained_many,
    score_many,
)
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.models.mixture import Mixture, alike, alike_of
from shopkeeper.recommendations.models.neighbours import summed
from shopkeeper.recommendations.models.popular import Popular
from shopkeeper.recommendations.models.session_knn import SessionKnn, SessionKnnParams
from shopkeeper.recommendations.segments import bars, items_of, keys_of, starts_in, sums
from shopkeeper.recommendations.session.model import Session, SessionParams

_FIRST = 500
"""Items of each model a request is answered with, unless every one is wanted."""
_PARTS = (Session.name, ItemKnn.name, SessionKnn.name, Hybrid.name)
_OF_HYBRID = "blend.hybrid."
"""Before the names of its arrays: it has a kNN of its own, by other parameters."""


@dataclass(frozen=True, slots=True)
class BlendParams:
    """Parameters of the models of a blend; None leaves a model out.

    Without the encoder this is the blend for machines without PyTorch; session-knn pays where there are sessions, the
    hybrid where records, people or what is bought again say more than the order of events.
    """

    session: SessionParams | None = field(default_factory=SessionParams)
    item_knn: ItemKnnParams | None = field(default_factory=ItemKnnParams)
    session_knn: SessionKnnParams | None = field(default_factory=SessionKnnParams)
    hybrid: HybridParams | None = READ_BY_V3
    held_out: float = 0.1
    """Newest share of the data by which the weights are learnt, before every model is fitted on all of it."""


class _Part(Struct, frozen=True, gc=False):
    """What one model was asked, the past faded by its own rule, and what it adds to the score of each item.

    Attributes:
        rows: Which of the questions it was asked, rising; None = all.
    """

    model: RecommendationModel
    asked: ManyAsked
    rows: npt.NDArray[np.int64] | None
    added: ManyScored


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
        self._lately: tuple[tuple[ManyAsked, list[_Part]], ...] = ()
        """What was asked the last two times, and what the models said: whoever explains has just asked for it."""

    @property
    def stores(self) -> tuple[str, ...]:
        """Store of each store code."""
        return self.popular.stores

    @property
    def reads_people(self) -> bool:
        """Whether purchases and records of shoppers are read, as the hybrid does."""
        return any(isinstance(one, Hybrid) for one in self.models)

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of features its hybrid reads; none where there is no hybrid."""
        return tuple(group for one in self.models if isinstance(one, Hybrid) for group in one.groups)

    def without(self, group: str) -> Blend:
        """Return the same blend whose hybrid is told nothing by the features of a group."""
        models = tuple(one.without(group) if isinstance(one, Hybrid) else one for one in self.models)
        return Blend(models, self.mixture, self.popular, self.held_out)

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters for the manifest."""
        own = {one.name: {k: v for k, v in one.parameters.items() if k != "popular"} for one in self.models}
        kept = {"encoder": Session.name in own, "ranker": Hybrid.name in own, "held_out": self.held_out}
        return {**own, **kept, "popular": self.popular.parameters}

    def score(self, asked: Asked) -> Scored:
        """Return the blended score of every item that any of the models scores."""
        return self.score_many(ManyAsked.of((asked,))).one(0)

    def score_many(self, many: ManyAsked) -> ManyScored:
        """Return what `score` does for each of several questions."""
        return _together(len(many), self._parts(many))

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
        """Return what each entry adds: of what each model adds to a score, the share its own explanation gives.

        What a model adds without an explanation is shared out as the other models explain theirs.
        """
        known = ((many, place) for many, _ in self._lately for place, one in enumerate(many.questions) if one is asked)
        many, place = next(known, (ManyAsked.of((asked,)), 0))
        owners = np.full(len(targets), place, dtype=np.int64)
        return self.explain_many(Targets(owners, targets), many)[:, many.longest - len(asked) :]

    def explain_many(self, targets: Targets, many: ManyAsked) -> npt.NDArray[np.float64]:
        """Return what `explain` does for the targets of several questions, in `ManyAsked.columns`."""
        return self.explained_many(targets, many).parts

    def explained_many(self, targets: Targets, many: ManyAsked) -> Explained:
        """Return what `explain_many` does, and what carries each score: what the model says that adds most of it."""
        parts, whole = np.zeros((len(targets), many.longest)), np.zeros(len(targets))
        causes, most = np.full(len(targets), MET, dtype=np.int8), np.zeros(len(targets))
        for part in self._parts(many):
            own, mine = (targets, slice(None)) if part.rows is None else _of_rows(targets, part.rows)
            amounts = part.added.among(own)
            whole[mine] += amounts
            told = explained_many(part.model, own, part.asked)
            causes[mine] = np.where(amounts > most[mine], told.causes, causes[mine])
            most[mine] = np.maximum(amounts, most[mine])
            shares = np.maximum(told.parts, 0.0)
            totals = shares.sum(axis=1)
            totals[totals == 0] = 1.0  # nothing is shared out then
            shares /= totals[:, None]
            shares *= amounts[:, None]
            parts[mine, many.longest - part.asked.longest :] += shares
        said = parts.sum(axis=1)
        parts *= np.divide(whole, said, out=np.zeros_like(said), where=said > 0)[:, None]
        return Explained(parts, causes)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays of all models, and the weights."""
        found: dict[str, npt.NDArray[np.generic]] = {}
        for model in self.models:
            prefix = _OF_HYBRID if model.name == Hybrid.name else ""
            found |= {prefix + name: values for name, values in model.arrays().items()}
        there = np.array([name in {model.name for model in self.models} for name in _PARTS])
        return {**found, **self.mixture.arrays(), "blend.models": there, "blend.held_out": np.array(self.held_out)}

    @classmethod
    def from_arrays(cls, index: ItemIndex, arrays: Arrays) -> Blend:
        """Return the model that `arrays` was made of."""
        builds: tuple[Callable[[ItemIndex, Arrays], RecommendationModel], ...] = (
            Session.from_arrays, ItemKnn.from_arrays, SessionKnn.from_arrays, _hybrid_from,
        )  # fmt: skip
        there = np.asarray(arrays["blend.models"]).tolist()
        # A bundle older than a model says nothing of it.
        models = tuple(build(index, arrays) for build, one in zip(builds, there, strict=False) if one)
        held_out = float(np.asarray(arrays["blend.held_out"]))
        return cls(models, Mixture.from_arrays(arrays), Popular.from_arrays(index, arrays), held_out)

    def _parts(self, many: ManyAsked) -> list[_Part]:
        """Return what each model that counts here was asked, and what it adds to the score of each item."""
        for asked, told in self._lately:
            if asked is many:
                return told
        weights = np.array([self.mixture.of_length(length) for length in many.lengths.tolist()])
        ages, ones = many.ages, np.ones(len(many.items), dtype=np.float32)
        found = []
        for place, model in enumerate(self.models):
            rows = None if (weights[:, place] > 0).all() else weights[:, place].nonzero()[0]
            if rows is not None and not len(rows):
                continue
            fading = model.history_weights(ages, ones)
            own = many.weighed(many.weights * np.where(many.page, np.float32(1.0), fading))
            own = own if rows is None else own.take(rows)
            scored = score_many(model, own)
            share = weights[:, place] if rows is None else weights[rows, place]
            amounts = share[scored.owners] * alike_of(scored, self.mixture.scale)
            added = scored.with_scores(amounts, share * scored.beyond)
            found.append(_Part(model, own, rows, _first(added, own)))
        self._lately = ((many, found), *self._lately[:1])
        return found


def _hybrid_from(index: ItemIndex, arrays: Arrays) -> Hybrid:
    own = {name.removeprefix(_OF_HYBRID): arrays[name] for name in arrays if name.startswith(_OF_HYBRID)}
    return Hybrid.from_arrays(index, own)


def _of_rows(targets: Targets, rows: npt.NDArray[np.int64]) -> tuple[Targets, npt.NDArray[np.int64]]:
    """Return the targets of some questions, asked of those alone, and their places among all."""
    mine = np.isin(targets.owners, rows).nonzero()[0]
    return Targets(rows.searchsorted(targets.owners[mine]), targets.items[mine]), mine


def _together(count: int, found: Sequence[_Part]) -> ManyScored:
    """Return each item that any model scores with the sum of its scores, for each of `count` questions."""
    beyond = np.zeros(count)
    keys, amounts = [NOTHING.items], [NOTHING.scores]
    for part in found:
        beyond[slice(None) if part.rows is None else part.rows] += part.added.beyond
        added = part.added
        keys.append(added.keys if part.rows is None else keys_of(part.rows[added.owners], added.items))
        amounts.append(part.added.scores)
    each, totals = summed(np.concatenate(keys), np.concatenate(amounts))
    return ManyScored(starts_in(each, count), items_of(each), totals, beyond, np.zeros(count))


def _first(added: ManyScored, asked: ManyAsked) -> ManyScored:
    """Return the best of many scores, the rest of them beyond; all of them where a question wants the whole."""
    if int((added.starts[1:] - added.starts[:-1]).max()) <= _FIRST:
        return added
    lowest = bars(added.scores, added.starts, _FIRST)
    lowest[np.array([one.whole for one in asked.questions])] = -np.inf
    kept = (added.scores >= lowest[added.owners]).nonzero()[0]
    scores = added.scores[kept]
    starts = starts_in(added.keys[kept], len(added))
    beyond = added.beyond + sums(added.scores, added.starts) - sums(scores, starts)
    return ManyScored(starts, added.items[kept], scores, beyond, added.beyond_roots)
