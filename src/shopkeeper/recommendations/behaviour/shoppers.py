"""What every known shopper did before training, inside the bundle: known users get answers without any live event.

A shopper is found by the 128-bit hash of group, kind of key and id; ids themselves are not stored. Keys lie sorted, so
a look-up is one binary search over the mapped file: 2 million shoppers cost no memory of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.traits import Traits
from shopkeeper.recommendations.behaviour.facts import TraitTable
from shopkeeper.recommendations.behaviour.interactions import PURCHASE, SECOND, Interactions, Sequences
from shopkeeper.recommendations.behaviour.purchases import (
    BOUGHT_ENTRIES,
    HALF_LIVES,
    NO_PURCHASES,
    Floats,
    Purchases,
    fading,
)
from shopkeeper.registry.bundle import open_bundle, rewrite_arrays
from shopkeeper.registry.text_arrays import Arrays

KeyKind = Literal["user", "visitor", "session"]

_MOST_COUNTED = 65_535
_OF_BOUGHT = ("bought_counts", "bought_firsts", "bought_seconds")
_NONE: npt.NDArray[np.int32] = np.empty(0, dtype=np.int32)
HISTORY_ENTRIES = 50
"""Newest entries kept for each shopper."""


def shopper_key(group: str, kind: KeyKind, identity: str) -> str:
    """Return the key of a shopper inside a customer group; kinds never meet, so user `7` is not visitor `7`."""
    return f"{group}\x1f{kind}\x1f{identity}"


@dataclass(frozen=True, slots=True)
class ShopperPast:
    """What one shopper did before training, oldest first.

    Attributes:
        items: Item codes; shape (h,).
        kinds: Place in `interactions.KINDS`; shape (h,).
        seconds: Seconds since 1970 UTC; shape (h,).
        purchases: What they bought, how often and when.
        traits: What their record says, where they let it be used.
        variants: Place of each entry in `ItemIndex.variants.names`, where variants share codes; shape (h,), else (0,).
        bought_variants: The variant bought last of each of `purchases`; shape (b,), else (0,).
    """

    items: npt.NDArray[np.int32]
    kinds: npt.NDArray[np.int8]
    seconds: npt.NDArray[np.uint32]
    purchases: Purchases
    traits: Traits
    variants: npt.NDArray[np.int32]
    bought_variants: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class ManyPasts:
    """What several shoppers did before training, end to end, each oldest first.

    Attributes:
        starts: Where each shopper's entries begin, and one more at the end; shape (n + 1,).
        items, kinds, seconds: As in `ShopperPast`; shape (m,).
        bought_starts: Where each shopper's bought products begin, and one more at the end; shape (n + 1,).
        bought: Item codes of bought products; shape (b,).
        bought_seconds: When each was last bought; shape (b,).
    """

    starts: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    kinds: npt.NDArray[np.int8]
    seconds: npt.NDArray[np.uint32]
    bought_starts: npt.NDArray[np.int64]
    bought: npt.NDArray[np.int32]
    bought_seconds: npt.NDArray[np.uint32]


class ShopperPasts:
    """Pasts of all shoppers, over plain arrays.

    Args:
        arrays: As `build` or a bundle gives them, all names beginning with `shoppers.`.
    """

    def __init__(self, arrays: Arrays) -> None:
        self._arrays = {name: np.asarray(array) for name, array in arrays.items() if name.startswith("shoppers.")}
        self._high = self._arrays["shoppers.high"].view(np.uint64)
        self._low = self._arrays["shoppers.low"].view(np.uint64)
        self._starts = self._arrays["shoppers.starts"].view(np.int64)
        self._bought_starts = self._arrays["shoppers.bought_starts"].view(np.int64)
        self._items = self._arrays["shoppers.items"].astype(np.int32, copy=False)
        self._kinds = self._arrays["shoppers.kinds"].astype(np.int8, copy=False)
        self._seconds = self._arrays["shoppers.seconds"].astype(np.uint32, copy=False)
        self._variants = self._arrays.get("shoppers.variants", _NONE).astype(np.int32, copy=False)
        self._traits = TraitTable.from_arrays("shoppers.traits", self._arrays)

    def __len__(self) -> int:
        return len(self._high)

    @staticmethod
    def build(data: Interactions) -> ShopperPasts:
        """Take the newest entries of every shopper with a lasting key; a session that is over is kept by nobody."""
        seen = data.sequences
        lasting = np.array(["\x1fsession\x1f" not in key for key in data.shopper_keys], dtype=np.bool_)
        alive = np.flatnonzero(lasting & (np.diff(seen.starts) > 0))
        hashes = np.array([_hash(data.shopper_keys[code]) for code in alive.tolist()], dtype=np.uint64).reshape(-1, 2)
        order = np.lexsort((hashes[:, 1], hashes[:, 0]))
        codes, hashes = alive[order], hashes[order]
        starts, rows = _newest(seen.starts, codes, HISTORY_ENTRIES)
        bought = _bought(seen)
        bought_starts, bought_rows = _newest(bought.starts, codes, BOUGHT_ENTRIES)
        return ShopperPasts(
            {
                "shoppers.high": np.ascontiguousarray(hashes[:, 0]),
                "shoppers.low": np.ascontiguousarray(hashes[:, 1]),
                "shoppers.starts": starts,
                "shoppers.items": seen.items[rows],
                "shoppers.kinds": seen.kinds[rows],
                "shoppers.seconds": (seen.times[rows] // SECOND).astype(np.uint32),
                "shoppers.bought_starts": bought_starts,
                "shoppers.bought": bought.items[bought_rows],
                "shoppers.bought_seconds": (bought.times[bought_rows] // SECOND).astype(np.uint32),
                "shoppers.bought_firsts": (bought.first_times[bought_rows] // SECOND).astype(np.uint32),
                "shoppers.bought_counts": np.minimum(bought.counts[bought_rows], _MOST_COUNTED).astype(np.uint16),
                "shoppers.bought_faded": bought.faded[bought_rows],
                **_variants(seen, rows, bought, bought_rows),
                **data.traits.take(codes).arrays("shoppers.traits"),
            }
        )

    def find(self, key: str) -> ShopperPast | None:
        """Return the past of a shopper; None when there is none."""
        place = self._place(key)
        if place is None:
            return None
        start, end = self._starts[place : place + 2].tolist()
        purchases, bought_variants = self._bought(*self._bought_starts[place : place + 2].tolist())
        return ShopperPast(
            self._items[start:end],
            self._kinds[start:end],
            self._seconds[start:end],
            purchases,
            self._traits.of(place),
            self._variants[start:end],
            bought_variants,
        )

    def _bought(self, first: int, last: int) -> tuple[Purchases, npt.NDArray[np.int32]]:
        """Return what lies between two places as purchases, and the variant bought last of each."""
        if first == last:
            return NO_PURCHASES, _NONE
        rows = first + np.argsort(self._arrays["shoppers.bought"][first:last])
        items, counts, firsts, seconds = (
            self._arrays[f"shoppers.{name}"][rows].astype(np.int64) for name in ("bought", *_OF_BOUGHT)
        )
        faded = self._arrays.get("shoppers.bought_faded")
        once = np.ones((len(rows), len(HALF_LIVES)), dtype=np.float32)  # a bundle may be older than faded counts
        lately = once if faded is None else faded[rows].astype(np.float32, copy=False)
        variants = self._arrays.get("shoppers.bought_variants")
        return Purchases(items, counts, firsts, seconds, lately), (
            _NONE if variants is None else variants[rows].astype(np.int32, copy=False)
        )

    def places(self, keys: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the place of each shopper in the arrays, -1 for one without a past; shape (n,)."""
        hashes = np.array([_hash(key) for key in keys], dtype=np.uint64).reshape(-1, 2)
        found = np.searchsorted(self._high, hashes[:, 0]).astype(np.int64)
        inside = np.minimum(found, max(len(self) - 1, 0))
        same = np.zeros(len(keys), dtype=np.bool_)
        if len(self):
            same = (self._high[inside] == hashes[:, 0]) & (self._low[inside] == hashes[:, 1])
        return np.where(same, found, -1)

    def newest(self, key: str, most: int) -> list[tuple[int, int]]:
        """Return a shopper's newest entries, oldest first: item code, and seconds since 1970 UTC."""
        place = self._place(key)
        if place is None:
            return []
        end = int(self._starts[place + 1])
        rows = slice(max(int(self._starts[place]), end - most), end)
        return list(zip(self._items[rows].tolist(), self._seconds[rows].tolist(), strict=True))

    def many(self, places: npt.NDArray[np.int64]) -> ManyPasts:
        """Return the pasts of the shoppers at `places`."""
        starts, rows = _newest(self._starts, places, HISTORY_ENTRIES)
        bought_starts, bought_rows = _newest(self._bought_starts, places, BOUGHT_ENTRIES)
        arrays = self._arrays
        return ManyPasts(
            starts,
            self._items[rows],
            self._kinds[rows],
            self._seconds[rows],
            bought_starts,
            arrays["shoppers.bought"][bought_rows].astype(np.int32, copy=False),
            arrays["shoppers.bought_seconds"][bought_rows].astype(np.uint32, copy=False),
        )

    def without(self, keys: Iterable[str]) -> ShopperPasts:
        """Return the pasts of everybody else; of those erased not even the hash remains."""
        places = [place for key in keys if (place := self._place(key)) is not None]
        keep = np.ones(len(self), dtype=np.bool_)
        keep[places] = False
        rows = np.repeat(keep, np.diff(self._starts))
        bought_rows = np.repeat(keep, np.diff(self._bought_starts))
        kept = {"shoppers.high": keep, "shoppers.low": keep}
        kept |= {f"shoppers.{name}": rows for name in ("items", "kinds", "seconds", "variants")}
        kept |= {f"shoppers.{name}": bought_rows for name in ("bought", *_OF_BOUGHT, "bought_faded", "bought_variants")}
        arrays = {name: self._arrays[name][rows_kept] for name, rows_kept in kept.items() if name in self._arrays}
        arrays["shoppers.starts"] = _ends(np.diff(self._starts)[keep])
        arrays["shoppers.bought_starts"] = _ends(np.diff(self._bought_starts)[keep])
        arrays |= self._traits.take(np.flatnonzero(keep)).arrays("shoppers.traits")
        return ShopperPasts(arrays)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as plain arrays."""
        return dict(self._arrays)

    def _place(self, key: str) -> int | None:
        high, low = _hash(key)
        place = int(self._high.searchsorted(np.uint64(high)))
        while place < len(self._high) and int(self._high[place]) == high:
            if int(self._low[place]) == low:
                return place
            place += 1
        return None


def forget(folder: Path, keys: Sequence[str]) -> int:
    """Erase shoppers from a bundle on disk and return how many were in it.

    A process that has the bundle open keeps the old arrays until it opens the bundle again.

    Raises:
        BundleDamaged: the bundle is not what its manifest says.
    """
    bundle = open_bundle(folder)
    before = ShopperPasts(bundle.arrays)
    after = before.without(keys)
    if len(after) < len(before):
        rewrite_arrays(folder, after.arrays())
    return len(before) - len(after)


def _hash(key: str) -> tuple[int, int]:
    digest = hashlib.blake2b(key.encode("utf-8"), digest_size=16).digest()
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big")


def _ends(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    starts = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=starts[1:])
    return starts


def _newest(
    starts: npt.NDArray[np.int64], codes: npt.NDArray[np.int64], most: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return where the newest entries of each of `codes` begin in the result, and which rows they are."""
    lengths = np.minimum(starts[codes + 1] - starts[codes], most)
    found = _ends(lengths)
    rows = np.repeat(starts[codes + 1] - found[1:], lengths) + np.arange(int(found[-1]))
    return found, rows


