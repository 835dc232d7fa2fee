"""How much more a product is wanted at one time than at all others: popularity by part of the day and weekend.

The lift of a product is what was counted of it at such times against what the visits of the same stores and weeks
foretell, `(n + k) / (E + k)`: the mean of a gamma-Poisson whose prior has mean 1 and variance 1 / k. Tried against the
store's popularity alone, see `cold_context.py`; nothing that serves reads it.

Source:
    Clayton and Kaldor (1987), Empirical Bayes estimates of age-standardized relative risks; k by moments.
"""

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


def parts_of_day(times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return in which four hours of the day each moment lies, by the clock of the data; shape (n,)."""
    return times // (4 * HOUR) % 6


def weekends(times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return 1 for moments on Saturdays and Sundays, else 0; shape (n,)."""
    return ((times // DAY + _THURSDAY) % 7 >= 5).astype(np.int64)


def lifts_of(data: Interactions, values: npt.NDArray[np.int64], kinds: int) -> npt.NDArray[np.float64]:
    """Return the lift of each item for each value; all ones where nothing differs by more than chance.

    Args:
        values: From 0 to `kinds - 1` for each interaction; shape (n,).

    Returns:
        Shape (kinds, items).
    """
    size, weeks = len(data.index), data.times // (7 * DAY)
    _, strata = np.unique(np.column_stack([data.stores, weeks]), axis=0, return_inverse=True)
    shares = np.bincount(strata * kinds + values, minlength=(int(strata.max()) + 1) * kinds).reshape(-1, kinds)
    shares = shares / shares.sum(axis=1, keepdims=True)
    counts = np.bincount(values * size + data.items, minlength=kinds * size).reshape(kinds, size)
    rows = [shares[strata, kind] for kind in range(kinds)]
    expected = np.stack([np.bincount(data.items, weights=one, minlength=size) for one in rows])
    chance = np.stack([np.bincount(data.items, weights=one * (1.0 - one), minlength=size) for one in rows])
    more = float((np.square(counts - expected) - chance).sum())
    if more <= 0:
        return np.ones((kinds, size))
    k = float(np.square(expected).sum()) / more
    lifts: npt.NDArray[np.float64] = (counts + k) / (expected + k)
    return lifts


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
