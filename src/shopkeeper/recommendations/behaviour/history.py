"""What a model is told about shoppers: what each did, in order; for one shopper of a request, or for many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.traits import UNKNOWN_TRAITS, Traits
from shopkeeper.recommendations.behaviour.interactions import KINDS
from shopkeeper.recommendations.behaviour.purchases import NO_PURCHASES, Purchases, purchases_of

NO_CODES: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)

KIND_STRENGTHS: npt.NDArray[np.float32] = np.array(
    [{"view": 1.0, "click": 1.0, "rating": 1.2, "cart": 1.5, "checkout": 1.5, "purchase": 1.5}[kind] for kind in KINDS],
    dtype=np.float32,
)
"""How much a past event of each kind says about the next product, in views."""


def ages_of(starts: npt.NDArray[np.int64], times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how many moments lie between each entry and the newest of its history; shape (m,).

    Args:
        starts: Where each history begins, and one more at the end; shape (n + 1,).
        times: Never falling within a history; entries of equal time are of one moment; shape (m,).
    """
    if not len(times):
        return np.zeros(0, dtype=np.int64)
    new = np.ones(len(times), dtype=np.int64)
    new[1:] = times[1:] != times[:-1]
    new[starts[:-1][starts[:-1] < len(times)]] = 1
    moments = np.cumsum(new)
    return np.repeat(moments[np.maximum(starts[1:] - 1, 0)], np.diff(starts)) - moments


