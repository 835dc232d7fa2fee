"""An item-to-item similarity and what shoppers did since: the table stays, what was gained lies beside it."""

from __future__ import annotations

from math import log
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy
from msgspec import Struct

from shopkeeper.recommendations.models.neighbours import Neighbours, WeightedRows, keep_strongest
from shopkeeper.recommendations.segments import starts_of

_STEPS: Final = 20.0
"""A product's entries grow by a twentieth from one step to the next."""
Amounts = npt.NDArray[np.float64]


class Norms(Struct, frozen=True, gc=False):
    """What a co-occurrence is divided by: `n_a ** had_power * n_b ** with_power + shrink`, n the entries of an item.

    Attributes:
        had, beside: Entries to the two powers; shape (items,).
    """

    had: Amounts
    beside: Amounts
    had_power: float
    with_power: float
    shrink: float

    @staticmethod
    def of_entries(entries: npt.NDArray[np.int64], had_power: float, with_power: float, shrink: float) -> Norms:
        """Return it for the entries of each item; shape (items,)."""
        sizes = entries.astype(np.float64)
        had = np.power(sizes, had_power)
        beside = had if with_power == had_power else np.power(sizes, with_power)
        return Norms(had, beside, had_power, with_power, shrink)

    def with_entries(self, items: npt.NDArray[np.int64], entries: npt.NDArray[np.int64]) -> Norms:
        """Return it where some items, none named twice, have as many entries as `entries` says of all."""
        sizes = entries[items].astype(np.float64)
        had = self.had.copy()
        had[items] = np.power(sizes, self.had_power)
        beside = had
        if self.with_power != self.had_power:
            beside = self.beside.copy()
            beside[items] = np.power(sizes, self.with_power)
        return Norms(had, beside, self.had_power, self.with_power, self.shrink)

    def of(self, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> Amounts:
        """Return it for some pairs, rows of shape (m,) or one row; shape (m,)."""
        norms: Amounts = self.had[rows] * self.beside[columns] + self.shrink
        return norms

    def of_rows(self, rows: npt.NDArray[np.int64], known: WeightedRows) -> Amounts:
        """Return it for every entry of some rows; shape (m,)."""
        norms = self.had[rows].repeat(known.lengths)
        norms *= self.beside[known.columns]
        norms += self.shrink
        return norms


class Grown(Struct, frozen=True, gc=False):
    """What C and n gained since S was learnt from them; never changed, so many threads may read it.

    As S is now, an entry is `(S * norm before + gained) / norm now`. Where S keeps the strongest neighbours of an item
    alone, what the others had before counts as 0: an entry is then too low by the weakest ones kept in its row, before
    and now, at most.
    Where S was told of records too, what they gave is scaled with the rest.

    Attributes:
        keys: Cells of C that changed, `row * items + column`, rising; shape (m,).
        gained: What was added to each; negative where a product that is met again moves away from another; shape (m,).
        entries: Entries of each item when S was learnt, and now; shape (items,).
        before, now: By what S divides, and by what it has to be divided.
    """

    keys: npt.NDArray[np.int64]
    gained: Amounts
    entries: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
    before: Norms
    now: Norms

    def known_rows(self, similar: Neighbours, items: npt.NDArray[np.int64], weights: Amounts) -> WeightedRows:
        """Return the weighted rows of S with the norms of now."""
        known = similar.rows(items, weights)
        amounts = known.amounts
        amounts *= self.before.of_rows(items, known)
        amounts /= self.now.of_rows(items, known)
        return WeightedRows(known.columns, amounts, known.lengths)

    def gained_rows(self, items: npt.NDArray[np.int64], weights: Amounts) -> WeightedRows:
        """Return the weighted rows of what was gained."""
        size = len(self.now.had)
        begins = self.keys.searchsorted(items * size)
        lengths = self.keys.searchsorted((items + 1) * size) - begins
        places = (begins - starts_of(lengths)[:-1]).repeat(lengths)
        places += np.arange(len(places))
        rows = WeightedRows(self.keys[places] % size, self.gained[places] * weights.repeat(lengths), lengths)
        return WeightedRows(rows.columns, rows.amounts / self.now.of_rows(items, rows), lengths)

    def rows(self, similar: Neighbours, items: npt.NDArray[np.int64], weights: Amounts) -> WeightedRows:
        """Return the weighted rows of S, then those of what was gained, in the same order; sums may be below 0."""
        known, gained = self.known_rows(similar, items, weights), self.gained_rows(items, weights)
        return WeightedRows(
            np.concatenate([known.columns, gained.columns]),
            np.concatenate([known.amounts, gained.amounts]),
            np.concatenate([known.lengths, gained.lengths]),
        )

    def whole(self, similar: Neighbours, neighbours: int | None) -> Neighbours:
        """Return S as it is now, the strongest neighbours of each item alone; None = all."""
        size = len(self.now.had)
        items, ones = np.arange(size), np.ones(size)
        parts = (self.known_rows(similar, items, ones), self.gained_rows(items, ones))
        known, gained = (
            scipy.sparse.csr_array((one.amounts, one.columns, starts_of(one.lengths)), shape=(size, size))
            for one in parts
        )
        table = scipy.sparse.csr_array(known + gained)
        table.sort_indices()
        np.maximum(table.data, 0.0, out=table.data)
        kept = table if neighbours is None else keep_strongest(table, neighbours)
        return Neighbours(
            kept.indptr.astype(np.int64), kept.indices.astype(np.int32), np.asarray(kept.data, dtype=np.float32)
        )

    def step(self, item: int) -> int:
        """Return by how many twentieths the entries of an item grew, a few more or less where it had few of them."""
        before, now = (int(entries[item]) + self.now.shrink for entries in self.entries)
        return int(_STEPS * log(now / before)) if before > 0 else int(now)
