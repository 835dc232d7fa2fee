"""Which facts of a visit change what strangers are shown: those that pay on strangers of later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import SECOND, Interactions
from shopkeeper.recommendations.behaviour.visit_facts import FACTS
from shopkeeper.recommendations.behaviour.visits import Visits, visits_of
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.recommendations.models.visit_lifts import NO_LIFTS, VisitLifts, lifts_of
from shopkeeper.training.comparison import intervals

Values = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

LED: Final = 500
"""Products that a fact may bring into another order: those a store's strangers would be shown first."""
_PLACES: Final = 10
_DISCOUNTS: Final[Values] = 1.0 / np.log2(np.arange(2, _PLACES + 2))
_HELD_OUT: Final = 0.15
"""Share of the interactions, the newest, that is asked."""
_FEWEST: Final = 200
"""Strangers there must be to judge by; with fewer nothing is changed."""
_MOST: Final = 20_000
"""Strangers asked at most, drawn by chance."""
_LEARNT: Final = 5_000_000
"""Interactions lifts are learnt from at most, the newest."""
_RESAMPLES: Final = 1_000


def fit_visit_lifts(model: RecommendationModel, data: Interactions, seed: int) -> VisitLifts:
    """Return the lifts of the facts that pay, learnt from all visits; none where no fact does.

    Lifts are learnt from visits before a cut and tried on the first visits of shoppers who came after it: the model's
    list for a stranger, by its scores alone, against the same in the order of score times lift, NDCG@10 of what was
    taken in the visit. The fact that gains most is taken where the 95% interval of its gain lies above 0, then the next
    beside it. The model may have learnt from the very visits it is asked about, the lifts have not: gains are judged
    low rather than high.
    """
    visits = visits_of(data.take(np.arange(len(data)) >= len(data) - _LEARNT))
    if not visits.facts:
        return NO_LIFTS
    cut = int(data.times[int((1.0 - _HELD_OUT) * len(data))])
    asked = visits.strangers(cut)
    if len(asked) < _FEWEST:
        return NO_LIFTS
    if len(asked) > _MOST:
        asked = np.sort(np.random.default_rng(seed).choice(asked, _MOST, replace=False))
    tried = {fact: _lifts(visits, fact, cut) for fact in visits.facts}
    chosen = _paying(tried, _question(model, visits, asked), seed)
    return VisitLifts({fact: _lifts(visits, fact).astype(np.float16) for fact in FACTS if fact in chosen})


def _paying(tried: Mapping[str, Values], answered: Callable[[Mapping[str, Values]], Values], seed: int) -> list[str]:
    """Return the facts that pay, the one that gains most first."""
    chosen: list[str] = []
    best = answered({})
    while rest := [fact for fact in tried if fact not in chosen]:
        found = [answered({one: tried[one] for one in (*chosen, fact)}) for fact in rest]
        gains = np.column_stack(found) - best[:, None]
        place = int(gains.mean(axis=0).argmax())
        low, _ = intervals(gains[:, [place]], _RESAMPLES, seed)
        if low[0] <= 0:
            break
        chosen.append(rest[place])
        best = found[place]
    return chosen


def _lifts(visits: Visits, fact: str, until: int | None = None) -> Values:
    """Return what `lifts_of` learns of a fact from what was done in visits, before a moment in microseconds."""
    data = visits.data
    values = np.full(len(data), -1, dtype=np.int64)
    values[visits.rows] = np.repeat(visits.facts[fact], np.diff(visits.starts))
    keep = values >= 0 if until is None else (values >= 0) & (data.times < until)
    return lifts_of(data.take(keep), values[keep], FACTS[fact])


def _question(model: RecommendationModel, visits: Visits, asked: Codes) -> Callable[[Mapping[str, Values]], Values]:
    """Return what gives the NDCG@10 of each visit asked about, by the lifts of some facts; shape (asked,)."""
    data, starts = visits.data, visits.starts
    stores = data.stores[visits.firsts[asked]]
    moment = int(data.times.max()) // SECOND
    led = {store: _led(model, store, moment) for store in np.unique(stores).tolist()}
    taken = [np.unique(data.items[visits.rows[starts[one] : starts[one + 1]]]) for one in asked.tolist()]

    def answered(lifts: Mapping[str, Values]) -> Values:
        values = np.stack([stores.astype(np.int64), *(visits.facts[fact][asked] for fact in lifts)])
        contexts, places = np.unique(values, axis=1, return_inverse=True)
        figures = np.zeros(len(asked))
        for place, (store, *told) in enumerate(contexts.T.tolist()):
            items, scores = led[store]
            for table, value in zip(lifts.values(), told, strict=True):
                scores = scores * table[value, items]
            first = items[np.argsort(-scores, kind="stable")[:_PLACES]]
            for one in np.flatnonzero(places.ravel() == place).tolist():
                hits = np.isin(first, taken[one])
                best = _DISCOUNTS[: min(len(taken[one]), _PLACES)].sum()
                figures[one] = _DISCOUNTS[: len(hits)][hits].sum() / best
        return figures

    return answered


def _led(model: RecommendationModel, store: int, moment: int) -> tuple[Codes, Values]:
    """Return what a stranger in a store is shown first and its scores; where the model says nothing, by popularity."""
    none = np.empty(0, dtype=np.int64)
    nobody = HistoryBatch(
        np.zeros(2, dtype=np.int64), none.astype(np.int32), none.astype(np.int8), none,
        np.array([store], dtype=np.int32), np.array([moment]),
    )  # fmt: skip
    scores = model.score_batch(nobody)[0].astype(np.float64)
    if not scores.any():
        scores = model.tie_break(nobody.stores)[0].astype(np.float64)
    items = np.argsort(-scores, kind="stable")[:LED]
    items = items[scores[items] > 0]
    return items, scores[items]
