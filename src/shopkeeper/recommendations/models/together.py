"""What is bought together: pairs of one basket, by how much more often than chance, from enough different buyers."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.interactions import PURCHASE, SECOND, Interactions
from shopkeeper.recommendations.model import Arrays
from shopkeeper.recommendations.models.neighbours import Neighbours

FEWEST_BUYERS: Final = 5
"""Pairs of fewer different buyers are kept nowhere unless a shop says otherwise: they could lead to a person."""
_BASKET_SECONDS: Final = 3_600
"""Purchases of one shopper in one store with less between them are one basket."""
_LARGEST_BASKET: Final = 50
"""Of a larger basket a product is paired with so many others at most: it is a reseller's, and pairs grow squared."""
_DOUBT: Final = 5.0
_KEPT: Final = 50
"""Strongest partners kept for each product."""


def bought_together(data: Interactions, fewest: int = FEWEST_BUYERS) -> Neighbours:
    """Return for each item what is bought with it, with a score of

        lift * buyers / (buyers + 5)
        lift = baskets of both * baskets of the customer group / (baskets of one * baskets of the other)

    where both are in one basket of at least `fewest` different buyers and lift is above 1; the second factor keeps rare
    pairs, whose lift is large by chance, from the top.

    Source:
        Brin, Motwani, Ullman and Tsur (1997), Dynamic Itemset Counting, for lift (there: interest).
    """
    size = len(data.index)
    rows = np.flatnonzero((data.kinds == PURCHASE) & (data.shoppers >= 0))
    rows = rows[np.lexsort((data.times[rows], data.stores[rows], data.shoppers[rows]))]
    owners, items = data.shoppers[rows], data.items[rows].astype(np.int64)
    baskets = _baskets(owners, data.stores[rows], data.times[rows])
    lines = np.unique(baskets * size + items) if len(rows) else np.empty(0, dtype=np.int64)
    basket, item = lines // max(size, 1), lines % max(size, 1)
    owner_of = np.zeros(int(baskets.max(initial=-1)) + 1, dtype=np.int64)
    owner_of[baskets] = owners
    had = np.bincount(item, minlength=size).astype(np.float64)
    first, second, where = _pairs(basket, item)
    pairs, rows_of = np.unique(first * size + second, return_inverse=True)
    both = np.bincount(rows_of, minlength=len(pairs)).astype(np.float64)
    by_buyer = np.unique(np.stack([rows_of, owner_of[where]]), axis=1)[0] if len(pairs) else rows_of
    buyers = np.bincount(by_buyer, minlength=len(pairs)).astype(np.float64)
    one, other = pairs // max(size, 1), pairs % max(size, 1)
    groups = data.index.group_of()
    all_baskets = np.bincount(groups[item[np.unique(basket, return_index=True)[1]]], minlength=len(data.index.groups))
    lift = both * all_baskets[groups[one]] / np.maximum(had[one] * had[other], 1.0)
    good = (buyers >= fewest) & (lift > 1.0)
    scores = (lift * buyers / (buyers + _DOUBT))[good]
    return _table(one[good], other[good], scores, size)


def go_together(table: Neighbours, one: int, other: int) -> bool:
    """Say whether enough different buyers had both items in one basket, more often than by chance."""
    start, end = int(table.starts[one]), int(table.starts[one + 1])
    return other in table.items[start:end].tolist()


def partners(table: Neighbours, items: npt.NDArray[np.int64]) -> dict[int, float]:
    """Return what goes with some items together, each with the sum of its scores; the items themselves not."""
    found: dict[int, float] = {}
    given = set(items.tolist())
    for item in items.tolist():
        start, end = int(table.starts[item]), int(table.starts[item + 1])
        for other, score in zip(table.items[start:end].tolist(), table.scores[start:end].tolist(), strict=True):
            if other not in given:
                found[other] = found.get(other, 0.0) + score
    return found


def read_together(arrays: Arrays, size: int) -> Neighbours:
    """Return the table of a bundle; an empty one where the bundle was made before there was one."""
    if "together.starts" not in arrays:
        none = np.empty(0, dtype=np.int32)
        return Neighbours(np.zeros(size + 1, dtype=np.int64), none, none.astype(np.float32))
    return Neighbours.from_arrays("together", arrays)


def _baskets(
    owners: npt.NDArray[np.int32], stores: npt.NDArray[np.int32], times: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    new = np.zeros(len(owners), dtype=np.int64)
    apart = np.diff(times) > _BASKET_SECONDS * SECOND
    new[1:] = (owners[1:] != owners[:-1]) | (stores[1:] != stores[:-1]) | apart
    return np.cumsum(new)


def _pairs(
    basket: npt.NDArray[np.int64], item: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return every pair of one basket once, the lower item first, and its basket; lines lie basket by basket."""
    ones, others, where = [], [], []
    for gap in range(1, _LARGEST_BASKET):
        same = np.flatnonzero(basket[gap:] == basket[:-gap])
        if not len(same):
            break
        ones.append(item[same])
        others.append(item[same + gap])
        where.append(basket[same])
    none = [np.empty(0, dtype=np.int64)]
    return np.concatenate(none + ones), np.concatenate(none + others), np.concatenate(none + where)


def _table(
    one: npt.NDArray[np.int64], other: npt.NDArray[np.int64], scores: npt.NDArray[np.float64], size: int
) -> Neighbours:
    """Return both directions of pairs, the strongest of each item alone."""
    rows, columns = np.concatenate([one, other]), np.concatenate([other, one])
    both = np.concatenate([scores, scores])
    order = np.lexsort((columns, -both, rows))
    rows, columns, both = rows[order], columns[order], both[order]
    begins = np.searchsorted(rows, np.arange(size + 1))
    keep = np.arange(len(rows)) - begins[rows] < _KEPT
    rows, columns, both = rows[keep], columns[keep], both[keep]
    order = np.lexsort((columns, rows))
    rows, columns, both = rows[order], columns[order], both[order]
    starts = np.searchsorted(rows, np.arange(size + 1)).astype(np.int64)
    return Neighbours(starts, columns.astype(np.int32), both.astype(np.float32))
