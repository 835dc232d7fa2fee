"""What a model lives on: how much worse it ranks when one thing is kept from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.evaluation.metrics import ndcg
from shopkeeper.recommendations.evaluation.ranking import Questions, Ranker, rank_targets

SIGNALS = ("history", "order", "event kinds", "popularity", "demographics")
"""The shopper's past, which of it is new, what was done with it, what everybody wants, and what their record says."""

GROUPS = ("repurchase", "rhythm", "way", "choice", "content", "sentences")
"""Groups of features that are kept as well from a ranker of groups; one it does not read has 0. Of a blend they are
kept from its hybrid alone: what the vectors of its encoder owe to records cannot be taken out of them."""


@runtime_checkable
class Grouped(Protocol):
    """A ranker over groups of features."""

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups it reads."""
        ...

    def without(self, group: str) -> Ranker:
        """Return the same ranker that is told nothing by a group."""
        ...


class _Impersonal:
    """A ranker without what it would say to anybody: neither its score for an empty history nor its tie-break."""

    def __init__(self, model: Ranker) -> None:
        self._model = model

    @property
    def index(self) -> ItemIndex:
        return self._model.index

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        return self._model.score_batch(batch) - self._model.score_batch(_without_history(batch))

    def tie_break(self, stores: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        return np.zeros((len(stores), len(self.index)), dtype=np.float32)


def importances(model: Ranker, questions: Questions) -> Mapping[str, float]:
    """Return each signal's share of the NDCG@10 that is lost when each is kept from the model by itself.

    The shares add up to 1 where anything is lost; a signal whose absence does no harm has 0. The products that compete
    stay the same.
    """
    told = questions.history
    kept_away = {
        "history": _without_history(told),
        "order": _without_order(told),
        "event kinds": replace(told, kinds=np.zeros_like(told.kinds)),
        "demographics": replace(told, traits=()),
    }
    whole = _worth(model, questions, told)
    lost = {name: max(whole - _worth(model, questions, less), 0.0) for name, less in kept_away.items()}
    lost["popularity"] = max(whole - _worth(_Impersonal(model), questions, told), 0.0)
    read = model.groups if isinstance(model, Grouped) else ()
    if isinstance(model, Grouped) and read:
        for group in GROUPS:
            less = _worth(model.without(group), questions, told) if group in read else whole
            lost[group] = max(whole - less, 0.0)
    total = sum(lost.values())
    return {name: value / total if total else 0.0 for name, value in lost.items()}


def _worth(model: Ranker, questions: Questions, told: HistoryBatch) -> float:
    return float(ndcg(rank_targets(model, questions, told=told).ranks, 10).mean())


def _without_history(told: HistoryBatch) -> HistoryBatch:
    return told.keep(np.zeros(len(told.items), dtype=np.bool_))


def _without_order(told: HistoryBatch) -> HistoryBatch:
    """Return the same histories, each shuffled and all of it met at the moment its newest entry was."""
    lengths = np.diff(told.starts)
    shuffled = np.lexsort((np.random.default_rng(0).random(len(told.items)), told.rows()))
    newest = told.times[np.maximum(told.starts[1:] - 1, 0)] if len(told.items) else told.moments
    return replace(told, items=told.items[shuffled], kinds=told.kinds[shuffled], times=np.repeat(newest, lengths))
