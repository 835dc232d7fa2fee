"""Gives a session model lists of items that lie together, where its catalogue is large and the lists find enough."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import SECOND, Interactions
from shopkeeper.recommendations.session.model import Session
from shopkeeper.recommendations.session.nearest import FEWEST_ITEMS, NearestItems, nearest_items

_MEASURED = 200
"""Shoppers of each customer group whose states the recall is measured on: those who were there last."""


def with_nearest(model: Session, data: Interactions, seed: int, fewest: int = FEWEST_ITEMS) -> Session:
    """Return the model with lists for each customer group where they find 95% of what looking at all would."""
    found: list[NearestItems | None] = []
    for start, end in data.index.spans():
        known = start + np.flatnonzero(model.weights.known[start:end])
        lists = None
        if len(known) >= fewest:
            states = model.states_of(_newest(data, start, end, model.params.history))
            lists = nearest_items(known, model.weights.vectors[known], states, seed, fewest)
        found.append(lists)
    if not any(found):
        return model
    return Session(replace(model.weights, nearest=tuple(found)), model.popular, model.params)


def _newest(data: Interactions, start: int, end: int, history: int) -> HistoryBatch:
    """Return the histories of the shoppers of one group who were there last."""
    seen = data.sequences
    alive = np.flatnonzero(np.diff(seen.starts) > 0)
    first = seen.items[seen.starts[alive]]
    alive = alive[(first >= start) & (first < end)]
    last = seen.times[seen.starts[alive + 1] - 1]
    chosen = alive[np.argsort(-last, kind="stable")[:_MEASURED]]
    nowhere, times = np.zeros(len(seen.starts) - 1, dtype=np.int32), seen.times // SECOND
    everybody = HistoryBatch(seen.starts, seen.items, seen.kinds, times, nowhere, nowhere.astype(np.int64))
    return everybody.take(chosen).newest(history)
