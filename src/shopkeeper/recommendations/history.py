"""What a model is told about a shopper: products in order with a strength each, for one shopper or for many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.interactions import KINDS

KIND_STRENGTHS: npt.NDArray[np.float32] = np.array(
    [{"view": 1.0, "click": 1.0, "rating": 1.2, "cart": 1.5, "checkout": 1.5, "purchase": 1.5}[kind] for kind in KINDS],
    dtype=np.float32,
)
"""How much a past event of each kind says about the next product, in views."""


def ages_of(starts: npt.NDArray[np.int64], moments: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return how many moments lie between each entry and the newest of its history; shape (m,).

    Args:
        starts: Where each history begins, and one more at the end; shape (n + 1,).
        moments: Numbers that rise by one from moment to moment within a history; shape (m,).
    """
    lengths = np.diff(starts)
    newest = moments[np.maximum(starts[1:] - 1, 0)] if len(moments) else np.zeros(len(lengths), dtype=np.int64)
    return np.repeat(newest, lengths) - moments


@dataclass(frozen=True)
class HistoryBatch:
    """Histories of many shoppers, end to end.

    Attributes:
        starts: Where each history begins, and one more at the end; shape (n + 1,).
        items: Item codes, oldest first within a history; shape (m,).
        strengths: Weight of each entry before it fades with age; shape (m,).
        ages: How many moments lie between each entry and the newest; entries of one moment share it; shape (m,).
        stores: Store each answer is for; shape (n,).
    """

    starts: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    strengths: npt.NDArray[np.float32]
    ages: npt.NDArray[np.int64]
    stores: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def rows(self) -> npt.NDArray[np.int64]:
        """Return which history each entry belongs to; shape (m,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def part(self, start: int, end: int) -> HistoryBatch:
        """Return histories `start` to `end`."""
        low, high = int(self.starts[start]), int(self.starts[end])
        return HistoryBatch(
            self.starts[start : end + 1] - low,
            self.items[low:high],
            self.strengths[low:high],
            self.ages[low:high],
            self.stores[start:end],
        )

    def take(self, rows: npt.NDArray[np.int64]) -> HistoryBatch:
        """Return the histories at `rows`, in that order."""
        lengths = self.starts[rows + 1] - self.starts[rows]
        starts = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(lengths, out=starts[1:])
        places = np.repeat(self.starts[rows] - starts[:-1], lengths) + np.arange(int(starts[-1]))
        return HistoryBatch(starts, self.items[places], self.strengths[places], self.ages[places], self.stores[rows])

    def newest(self, most: int) -> HistoryBatch:
        """Return the same histories cut to their newest `most` entries."""
        newer = np.repeat(self.starts[1:], np.diff(self.starts)) - 1 - np.arange(len(self.items))
        keep = newer < most
        starts = np.zeros_like(self.starts)
        np.cumsum(np.minimum(np.diff(self.starts), most), out=starts[1:])
        return HistoryBatch(starts, self.items[keep], self.strengths[keep], self.ages[keep], self.stores)
