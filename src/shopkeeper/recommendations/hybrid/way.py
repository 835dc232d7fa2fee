"""The way of a visit: which category is come to from which, after a look and after the cart.

`item-knn` counts pairs of products, of which most were never met; categories are few, so all of their pairs were. What
was put into the cart is settled and the visit goes on to something else, so it leads elsewhere than what was only
looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.interactions import KINDS, SECOND, VISIT_GAP, Interactions
from shopkeeper.recommendations.model import Arrays
from shopkeeper.recommendations.models.content import Content

MOST_CATEGORIES = 400
"""Categories that are told apart, those met most; all others are one."""
BESIDE_PAGE = ("way.brand", "way.likeness", "way.dearer")
"""What is told of products of the page and what they are made of."""
_DOUBT = 20.0
"""Steps of average shares that every category starts with."""
_CART = KINDS.index("cart")
_ALL, _LOOKED, _CARTED = range(3)

Columns = Iterator[tuple[str, npt.NDArray[np.floating] | float]]


@dataclass(frozen=True, slots=True)
class Ahead:
    """The items of each category that steps lead to most, rising.

    Attributes:
        items: Item codes; shape (m,).
        codes, shares: Of each, as in `Ways`; shape (m,).
    """

    items: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int16]
    shares: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Ways:
    """Logarithm of how much more often a step of a visit leads to a category than its share of all steps.

    Attributes:
        codes: Place of each item's category among those told apart, 0 = all others; shape (items,).
        lifts: After anything, after what was only looked at, after what was put into the cart; shape (3, from, to).
        shares: Logarithm of each item's share of all steps; shape (items,).
    """

    codes: npt.NDArray[np.int16]
    lifts: npt.NDArray[np.float16]
    shares: npt.NDArray[np.float32]

    @staticmethod
    def fit(data: Interactions, leaves: npt.NDArray[np.int32]) -> Ways:
        """Count the steps from one entry of a shopper to the next within a visit; purchases are no steps.

        Args:
            leaves: Code of each item's category, 0 = none known.
        """
        seen, codes = data.sequences, _told_apart(data, leaves)
        pauses = seen.first_times[1:] - seen.times[:-1]
        step = (seen.shoppers[1:] == seen.shoppers[:-1]) & (pauses < VISIT_GAP * SECOND)
        step &= (seen.kinds[1:] <= _CART) & (seen.kinds[:-1] <= _CART)
        carted = (seen.kinds[:-1][step] >= _CART).astype(np.int64)
        before, after = codes[seen.items[:-1][step]], codes[seen.items[1:][step]]
        size = int(codes.max(initial=0)) + 1
        places = (carted * size + before) * size + after
        counts = np.bincount(places, minlength=2 * size * size).reshape(2, size, size).astype(np.float64)
        shares = counts.sum(axis=(0, 1)) + 1.0
        shares /= shares.sum()
        counts = np.concatenate([counts.sum(axis=0, keepdims=True), counts])
        totals = counts.sum(axis=2, keepdims=True) + _DOUBT
        lifts = np.log((counts + _DOUBT * shares) / totals / shares).astype(np.float16)
        met = np.bincount(seen.items[1:][step], minlength=len(codes)) + 1.0
        return Ways(codes, lifts, np.log(met / met.sum()).astype(np.float32))

    def columns(self, content: Content | None, asked: Asked, items: npt.NDArray[np.int64]) -> Columns:
        """Yield what the page says of some products; 0 where there is no page.

        Args:
            content: None = nothing is told of what products are made of.
        """
        page, codes = asked.items[asked.page], self.codes[items]
        carted = asked.kinds[asked.page] >= _CART
        yield "way.next", self._led(np.full(len(page), _ALL), page)[codes]
        yield "way.next_as_met", self._led(np.where(carted, _CARTED, _LOOKED), page)[codes]
        yield "way.carted", float(carted.any())
        if content is not None:
            yield from _beside(content, page, items)

    def ahead(self, start: int, end: int, most: int) -> Ahead:
        """Return the items from `start` to `end` that can be among the `most` a step leads to."""
        codes, shares = self.codes[start:end], self.shares[start:end]
        order = np.lexsort((-shares, codes))  # stable: of equals the lower codes come first
        begins = np.searchsorted(codes[order], codes[order])
        items = np.sort(order[np.arange(len(order)) - begins < most])
        return Ahead(items + start, codes[items], shares[items])

    def likeliest(self, asked: Asked, ahead: Ahead, most: int) -> npt.NDArray[np.int64]:
        """Return the items that a step from the page most likely leads to, of equals the lower codes."""
        kinds = np.where(asked.kinds[asked.page] >= _CART, _CARTED, _LOOKED)
        chances = self._led(kinds, asked.items[asked.page])[ahead.codes] + ahead.shares
        if len(chances) <= most:
            return ahead.items
        bar = np.partition(chances, len(chances) - most)[len(chances) - most]
        near = (chances >= bar).nonzero()[0]
        first = near[(-chances[near]).argsort(kind="stable")[:most]]
        items: npt.NDArray[np.int64] = ahead.items[first]
        return items

    def _led(self, kinds: npt.NDArray[np.int64], page: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return the lift of each category, the mean over the products of a page; 0 without a page."""
        if not len(page):
            return np.zeros(self.lifts.shape[2], dtype=np.float32)
        led: npt.NDArray[np.float32] = self.lifts[kinds, self.codes[page]].astype(np.float32).mean(axis=0)
        return led

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as plain arrays."""
        return {"ways.codes": self.codes, "ways.lifts": self.lifts, "ways.shares": self.shares}

    @staticmethod
    def from_arrays(arrays: Arrays) -> Ways:
        """Return what `arrays` was made of; it stays in the files it was opened from."""
        return Ways(
            np.asarray(arrays["ways.codes"], np.int16),
            np.asarray(arrays["ways.lifts"], np.float16),
            np.asarray(arrays["ways.shares"], np.float32),
        )


def _told_apart(data: Interactions, leaves: npt.NDArray[np.int32]) -> npt.NDArray[np.int16]:
    counts = np.bincount(leaves[data.items], minlength=int(leaves.max(initial=0)) + 1)
    counts[0] = 0
    often = np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]
    often = np.sort(often[counts[often] > 0])
    places = np.zeros(len(counts), dtype=np.int16)
    places[often] = np.arange(1, len(often) + 1)
    told: npt.NDArray[np.int16] = places[leaves]
    return told


def _beside(content: Content, page: npt.NDArray[np.int64], items: npt.NDArray[np.int64]) -> Columns:
    """Yield how like the products of the page some products are."""
    if not len(page):
        yield from ((name, 0.0) for name in BESIDE_PAGE)
        return
    brands = content.brands[page]
    yield "way.brand", np.isin(content.brands[items], brands[brands > 0]).astype(np.float32)
    yield "way.likeness", content.vectors[items] @ content.vectors[page].mean(axis=0)
    known = content.prices[page]
    known = known[~np.isnan(known)]
    usual = float(known.mean()) if len(known) else np.nan
    yield "way.dearer", np.nan_to_num(content.prices[items] - usual, nan=0.0)
