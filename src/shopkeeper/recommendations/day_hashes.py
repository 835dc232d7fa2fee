"""What each store's day was worth as a hash, so that data that differ can be named by store and day.

A row counts by what it says (shopper, product, kind, moment), not by its code or place, so the hash of a day does not
change when other days, shoppers or products come in, or files are merged.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.interactions import NOBODY, Interactions

_DAY = 86_400_000_000
_UInts = npt.NDArray[np.uint64]


def day_hashes(data: Interactions) -> dict[str, str]:
    """Return `store, YYYY-MM-DD` (UTC) -> its rows and a 64-bit hash of them, in whatever order they are.

    Source:
        The mixing is splitmix64 (Steele, Lea, Flood 2014); the hash of a day is the sum of its rows' hashes.
    """
    if not len(data):
        return {}
    rows = _row_hashes(data)
    days = data.times // _DAY
    order = np.lexsort((days, data.stores))
    stores, days, rows = data.stores[order], days[order], rows[order]
    new = np.ones(len(rows), dtype=np.bool_)
    new[1:] = (stores[1:] != stores[:-1]) | (days[1:] != days[:-1])
    heads = np.flatnonzero(new)
    sums, counts = np.add.reduceat(rows, heads).tolist(), np.diff(np.append(heads, len(rows))).tolist()
    found = {}
    for store, day, count, total in zip(stores[heads].tolist(), days[heads].tolist(), counts, sums, strict=True):
        found[f"{data.store_names[store]}, {np.datetime64(day, 'D')}"] = f"{count}:{total:016x}"
    return found


def _row_hashes(data: Interactions) -> _UInts:
    """Return a hash of each row; shape (n,)."""
    shoppers = np.append(_text_hashes(data.shopper_keys), np.uint64(0))  # NOBODY is -1: the last
    groups = _text_hashes([data.index.groups[group] for group in data.index.group_of().tolist()])
    items = _mixed(groups ^ _mixed(_text_hashes(data.index.products)))
    mixed = _mixed(data.times.astype(np.uint64) ^ _mixed(data.kinds.astype(np.uint64)))
    mixed = _mixed(mixed ^ items[data.items])
    return _mixed(mixed ^ shoppers[np.where(data.shoppers == NOBODY, len(shoppers) - 1, data.shoppers)])


def _text_hashes(texts: Sequence[str]) -> _UInts:
    packed = b"".join(blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(packed, dtype="<u8").astype(np.uint64)


def _mixed(values: _UInts) -> _UInts:
    with np.errstate(over="ignore"):
        mixed = values + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        found: _UInts = mixed ^ (mixed >> np.uint64(31))
    return found
