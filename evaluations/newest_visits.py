"""Visits to be asked about as if nothing were known of the shopper, and which of them are on a weekend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.interactions import SECOND, Interactions

MOST_VISITS = 12_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
_THURSDAY = 3  # of 1970-01-01


def weekends(times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return 1 for moments on Saturdays and Sundays, else 0; shape (n,)."""
    return ((times // DAY + _THURSDAY) % 7 >= 5).astype(np.int64)


@dataclass(frozen=True)
class Visits:
    """What shoppers took on one day in one store each.

    Attributes:
        shoppers: Shopper code; shape (n,).
        stores: Store code; shape (n,).
        times: When each began, microseconds; shape (n,).
        taken: Item codes, each once.
    """

    shoppers: npt.NDArray[np.int32]
    stores: npt.NDArray[np.int32]
    times: npt.NDArray[np.int64]
    taken: Sequence[npt.NDArray[Any]]


def newest_visits(data: Interactions, cut: int, seed: int) -> Visits:
    """Return the visits from `cut` on, microseconds; of very many `MOST_VISITS` drawn by chance."""
    rows = np.flatnonzero((data.times >= cut) & (data.shoppers >= 0))
    order = rows[np.lexsort((rows, data.stores[rows], data.times[rows] // DAY, data.shoppers[rows]))]
    columns = np.column_stack([data.shoppers[order], data.times[order] // DAY, data.stores[order]])
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (columns[1:] != columns[:-1]).any(axis=1)
    begins = np.flatnonzero(new)
    ends = np.append(begins[1:], len(order))
    chosen = np.arange(len(begins))
    if len(chosen) > MOST_VISITS:
        chosen = np.sort(np.random.default_rng(seed).choice(chosen, MOST_VISITS, replace=False))
    firsts = order[begins[chosen]]
    taken = [np.unique(data.items[order[begins[one] : ends[one]]]) for one in chosen.tolist()]
    return Visits(data.shoppers[firsts], data.stores[firsts], data.times[firsts], taken)
