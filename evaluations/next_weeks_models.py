"""The models `next_weeks.py` asks, and where their parameters are looked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from evaluations.next_weeks_questions import DAY, DAYS

from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.hybrid.space import HYBRID_DEFAULTS, HYBRID_SPACE, hybrid_params
from shopkeeper.recommendations.models.als import Als
from shopkeeper.recommendations.models.ease import Ease
from shopkeeper.recommendations.models.item_knn import ItemKnn
from shopkeeper.recommendations.models.popular import Popular
from shopkeeper.recommendations.models.session_knn import SessionKnn
from shopkeeper.recommendations.parameters import (
    ALS_DEFAULTS,
    ALS_SPACE,
    ITEM_KNN_DEFAULTS,
    ITEM_KNN_SPACE,
    POPULAR_DEFAULTS,
    POPULAR_SPACE,
    als_params,
    ease_params,
    item_knn_params,
    popular_params,
    session_knn_params,
)
from shopkeeper.recommendations.session.blend import Blend
from shopkeeper.recommendations.session.blend_fit import fit_blend
from shopkeeper.recommendations.session.fit import Share, fit_session
from shopkeeper.recommendations.session_space import blend_params, session_params
from shopkeeper.training.ports import Parameters, SearchRange


class Ranks(Protocol):
    """What is asked of a model here."""

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]: ...

    def tie_break(self, stores: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]: ...


class Habit:
    """Personal frequency: how often the shopper bought or met each product, the latest first among equals."""

    def __init__(self, popular: Popular) -> None:
        self._popular = popular
        self.parameters: dict[str, Any] = {}

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        """Return counts, and a small part for how lately."""
        scores = np.zeros((len(batch), len(self._popular.index)), dtype=np.float32)
        late = 1.0 / (1.0 + (np.repeat(batch.moments, np.diff(batch.starts)) - batch.times) / 86_400.0)
        rows = batch.rows()
        np.add.at(scores, (rows, batch.items), 1.0)
        np.maximum.at(newest := np.zeros_like(scores), (rows, batch.items), late.astype(np.float32))
        scores += 0.5 * newest
        return scores

    def tie_break(self, stores: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Return popularity."""
        return self._popular.tie_break(stores)


class Window:
    """Popularity of the last 30 days alone."""

    def __init__(self, data: Interactions) -> None:
        self.parameters: dict[str, Any] = {"days": 30}
        late = data.times >= int(data.times[-1]) - 30 * DAY
        self._table = np.zeros((len(data.store_names), len(data.index)), dtype=np.float32)
        np.add.at(self._table, (data.stores[late], data.items[late]), 1.0)

    def score_batch(self, batch: HistoryBatch) -> npt.NDArray[np.float32]:
        """Return the counts of the store."""
        return self.tie_break(batch.stores)

    def tie_break(self, stores: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
        """Return the counts of the store."""
        rows: npt.NDArray[np.float32] = np.where(stores[:, None] >= 0, self._table[stores], np.float32(0.0))
        return rows


PLAIN = {"content": False, "demographics": False}


def _hybrid(past: Interactions, parameters: Parameters, seed: int) -> Ranks:
    return Hybrid.fit(past, hybrid_params(parameters), seed)


def _session(past: Interactions, parameters: Parameters, seed: int, device: str) -> Ranks:
    params, popular = session_params(parameters)
    return fit_session(past, params, seed, popular, Share(device=device))


def _blend(past: Interactions, parameters: Parameters, seed: int, device: str) -> Ranks:
    params, popular = blend_params(parameters)
    return fit_blend(past, params, seed, popular, Share(device=device))


MODELS: Mapping[str, Callable[[Interactions, Parameters, int, str], Ranks]] = {
    "popular": lambda past, parameters, seed, _: Popular.fit(past, popular_params(parameters), seed),
    "popular-30d": lambda past, _, __, ___: Window(past),
    "item-knn": lambda past, parameters, seed, _: ItemKnn.fit(past, item_knn_params(parameters)[0], seed),
    "session-knn": lambda past, parameters, seed, _: SessionKnn.fit(past, session_knn_params(parameters)[0], seed),
    "ease": lambda past, parameters, seed, _: Ease.fit(past, ease_params(parameters)[0], seed),
    "als": lambda past, parameters, seed, _: Als.fit(past, als_params(parameters)[0], seed),
    "habit": lambda past, _, seed, __: Habit(Popular.fit(past, popular_params({}), seed)),
    "hybrid": lambda past, parameters, seed, _: _hybrid(past, parameters, seed),
    "hybrid-plain": lambda past, parameters, seed, _: _hybrid(past, {**parameters, **PLAIN}, seed),
    "session": _session,
    "blend": _blend,
}
"""What fits each from the past, parameters and a seed, its encoder on a device."""
CHANCE = ("als", "hybrid", "hybrid-plain", "session", "blend")
"""Models that draw by chance, so that seeds are averaged."""
SIMPLE = ("popular", "popular-30d", "item-knn", "als", "habit")

ASKED_AT_CUTS: Parameters = {"visits": False, "days": float(DAYS), "step": 10.0, "cuts": 4}
"""The questions are asked at a cut about four weeks, so the lists to learn from are too."""

_OF_HYBRID = ("trees", "leaves", "rate", "fewest")
SPACES: Mapping[str, tuple[Mapping[str, SearchRange], Parameters]] = {
    "popular": (POPULAR_SPACE, POPULAR_DEFAULTS),
    "item-knn": (ITEM_KNN_SPACE, ITEM_KNN_DEFAULTS),
    "als": ({name: ALS_SPACE[name] for name in ("regularization", "confidence", "age_decay")}, ALS_DEFAULTS),
    "hybrid": ({name: HYBRID_SPACE[name] for name in _OF_HYBRID}, HYBRID_DEFAULTS),
    "hybrid-plain": ({name: HYBRID_SPACE[name] for name in _OF_HYBRID}, HYBRID_DEFAULTS),
}
"""Where `--trials` looks, and from where."""


def base(name: str, repeats: bool) -> Parameters:
    """Return what a protocol lays down for a model."""
    asked = {**ASKED_AT_CUTS, "repeats": repeats}
    if name == Blend.name:
        return {f"hybrid.{parameter}": value for parameter, value in asked.items()}
    return asked if name.startswith(Hybrid.name) else {}
