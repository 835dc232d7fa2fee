"""Choices of the past that a model of choice learns from: what was gone to, and what was known of who went."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from shopkeeper.recommendations.behaviour.interactions import PURCHASE, SECOND, VISIT_GAP, Interactions
from shopkeeper.recommendations.hybrid.choice import NEWEST, faded

MOST_STEPS = 50_000
"""The newest that are learnt from."""

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Steps:
    """What shoppers went to for the first time in a visit; purchases are no steps.

    Attributes:
        chosen: Item gone to; shape (n,).
        page: Item looked at before it in the visit, -1 = none; shape (n,).
        past: What each entry of the past before the page counts, as `choice.faded` says; shape (n, items).
        shoppers: Shopper code; shape (n,).
    """

    chosen: Integers
    page: Integers
    past: scipy.sparse.csr_array
    shoppers: npt.NDArray[np.int32]

    @staticmethod
    def of(data: Interactions) -> Steps:
        """Return the newest steps."""
        seen, size = data.sequences, len(data.index)
        count = len(seen)
        begins = np.ones(count, dtype=np.bool_)
        pauses = seen.first_times[1:] - seen.times[:-1]
        begins[1:] = (seen.shoppers[1:] != seen.shoppers[:-1]) | (pauses >= VISIT_GAP * SECOND)
        _, firsts = np.unique(np.cumsum(begins) * size + seen.items, return_index=True)
        fresh = np.zeros(count, dtype=np.bool_)
        fresh[firsts] = True
        places = np.flatnonzero(fresh & (seen.kinds < PURCHASE))
        places = np.sort(places[np.argsort(-seen.first_times[places], kind="stable")[:MOST_STEPS]])
        before = np.maximum(places - 1, 0)
        on_page = ~begins[places] & (seen.kinds[before] < PURCHASE)
        lengths = places - on_page - seen.starts[seen.shoppers[places]]
        return Steps(
            seen.items[places].astype(np.int64),
            np.where(on_page, seen.items[before], -1).astype(np.int64),
            _past(seen.items, places - on_page, np.minimum(lengths, NEWEST), size),
            seen.shoppers[places],
        )

    def __len__(self) -> int:
        return len(self.chosen)


def _past(items: npt.NDArray[np.int32], ends: Integers, lengths: Integers, size: int) -> scipy.sparse.csr_array:
    """Return the weights of the `lengths` entries before each end; shape (n, size)."""
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    places = np.repeat(ends - lengths - starts[:-1], lengths) + np.arange(starts[-1])
    by_length = [faded(entries) for entries in range(NEWEST + 1)]
    weights = [by_length[length] for length in lengths.tolist()]
    table = scipy.sparse.csr_array(
        (np.concatenate([by_length[0], *weights]), items[places], starts), shape=(len(ends), size)
    )
    table.sum_duplicates()
    return table
