"""What a shopper buys again and again: each product once, with how often and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.interactions import PURCHASE

BOUGHT_ENTRIES = 200
"""Newest bought products known of each shopper."""

HALF_LIVES = (30.0, 90.0)
"""Days after which a purchase counts half in each of the faded counts."""

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Purchases:
    """Products one shopper bought, by item code.

    Attributes:
        items: Item codes, rising; shape (b,).
        counts: How often each was bought; shape (b,).
        first, last: When it first and last was, seconds since 1970 UTC; shape (b,).
        faded: How often, at the last time, a purchase counting half after each of `HALF_LIVES`;
            shape (b, len(HALF_LIVES)).
    """

    items: Integers
    counts: Integers
    first: Integers
    last: Integers
    faded: Floats

    def __len__(self) -> int:
        return len(self.items)


_NONE = np.empty(0, dtype=np.int64)
NO_PURCHASES = Purchases(_NONE, _NONE, _NONE, _NONE, np.empty((0, len(HALF_LIVES)), dtype=np.float32))


def fading(seconds: Integers) -> npt.NDArray[np.float64]:
    """Return what a purchase counts so long after it, by each of `HALF_LIVES`; shape (n, len(HALF_LIVES))."""
    counted: npt.NDArray[np.float64] = np.exp2(-seconds[:, None] / (86_400.0 * np.array(HALF_LIVES)))
    return counted


def purchases_of(items: npt.NDArray[np.integer], kinds: npt.NDArray[np.int8], times: Integers) -> Purchases:
    """Return the purchases in a whole history, oldest first; of more than `BOUGHT_ENTRIES` products the newest."""
    bought = kinds == PURCHASE
    if not bought.any():
        return NO_PURCHASES
    codes, seconds = items[bought].astype(np.int64), times[bought]
    order = np.argsort(codes, kind="stable")
    codes, seconds = codes[order], seconds[order]
    heads = np.flatnonzero(np.diff(codes, prepend=-1))
    counts = np.diff(np.append(heads, len(codes)))
    first, last = seconds[heads], seconds[heads + counts - 1]
    faded = np.add.reduceat(fading(np.repeat(last, counts) - seconds), heads).astype(np.float32)
    return newest_purchases(codes[heads], counts.astype(np.int64), first, last, faded)


def newest_purchases(items: Integers, counts: Integers, first: Integers, last: Integers, faded: Floats) -> Purchases:
    """Return the purchases of products in rising order; of more than `BOUGHT_ENTRIES` those bought last."""
    if len(items) <= BOUGHT_ENTRIES:
        return Purchases(items, counts, first, last, faded)
    newest = np.sort(np.lexsort((items, last))[-BOUGHT_ENTRIES:])
    return Purchases(items[newest], counts[newest], first[newest], last[newest], faded[newest])
