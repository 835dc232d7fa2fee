"""What shoppers did, as columns of numbers: the only form models learn from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.event import EventType
from shopkeeper.recommendations.behaviour.facts import NO_FACTS, NO_TRAITS, ItemFacts, TraitTable
from shopkeeper.recommendations.behaviour.items import ItemIndex

KINDS: tuple[EventType, ...] = ("view", "click", "rating", "cart", "checkout", "purchase")
"""Types that show interest, the weakest first; a `kind` is a place in this list."""

DEVICES = ("unknown", "desktop", "mobile", "tablet")
"""Classes of devices; a `device` is a place in this list."""

VIEW = KINDS.index("view")
RATING = KINDS.index("rating")
PURCHASE = KINDS.index("purchase")

_ON_PAGE = tuple(KINDS.index(kind) for kind in ("view", "click", "cart"))
"""What leaves a shopper on the page of the product; who rated or paid is elsewhere."""

VISIT_GAP = 1_800
"""Seconds after which a shopper who did nothing is on no page any more."""

SECOND = 1_000_000
"""Microseconds; what happens within one second is one moment."""

_NOWHERE: npt.NDArray[np.int16] = np.empty(0, dtype=np.int16)

NOBODY = -1
"""Shopper code of an interaction that must not be tied to a person: no key given, or personalisation refused."""


@dataclass(frozen=True)
class Interactions:
    """Interactions of people with products, oldest first.

    Attributes:
        shoppers: Shopper code, `NOBODY` where it counts for popularity alone; shape (n,).
        items: Item code; shape (n,).
        stores: Store code; shape (n,).
        kinds: Place in `KINDS`; shape (n,).
        times: Microseconds since 1970 UTC, never falling; shape (n,).
        devices: Place in `DEVICES`; shape (n,).
        index: Which product each item code stands for.
        categories: Category paths of each item, the main one first; empty tuple = none known.
        shopper_keys: Key of each shopper code, as `shoppers.shopper_key` makes it.
        store_names: Store of each store code.
        runs: True where repeats of one product in a row are one entry of a sequence; protocols that ask for repeats
            keep each.
        facts: What records say of the products.
        traits: What records say of the shoppers.
        variants: Place in `index.variants.names`, where variants share codes; shape (n,), else (0,).
        positions: Place of the list of ours that it was clicked in, from 1, 0 = in none; shape (n,), else (0,).
        position_exponent: How fast looks fall with the place, see `examination`; 0 = nobody knows that they do.
        stars: What a rating said, 0 = nothing, or it is none; shape (n,) where any says something, else (0,).
        referrers: Place in `visit_facts.REFERRERS`; shape (n,) where any event says it, else (0,).
        time_zones: Time zone of each store code, empty = UTC; length 0 where nobody knows any.
    """

    shoppers: npt.NDArray[np.int32]
    items: npt.NDArray[np.int32]
    stores: npt.NDArray[np.int32]
    kinds: npt.NDArray[np.int8]
    times: npt.NDArray[np.int64]
    devices: npt.NDArray[np.int8]
    index: ItemIndex
    categories: Sequence[tuple[str, ...]]
    shopper_keys: Sequence[str]
    store_names: tuple[str, ...]
    runs: bool = True
    facts: ItemFacts = NO_FACTS
    traits: TraitTable = NO_TRAITS
    variants: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    positions: npt.NDArray[np.int16] = field(default_factory=lambda: np.empty(0, dtype=np.int16))
    position_exponent: float = 0.0
    stars: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty(0, dtype=np.float32))
    referrers: npt.NDArray[np.int8] = field(default_factory=lambda: np.empty(0, dtype=np.int8))
    time_zones: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    def take(self, keep: npt.NDArray[np.bool_]) -> Interactions:
        """Return the interactions where `keep` is true; codes keep their meaning."""
        return replace(
            self,
            shoppers=self.shoppers[keep],
            items=self.items[keep],
            stores=self.stores[keep],
            kinds=self.kinds[keep],
            times=self.times[keep],
            devices=self.devices[keep],
            variants=self.variants[keep] if len(self.variants) else self.variants,
            positions=self.positions[keep] if len(self.positions) else self.positions,
            stars=self.stars[keep] if len(self.stars) else self.stars,
            referrers=self.referrers[keep] if len(self.referrers) else self.referrers,
        )

    @cached_property
    def sequences(self) -> Sequences:
        """What each shopper did; sorted once, however many models are fitted on the same rows."""
        return sequences(self)

    def fingerprint(self) -> str:
        """Return a SHA-256 over everything read; equal data, equal fingerprint."""
        digest = hashlib.sha256()
        columns = (
            self.shoppers, self.items, self.stores, self.kinds, self.times, self.devices, self.index.starts,
            self.facts.prices, self.facts.margins, self.traits.codes, self.variants, self.positions,
            self.index.variants.items, np.array([self.position_exponent]),
            *(one for one in (self.stars, self.referrers, self.facts.sentences) if len(one)),
        )  # fmt: skip
        for column in columns:
            digest.update(f"{column.dtype.str}{column.shape}".encode())
            digest.update(np.ascontiguousarray(column).data)
        known = (self.facts.brands, self.facts.texts, *self.traits.values, self.index.variants.names)
        known = (*known, self.time_zones) if any(self.time_zones) else known
        for texts in (self.index.groups, self.index.products, self.shopper_keys, self.store_names, *known):
            digest.update("\x1e".join(texts).encode())
            digest.update(b"\x1d")
        digest.update("\x1e".join("\x1f".join(paths) for paths in self.categories).encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class Sequences:
    """What each shopper did, shopper by shopper, oldest first; repeats of one product in a row are one entry.

    Attributes:
        shoppers: Shopper code, never falling; shape (m,).
        kinds: The strongest kind of the run; shape (m,).
        times: Time of the run's last event, microseconds; shape (m,).
        first_times: Time of the run's first event; shape (m,).
        devices: Device of the run's first event; shape (m,).
        moments: Number of the moment, rising along the sequences: entries of one shopper in one second (a basket) share
            it, so between them there is no order; shape (m,).
        starts: Where each shopper code's entries begin, and one more at the end; shape (shoppers + 1,).
        variants: That of the run's last event, as in `Interactions`; shape (m,) or (0,).
        positions: Place of a list that the run was clicked in, 0 = in none; shape (m,) or (0,).
        stars: The best rating said in the run, 0 = none; shape (m,) or (0,).
    """

    shoppers: npt.NDArray[np.int32]
    items: npt.NDArray[np.int32]
    stores: npt.NDArray[np.int32]
    kinds: npt.NDArray[np.int8]
    times: npt.NDArray[np.int64]
    first_times: npt.NDArray[np.int64]
    devices: npt.NDArray[np.int8]
    moments: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    variants: npt.NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    positions: npt.NDArray[np.int16] = field(default_factory=lambda: np.empty(0, dtype=np.int16))
    stars: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty(0, dtype=np.float32))

    def __len__(self) -> int:
        return len(self.items)


def sequences(data: Interactions) -> Sequences:
    """Return the sequences in `data`; interactions of `NOBODY` belong to none."""
    known = np.flatnonzero(data.shoppers >= 0)
    order = known[np.argsort(data.shoppers[known], kind="stable")]
    shoppers, items = data.shoppers[order], data.items[order]
    first = np.ones(len(order), dtype=np.bool_)
    if data.runs:
        first[1:] = (items[1:] != items[:-1]) | (shoppers[1:] != shoppers[:-1])
    heads = np.flatnonzero(first)
    tails = np.append(heads[1:], len(order)) - 1 if len(order) else heads
    kinds = np.maximum.reduceat(data.kinds[order], heads) if len(heads) else data.kinds[:0]
    last = order[tails]
    counts = np.bincount(shoppers[heads], minlength=len(data.shopper_keys))
    starts = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=starts[1:])
    owners, times = shoppers[heads], data.times[last]
    return Sequences(
        shoppers=owners,
        items=items[heads],
        stores=data.stores[last],
        kinds=kinds,
        times=times,
        first_times=data.times[order[heads]],
        devices=data.devices[order[heads]],
        moments=_moments(owners, times),
        starts=starts,
        variants=data.variants[last] if len(data.variants) else data.variants,
        positions=np.maximum.reduceat(data.positions[order], heads) if len(data.positions) and len(heads) else _NOWHERE,
        stars=np.maximum.reduceat(data.stars[order], heads) if len(data.stars) and len(heads) else data.stars[:0],
    )


def still_on_page(kind: int, pause: float) -> bool:
    """Return whether a shopper is still on the page of a product so many seconds after what was done with it."""
    return kind in _ON_PAGE and pause < VISIT_GAP


def _moments(shoppers: npt.NDArray[np.int32], times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return numbers that rise with every new shopper and every new second of one; shape (m,)."""
    seconds = times // SECOND
    new = np.ones(len(times), dtype=np.int64)
    new[1:] = (shoppers[1:] != shoppers[:-1]) | (seconds[1:] != seconds[:-1])
    return np.cumsum(new)