@dataclass(frozen=True)
class _Bought:
    items: npt.NDArray[np.int32]
    times: npt.NDArray[np.int64]
    first_times: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    faded: Floats
    starts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]


def _variants(
    seen: Sequences, rows: npt.NDArray[np.int64], bought: _Bought, bought_rows: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray[np.generic]]:
    """Return which variant each kept entry and each bought product is, where variants share codes."""
    if not len(seen.variants):
        return {}
    return {
        "shoppers.variants": seen.variants[rows],
        "shoppers.bought_variants": seen.variants[bought.rows[bought_rows]],
    }


def _bought(seen: Sequences) -> _Bought:
    """Return each shopper's bought products, each once at its last time, oldest first."""
    rows = np.flatnonzero(seen.kinds == PURCHASE)
    rows = rows[np.lexsort((-seen.times[rows], seen.items[rows], seen.shoppers[rows]))]
    shoppers, items = seen.shoppers[rows], seen.items[rows]
    first = np.ones(len(rows), dtype=np.bool_)
    first[1:] = (items[1:] != items[:-1]) | (shoppers[1:] != shoppers[:-1])
    heads = np.flatnonzero(first)
    counts = np.diff(np.append(heads, len(rows)))
    newest, oldest = rows[heads], rows[heads + counts - 1]
    since = np.repeat(seen.times[newest] // SECOND, counts) - seen.times[rows] // SECOND
    faded = np.add.reduceat(fading(since), heads).astype(np.float32)
    order = np.lexsort((seen.items[newest], seen.times[newest], seen.shoppers[newest]))
    newest, oldest, counts, faded = newest[order], oldest[order], counts[order], faded[order]
    of_each = np.bincount(seen.shoppers[newest], minlength=len(seen.starts) - 1)
    return _Bought(seen.items[newest], seen.times[newest], seen.times[oldest], counts, faded, _ends(of_each), newest)