def ages_in(times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return `ages_of` for one history."""
    moments = np.zeros(len(times), dtype=np.int64)
    np.cumsum(times[1:] != times[:-1], out=moments[1:])
    return moments[-1:] - moments


@dataclass(frozen=True)
class Asked:
    """What a model is asked: the products one shopper has met and those of the page, and when and where it is.

    Attributes:
        store: Store the answer is for.
        now: Moment of the request, seconds since 1970 UTC.
        items: Item codes: the past, oldest first, then the products of the page; shape (h,).
        weights: How much each counts, its age and `RecommendParams.history_share` included; shape (h,).
        kinds: Place in `interactions.KINDS`; a product of the page counts as
            viewed, or as what was done with it last in this visit; shape (h,).
        times: Seconds since 1970 UTC, `now` for the page; shape (h,).
        page: True for products of the page; shape (h,).
        purchases: What they bought and how often, reaching further back than the items.
        traits: What their record says of them, where they allow it to be used.
        whole: True = every item that scores is wanted, as rules may let few of them through; False = those that can
            come first are enough, and where the catalogue is large the others may be left out.
        named: Item codes the request asks about, none twice; a model that picks what it scores scores them too; shape
            (named,).
    """

    store: str
    now: int
    items: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    kinds: npt.NDArray[np.int8]
    times: npt.NDArray[np.int64]
    page: npt.NDArray[np.bool_]
    purchases: Purchases = NO_PURCHASES
    traits: Traits = UNKNOWN_TRAITS
    whole: bool = False
    named: npt.NDArray[np.int64] = field(default_factory=lambda: NO_CODES)

    def __len__(self) -> int:
        return len(self.items)

    def keep(self, entries: npt.NDArray[np.bool_]) -> Asked:
        """Return the same question without the entries where `entries` is false."""
        columns = ("items", "weights", "kinds", "times", "page")
        return replace(self, **{name: getattr(self, name)[entries] for name in columns})

    def weighed(self, weights: npt.NDArray[np.float64]) -> Asked:
        """Return the same question with other weights."""
        return Asked(
            self.store, self.now, self.items, weights, self.kinds, self.times, self.page, self.purchases, self.traits,
            self.whole, self.named,
        )  # fmt: skip

    def newest(self, most: int) -> Asked:
        """Return the same question with the past cut to its newest `most` entries; the page stays whole."""
        if len(self) <= most:
            return self
        cut = len(self) - int(np.count_nonzero(self.page)) - most
        return self if cut <= 0 else self.keep(np.arange(len(self)) >= cut)


@dataclass(frozen=True)
class HistoryBatch:
    """Histories of many shoppers, end to end, oldest first within a history.

    Attributes:
        starts: Where each history begins, and one more at the end; shape (n + 1,).
        items: Item codes; shape (m,).
        kinds: Place in `interactions.KINDS`; shape (m,).
        times: Seconds since 1970 UTC, never falling within a history; shape (m,).
        stores: Code of the store each answer is for, -1 = one the model never saw; shape (n,).
        moments: When each is asked, seconds since 1970 UTC; shape (n,).
        traits: What each shopper's record says; empty = nothing is known of any; length n or 0.
    """

    starts: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    kinds: npt.NDArray[np.int8]
    times: npt.NDArray[np.int64]
    stores: npt.NDArray[np.int32]
    moments: npt.NDArray[np.int64]
    traits: Sequence[Traits] = ()

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def ages(self) -> npt.NDArray[np.int64]:
        """How many moments lie between each entry and the newest; entries of one second share one; shape (m,)."""
        return ages_of(self.starts, self.times)

    @property
    def strengths(self) -> npt.NDArray[np.float32]:
        """Weight of each entry before it fades with age; shape (m,)."""
        return KIND_STRENGTHS[self.kinds]

    def rows(self) -> npt.NDArray[np.int64]:
        """Return which history each entry belongs to; shape (m,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def part(self, start: int, end: int) -> HistoryBatch:
        """Return histories `start` to `end`."""
        low, high = int(self.starts[start]), int(self.starts[end])
        return HistoryBatch(
            self.starts[start : end + 1] - low,
            self.items[low:high],
            self.kinds[low:high],
            self.times[low:high],
            self.stores[start:end],
            self.moments[start:end],
            self.traits[start:end],
        )

    def take(self, rows: npt.NDArray[np.int64]) -> HistoryBatch:
        """Return the histories at `rows`, in that order."""
        lengths = self.starts[rows + 1] - self.starts[rows]
        starts = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(lengths, out=starts[1:])
        places = np.repeat(self.starts[rows] - starts[:-1], lengths) + np.arange(int(starts[-1]))
        traits = tuple(self.traits[row] for row in rows.tolist()) if self.traits else ()
        return self._with(starts, places, self.stores[rows], self.moments[rows], traits)

    def newest(self, most: int) -> HistoryBatch:
        """Return the same histories cut to their newest `most` entries."""
        newer = np.repeat(self.starts[1:], np.diff(self.starts)) - 1 - np.arange(len(self.items))
        starts = np.zeros_like(self.starts)
        np.cumsum(np.minimum(np.diff(self.starts), most), out=starts[1:])
        return self._with(starts, np.flatnonzero(newer < most), self.stores, self.moments, self.traits)

    def keep(self, entries: npt.NDArray[np.bool_]) -> HistoryBatch:
        """Return the same histories without the entries where `entries` is false."""
        before = np.concatenate([[0], np.cumsum(entries)]).astype(np.int64)
        return self._with(before[self.starts], np.flatnonzero(entries), self.stores, self.moments, self.traits)

    def asked(self, row: int, store: str, weights: npt.NDArray[np.float64]) -> Asked:
        """Return what a request that comes with no page asks for the history at `row`; weights are of that history."""
        part = slice(int(self.starts[row]), int(self.starts[row + 1]))
        items = self.items[part].astype(np.int64)
        page = np.zeros(len(items), dtype=np.bool_)
        kinds, times = self.kinds[part], self.times[part]
        purchases, traits = purchases_of(items, kinds, times), self.traits[row] if self.traits else UNKNOWN_TRAITS
        return Asked(store, int(self.moments[row]), items, weights, kinds, times, page, purchases, traits)

    def _with(
        self,
        starts: npt.NDArray[np.int64],
        places: npt.NDArray[np.int64],
        stores: npt.NDArray[np.int32],
        moments: npt.NDArray[np.int64],
        traits: Sequence[Traits],
    ) -> HistoryBatch:
        return HistoryBatch(starts, self.items[places], self.kinds[places], self.times[places], stores, moments, traits)
