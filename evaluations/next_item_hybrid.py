"""The hybrid on public data that has an order and no times, with what facts there are.

Its ranker learns from lists of moments before the end of the data, and there are none. So the entries of a shopper lie
a day apart, counted back from the last: a day before the end everybody takes their last one, which is what the test
asks of the next. What comes out knows neither trends nor how lately a product was in favour.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from evaluations.protocols import Case

from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import SECOND, Interactions
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.hybrid.space import hybrid_params
from shopkeeper.recommendations.models.trends import DAY
from shopkeeper.training.ports import Parameters

ASKED_LAST: Parameters = {"visits": False, "days": 1.0, "step": 1.0, "cuts": 2}
"""Lists of the last entry of each shopper, and of the one before."""


def fit_hybrid(case: Case, knn: Parameters, parameters: Parameters, seed: int) -> Hybrid:
    """Fit the hybrid on the training part; what shoppers met competes where it does in the questions.

    Args:
        knn: Parameters of its item-knn.
        parameters: Its own.
    """
    own = {**{f"knn.{name}": value for name, value in knn.items()}, "repeats": not case.questions.mask, **parameters}
    params = replace(hybrid_params({**ASKED_LAST, **own}), popular=case.popular)
    return Hybrid.fit(counted_back(case.train), params, seed)


def counted_back(data: Interactions) -> Interactions:
    """Return the same interactions a day apart, the last of each shopper at the same moment, and sorted by it."""
    order = np.lexsort((np.arange(len(data)), data.shoppers))
    counts = np.bincount(data.shoppers)
    ends = np.cumsum(counts)[data.shoppers[order]]
    back = np.empty(len(data), dtype=np.int64)
    back[order] = ends - 1 - np.arange(len(data))
    moved = replace(data, times=(int(counts.max()) - back) * DAY)
    return sorted_by_time(moved)


def sorted_by_time(data: Interactions) -> Interactions:
    """Return interactions with times that never fall, those of one time by shopper."""
    order = np.lexsort((data.shoppers, data.times))
    columns = {
        name: getattr(data, name)[order] for name in ("shoppers", "items", "stores", "kinds", "times", "devices")
    }
    return replace(data, **columns)


def told_back(history: HistoryBatch, case: Case) -> HistoryBatch:
    """Return the same histories a day apart, asked a day after the last entry, when the training part has ended."""
    end = (int(np.bincount(case.train.shoppers).max()) + 1) * DAY // SECOND
    back: npt.NDArray[np.int64] = np.repeat(history.starts[1:], np.diff(history.starts)) - np.arange(len(history.items))
    return replace(history, times=end - back * (DAY // SECOND), moments=np.full(len(history), end))
