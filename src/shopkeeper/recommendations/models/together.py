"""What is bought together: pairs of one basket, by how much more often than chance, from enough different buyers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Together(Neighbours):
    """What is bought with each item, by a score that lift and buyers make.

    Attributes:
        lifts: How much more often a pair is in one basket than if chance put it there; shape (m,), (0,) = not kept.
        supports: Share of the baskets of the customer group that hold both; shape (m,) or (0,).
        buyers: Different buyers of both in one basket; shape (m,) or (0,).
    """

    lifts: npt.NDArray[np.float32]
    supports: npt.NDArray[np.float32]
    buyers: npt.NDArray[np.int32]

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """Return the table as arrays under `name`."""
        own = {f"{name}.lifts": self.lifts, f"{name}.supports": self.supports, f"{name}.buyers": self.buyers}
        return {**Neighbours.arrays(self, name), **own}

    def place(self, one: int, other: int) -> int | None:
        """Return where a pair stands in the table; None where it does not."""
        start, end = int(self.starts[one]), int(self.starts[one + 1])
        place = start + int(self.items[start:end].searchsorted(other))
        return place if place < end and self.items[place] == other else None


def bought_together(data: Interactions, fewest: int = FEWEST_BUYERS) -> Together:
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
    support = both / np.maximum(all_baskets[groups[one]], 1)
    figures = np.stack([lift * buyers / (buyers + _DOUBT), lift, support, buyers], axis=1)
    return _table(one[good], other[good], figures[good], size)


def go_together(table: Together, one: int, other: int) -> bool:
    """Say whether enough different buyers had both items in one basket, more often than by chance."""
    return table.place(one, other) is not None


def partners(table: Together, items: npt.NDArray[np.int64]) -> dict[int, float]:
    """Return what goes with some items together, each with the sum of its scores; the items themselves not."""
    found: dict[int, float] = {}
    given = set(items.tolist())
    for item in items.tolist():
        start, end = int(table.starts[item]), int(table.starts[item + 1])
        for other, score in zip(table.items[start:end].tolist(), table.scores[start:end].tolist(), strict=True):
            if other not in given:
                found[other] = found.get(other, 0.0) + score
    return found


def strongest(table: Together, items: Iterable[int], other: int) -> tuple[int, int]:
    """Return which of some items, at least one of which goes with another, does so best, and where the pair stands."""
    pairs = ((item, table.place(item, other)) for item in items)
    known = [(item, place) for item, place in pairs if place is not None]
    return max(known, key=lambda pair: float(table.scores[pair[1]]))


def read_together(arrays: Arrays, size: int) -> Together:
    """Return the table of a bundle; an empty one where the bundle was made before there was one."""
    none, few = np.empty(0, dtype=np.float32), np.empty(0, dtype=np.int32)
    if "together.starts" not in arrays:
        return Together(np.zeros(size + 1, dtype=np.int64), few, none, none, none, few)
    pairs = Neighbours.from_arrays("together", arrays)
    return Together(
        pairs.starts, pairs.items, pairs.scores,
        np.asarray(arrays.get("together.lifts", none), np.float32),
        np.asarray(arrays.get("together.supports", none), np.float32),
        np.asarray(arrays.get("together.buyers", few), np.int32),
    )  # fmt: skip


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
    one: npt.NDArray[np.int64], other: npt.NDArray[np.int64], figures: npt.NDArray[np.float64], size: int
) -> Together:
    """Return both directions of pairs, the strongest of each item alone.

    Args:
        figures: Score, lift, support and buyers of each pair; shape (pairs, 4).
    """
    rows, columns = np.concatenate([one, other]), np.concatenate([other, one])
    both = np.concatenate([figures, figures])
    order = np.lexsort((columns, -both[:, 0], rows))
    begins = np.searchsorted(rows[order], np.arange(size + 1))
    order = order[np.arange(len(order)) - begins[rows[order]] < _KEPT]
    order = order[np.lexsort((columns[order], rows[order]))]
    starts = np.searchsorted(rows[order], np.arange(size + 1)).astype(np.int64)
    scores, lifts, supports, buyers = both[order].T
    return Together(
        starts, columns[order].astype(np.int32), scores.astype(np.float32), lifts.astype(np.float32),
        supports.astype(np.float32), buyers.astype(np.int32),
    )  # fmt: skip
