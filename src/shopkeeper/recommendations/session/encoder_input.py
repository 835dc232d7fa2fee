"""Histories as the session encoder reads them: the same numbers in training and in a request."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import HistoryBatch
from shopkeeper.recommendations.behaviour.many_asked import ManyAsked

GAP_SECONDS = np.array(
    [10, 60, 300, 1_800, 7_200, 43_200, 86_400, 259_200, 604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000],
    dtype=np.int64,
)
"""Pauses are told apart by these bounds: ten seconds, a minute, ... a year."""

GAPS = len(GAP_SECONDS) + 2
"""Buckets of pauses; 0 = nothing came before."""

BANDS = 11
"""Price bands: tenths of a group's products by price; 0 = no price is known."""


@dataclass(frozen=True)
class EncoderInput:
    """Histories, padded at the end; what pads is never looked at.

    Attributes:
        items: Item codes, shape (n, t); padding is some code that exists.
        kinds: Place in `interactions.KINDS`; shape (n, t).
        gaps: Bucket of the pause before each entry; shape (n, t).
        lengths: Entries of each history, at least 1; shape (n,).
    """

    items: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int64]
    gaps: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]


def gap_buckets(starts: npt.NDArray[np.int64], times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the bucket of the pause before each entry of histories that begin at `starts`; shape (m,)."""
    pauses = np.zeros(len(times), dtype=np.int64)
    pauses[1:] = times[1:] - times[:-1]
    buckets = np.searchsorted(GAP_SECONDS, pauses, side="right") + 1
    buckets[starts[:-1][starts[:-1] < len(times)]] = 0
    return buckets


def padded(batch: HistoryBatch, rows: npt.NDArray[np.int64]) -> EncoderInput:
    """Return the histories at `rows`, none of them empty, as one padded block."""
    part = batch.take(rows)
    lengths = np.diff(part.starts)
    places = (part.rows(), np.arange(len(part.items)) - np.repeat(part.starts[:-1], lengths))
    shape = (len(part), int(lengths.max()))

    def block(values: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
        cells = np.zeros(shape, dtype=np.int64)
        cells[places] = values
        return cells

    filled = np.repeat(part.items[part.starts[:-1]].astype(np.int64)[:, None], shape[1], axis=1)
    filled[places] = part.items
    return EncoderInput(filled, block(part.kinds), block(gap_buckets(part.starts, part.times)), lengths)


def side_by_side(many: ManyAsked, rows: npt.NDArray[np.int64]) -> EncoderInput:
    """Return some of several questions, none of them empty and all of one customer group, as one padded block."""
    starts, ends = many.starts[rows], many.starts[rows + 1]
    lengths = ends - starts
    places = np.minimum(starts[:, None] + np.arange(int(lengths.max())), ends[:, None] - 1)
    gaps = gap_buckets(many.starts, many.times)
    return EncoderInput(many.items[places], many.kinds[places].astype(np.int64), gaps[places], lengths)


def price_bands(prices: npt.NDArray[np.float64], spans: list[tuple[int, int]]) -> npt.NDArray[np.int64]:
    """Return the price band of each item among those of its customer group; shape (items,).

    Args:
        prices: Price of each item, nan = not known.
    """
    bands = np.zeros(len(prices), dtype=np.int64)
    for start, end in spans:
        known = start + np.flatnonzero(np.isfinite(prices[start:end]))
        if len(known):
            bounds = np.quantile(prices[known], np.arange(1, BANDS - 1) / (BANDS - 1))
            bands[known] = 1 + np.searchsorted(bounds, prices[known], side="left")
    return bands
