"""What is known of each product from everybody's behaviour before one moment; nothing at or after it is read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.interactions import PURCHASE, Interactions, Sequences
from shopkeeper.recommendations.model import Arrays

DAY = 86_400_000_000
"""Microseconds."""

WINDOWS = (1, 7, 30, 90)
"""Days a count looks back, as in the features of the shop."""

LONG_AGO = 999.0
"""Days since what never happened."""

_DOUBT = 5.0
"""Buyers of average loyalty that every product starts with."""


@dataclass(frozen=True)
class Trends:
    """Counts of every item as of one moment.

    Attributes:
        table: Logarithm of 1 + events of any kind and of purchases in each of `WINDOWS`, against the same of the mean
            item, so that busy weeks and quiet ones are alike; days since the first and the last event; share of its
            buyers who bought it again; days between two purchases of one buyer; float32, shape (items, columns).
        shares: Logarithm of each store's share of an item's events against its share of all, smoothed; shape (stores,
            items).
        hot: Items that lead now in each store, best first, -1 where there are fewer; shape (stores, most).
    """

    table: npt.NDArray[np.float32]
    shares: npt.NDArray[np.float16]
    hot: npt.NDArray[np.int32]

    @staticmethod
    def fit(data: Interactions, moment: int, most: int, hot_days: float) -> Trends:
        """Count everything before `moment`, microseconds since 1970.

        Args:
            most: Items that lead now at most.
            hot_days: After so many days an event counts half for which do.
        """
        data = data if not len(data) or int(data.times[-1]) < moment else data.take(data.times < moment)
        items, ages = data.items, (moment - data.times) / DAY
        size = len(data.index)
        columns = []
        for kept in (np.ones(len(items), dtype=np.bool_), data.kinds == PURCHASE):
            for window in WINDOWS:
                here = kept & (ages <= window)
                columns.append(np.log1p(np.bincount(items[here], minlength=size)) - np.log1p(here.sum() / max(size, 1)))
        first, last = np.full(size, LONG_AGO), np.full(size, LONG_AGO)
        first[items[::-1]] = ages[::-1]
        last[items] = ages
        columns += [first, last, *_loyalty(data.sequences, size)]
        return Trends(np.column_stack(columns).astype(np.float32), _shares(data), _hot(data, ages, most, hot_days))

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return everything as plain arrays."""
        return {"trends.table": self.table, "trends.shares": self.shares, "trends.hot": self.hot}

    @staticmethod
    def from_arrays(arrays: Arrays) -> Trends:
        """Return what `arrays` was made of; it stays in the files it was opened from."""
        return Trends(
            np.asarray(arrays["trends.table"], np.float32),
            np.asarray(arrays["trends.shares"], np.float16),
            np.asarray(arrays["trends.hot"], np.int32),
        )


TREND_NAMES = (
    *(f"product_events_{window}d" for window in WINDOWS),
    *(f"product_purchases_{window}d" for window in WINDOWS),
    "product_first_event_age",
    "product_last_event_age",
    "product_buyers_again",
    "product_purchase_cycle",
)
"""Columns of `Trends.table`."""
CYCLE = TREND_NAMES.index("product_purchase_cycle")
AGAIN = TREND_NAMES.index("product_buyers_again")


def _loyalty(seen: Sequences, size: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return for each item which share of its buyers bought it again, smoothed, and after how many days."""
    bought = np.flatnonzero(seen.kinds == PURCHASE)
    pairs = seen.shoppers[bought].astype(np.int64) * size + seen.items[bought]
    _, first, counts = np.unique(pairs, return_index=True, return_counts=True)
    order = np.argsort(pairs, kind="stable")
    last = order[np.cumsum(counts) - 1]
    days = (seen.times[bought[last]] - seen.times[bought[first]]) / DAY
    items, again = seen.items[bought[first]], counts > 1
    buyers = np.bincount(items, minlength=size)
    loyal = np.bincount(items[again], minlength=size)
    usual = loyal.sum() / max(int(buyers.sum()), 1)
    gaps = np.bincount(items[again], weights=days[again] / (counts[again] - 1), minlength=size)
    cycle = np.where(loyal > 0, gaps / np.maximum(loyal, 1), LONG_AGO)
    return (loyal + _DOUBT * usual) / (buyers + _DOUBT), cycle


def _shares(data: Interactions) -> npt.NDArray[np.float16]:
    stores, size = len(data.store_names), len(data.index)
    counts = np.bincount(data.stores.astype(np.int64) * size + data.items, minlength=stores * size)
    counts = counts.reshape(stores, size)
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / max(int(counts.sum()), 1)
    return np.log((counts + _DOUBT) / (expected + _DOUBT)).astype(np.float16)


def _hot(data: Interactions, ages: npt.NDArray[np.float64], most: int, half_life: float) -> npt.NDArray[np.int32]:
    amounts = np.exp2(-ages / half_life)
    hot = np.full((len(data.store_names), most), -1, dtype=np.int32)
    for store in range(len(hot)):
        here = data.stores == store
        scores = np.bincount(data.items[here], weights=amounts[here], minlength=len(data.index))
        known = np.flatnonzero(scores > 0)
        best = known[np.lexsort((known, -scores[known]))][:most]
        hot[store, : len(best)] = best
    return hot
