"""Sums, peaks and keys of stretches of numbers that lie end to end, for all stretches at once."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

_BITS: Final = 32


def sums(values: npt.NDArray[np.generic], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return what each stretch adds up to, 0 where it is empty; shape (n,).

    Args:
        values: Shape (m,).
        starts: Where each stretch begins, and one more at the end; shape (n + 1,).
    """
    if len(starts) == 2:
        return np.array([np.add.reduce(values, dtype=np.float64)])
    found = np.zeros(len(starts) - 1)
    filled = (starts[1:] > starts[:-1]).nonzero()[0]
    if len(filled):
        found[filled] = np.add.reduceat(values, starts[filled], dtype=np.float64)
    return found


def peaks(values: npt.NDArray[np.floating], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the highest value of each stretch, -inf where it is empty; arguments as in `sums`; shape (n,)."""
    if len(starts) == 2:
        return np.array([np.maximum.reduce(values, initial=-np.inf)], dtype=np.float64)
    found = np.full(len(starts) - 1, -np.inf)
    filled = (starts[1:] > starts[:-1]).nonzero()[0]
    if len(filled):
        found[filled] = np.maximum.reduceat(values, starts[filled])
    return found


def bars(values: npt.NDArray[np.floating], starts: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.float64]:
    """Return the `most`-th highest value of each stretch, -inf where it has no more than that; as in `sums`."""
    found = np.full(len(starts) - 1, -np.inf)
    bounds = starts.tolist()
    for row, (start, end) in enumerate(pairwise(bounds)):
        if end - start > most:
            stretch = values[start:end].copy()
            stretch.partition(end - start - most)
            found[row] = stretch[end - start - most]
    return found


def starts_of(lengths: npt.NDArray[np.integer | np.bool_]) -> npt.NDArray[np.int64]:
    """Return where stretches of some lengths begin, and one more at the end; shape (n + 1,)."""
    starts = np.zeros(len(lengths) + 1, dtype=np.int64)
    lengths.cumsum(out=starts[1:])
    return starts


def keys_of(owners: npt.NDArray[np.int64], items: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return one number for each (stretch, item), in their order; items are below 2 ** 32."""
    keys: npt.NDArray[np.int64] = (owners << _BITS) + items
    return keys


def items_of(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the item of each key."""
    items: npt.NDArray[np.int64] = keys & ((1 << _BITS) - 1)
    return items


def owners_of(starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return which stretch each entry is of; shape (m,)."""
    if len(starts) == 2:
        return np.zeros(starts[1], dtype=np.int64)
    return np.arange(len(starts) - 1).repeat(starts[1:] - starts[:-1])


def starts_in(keys: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """Return where each of `count` stretches begins among rising keys, and one more at the end; shape (count + 1,)."""
    if count == 1:
        return np.array([0, len(keys)])
    return keys.searchsorted(np.arange(count + 1) << _BITS)
