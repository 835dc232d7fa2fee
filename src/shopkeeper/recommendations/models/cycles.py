"""After how long a product is bought again, so that it can be offered when it runs out."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.interactions import PURCHASE, SECOND, Interactions
from shopkeeper.recommendations.categories import normal
from shopkeeper.recommendations.model import Arrays

_DAY: Final = 86_400 * SECOND
_DOUBT: Final = 5.0
"""So many repurchases of a category count as much as what is known of the product itself."""
FEWEST: Final = 5
"""Repurchases by which a product or its category must be known to have a cycle at all."""


def repurchase_days(data: Interactions) -> npt.NDArray[np.float32]:
    """Return after how many days each item is bought again, typically; 0 = it is not known to be. Shape (items,).

    The median gap between a shopper's purchases of it, on different days, drawn towards that of its main category on a
    log scale: `exp((n log own + 5 log category) / (n + 5))`, with n gaps of the item. Fewer than five gaps in the
    category, and an item has no cycle.
    """
    size = len(data.index)
    rows = np.flatnonzero((data.kinds == PURCHASE) & (data.shoppers >= 0))
    rows = rows[np.lexsort((data.times[rows], data.items[rows], data.shoppers[rows]))]
    same = (np.diff(data.items[rows]) == 0) & (np.diff(data.shoppers[rows]) == 0)
    days = np.diff(data.times[rows]) / _DAY
    again = same & (days >= 1.0)
    items, gaps = data.items[rows][1:][again].astype(np.int64), np.log(days[again])
    own, counts = _medians(items, gaps, size)
    names: dict[str, int] = {}
    group = np.array([names.setdefault(normal(p[0]) if p else "", len(names)) for p in data.categories], dtype=np.int64)
    wide, wide_counts = _medians(group[items], gaps, len(names))
    usual = wide[group] if size else own
    found = np.exp((counts * own + _DOUBT * usual) / (counts + _DOUBT))
    known = wide_counts[group] >= FEWEST if size else np.empty(0, dtype=np.bool_)
    return np.where(known, found, 0.0).astype(np.float32)


def read_cycles(arrays: Arrays, size: int) -> npt.NDArray[np.float32]:
    """Return the cycles of a bundle; none where the bundle was made before there were any."""
    held = arrays.get("cycles.days")
    return np.zeros(size, dtype=np.float32) if held is None else np.asarray(held, dtype=np.float32)


def due(days_since: float, cycle_days: float) -> float:
    """Return how much a product is due: 1 at the end of its cycle, half at twice or half of it; 0 without a cycle."""
    if cycle_days <= 0 or days_since <= 0:
        return 0.0
    return math.exp2(-abs(math.log2(days_since / cycle_days)))


def _medians(
    keys: npt.NDArray[np.int64], values: npt.NDArray[np.float64], size: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the median of the values of each key, 0 without any, and how many there are."""
    order = np.lexsort((values, keys))
    sorted_values = values[order]
    counts = np.bincount(keys, minlength=size)
    ends = np.cumsum(counts)
    has = counts > 0
    low, high = (ends - counts + (counts - 1) // 2)[has], (ends - counts + counts // 2)[has]
    medians = np.zeros(size)
    medians[has] = (sorted_values[low] + sorted_values[high]) / 2.0
    return medians, counts.astype(np.float64)
