"""What a shopper buys again and again: each product once, with how often and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.interactions import PURCHASE

BOUGHT_ENTRIES = 200
"""Newest bought products known of each shopper."""

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Purchases:
    """Products one shopper bought, by item code.

    Attributes:
        items: Item codes, rising; shape (b,).
        counts: How often each was bought; shape (b,).
        first, last: When it first and last was, seconds since 1970 UTC; shape (b,).
    """

    items: Integers
    counts: Integers
    first: Integers
    last: Integers

    def __len__(self) -> int:
        return len(self.items)


_NONE = np.empty(0, dtype=np.int64)
NO_PURCHASES = Purchases(_NONE, _NONE, _NONE, _NONE)


def purchases_of(items: npt.NDArray[np.integer], kinds: npt.NDArray[np.int8], times: Integers) -> Purchases:
    """Return the purchases in a whole history, oldest first; of more than `BOUGHT_ENTRIES` products the newest."""
    bought = kinds == PURCHASE
    if not bought.any():
        return NO_PURCHASES
    codes, seconds = items[bought].astype(np.int64), times[bought]
    found, first, counts = np.unique(codes, return_index=True, return_counts=True)
    backwards = np.unique(codes[::-1], return_index=True)[1]
    last = seconds[len(codes) - 1 - backwards]
    return newest_purchases(found, counts.astype(np.int64), seconds[first], last)


def newest_purchases(items: Integers, counts: Integers, first: Integers, last: Integers) -> Purchases:
    """Return the purchases of products in rising order; of more than `BOUGHT_ENTRIES` those bought last."""
    if len(items) <= BOUGHT_ENTRIES:
        return Purchases(items, counts, first, last)
    newest = np.sort(np.lexsort((items, last))[-BOUGHT_ENTRIES:])
    return Purchases(items[newest], counts[newest], first[newest], last[newest])
