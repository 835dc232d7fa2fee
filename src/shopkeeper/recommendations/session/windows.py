"""Sequences cut into what one step of training reads, in numpy alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.interactions import SECOND, Sequences
from shopkeeper.recommendations.session.encoder_input import gap_buckets

_POOL = 50
"""Steps whose windows are drawn together and sorted by length, so that little is padded."""


@dataclass(frozen=True)
class Windows:
    """Pieces of sequences of one customer group; each entry but the first is foretold from those before it.

    Attributes:
        starts: Where each window begins, and one more at the end; shape (windows + 1,).
        items: Item codes counted from the group's first; shape (m,).
        kinds, gaps, bands: As in `encoder_input`; shape (m,).
        ended: Time of each window's last entry, microseconds; shape (windows,).
    """

    starts: npt.NDArray[np.int64]
    items: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int64]
    gaps: npt.NDArray[np.int64]
    bands: npt.NDArray[np.int64]
    ended: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Entries foretold in each window; shape (windows,)."""
        return np.diff(self.starts) - 1


@dataclass(frozen=True)
class Step:
    """What one step reads, padded at the end.

    Attributes:
        items, kinds, gaps, bands: Shape (n, t).
        targets: Item after each entry, -1 where there is none; shape (n, t).
    """

    items: npt.NDArray[np.int64]
    kinds: npt.NDArray[np.int64]
    gaps: npt.NDArray[np.int64]
    bands: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int64]


def windows_of(seen: Sequences, start: int, end: int, bands: npt.NDArray[np.int64], most: int) -> Windows:
    """Return the windows of the sequences of items `start` to `end`.

    A longer sequence gives several windows; each begins with the entry the one before ended with, so every entry but
    a sequence's first is foretold once.

    Args:
        bands: Price band of each item.
        most: Entries that are read at most before the one foretold.
    """
    own = np.flatnonzero((seen.items >= start) & (seen.items < end))
    shoppers = seen.shoppers[own]
    heads = np.flatnonzero(np.diff(shoppers, prepend=-1))
    sizes = np.diff(np.append(heads, len(own)))
    heads, sizes = heads[sizes > 1], sizes[sizes > 1]
    pieces = -(-(sizes - 1) // most)
    number = np.arange(int(pieces.sum())) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    begin = np.repeat(heads, pieces) + number * most
    lengths = np.minimum(np.repeat(heads + sizes, pieces) - begin, most + 1)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = own[np.repeat(begin - starts[:-1], lengths) + np.arange(int(starts[-1]))]
    return Windows(
        starts,
        seen.items[rows].astype(np.int64) - start,
        seen.kinds[rows].astype(np.int64),
        gap_buckets(starts, seen.times[rows] // SECOND),
        bands[seen.items[rows]],
        seen.times[rows[starts[1:] - 1]] if len(rows) else np.zeros(0, dtype=np.int64),
    )


def steps(
    windows: Windows, rows: npt.NDArray[np.int64], tokens: int, draw: np.random.Generator
) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the windows of each step of one round, in an order drawn by chance; about `tokens` entries foretold each.

    Windows of one step are of about one length.
    """
    lengths = windows.lengths
    order = draw.permutation(rows)
    pool = np.cumsum(lengths[order]) // (tokens * _POOL)
    order = order[np.lexsort((lengths[order], pool))]
    ends = np.cumsum(lengths[order])
    parts = np.split(order, np.flatnonzero(np.diff(ends // tokens)) + 1) if len(order) else []
    for place in draw.permutation(len(parts)).tolist():
        yield parts[place]


def step_of(windows: Windows, rows: npt.NDArray[np.int64]) -> Step:
    """Return the windows at `rows` as one padded block."""
    lengths = windows.lengths[rows]
    columns = np.arange(int(lengths.max()))
    there = columns < lengths[:, None]
    places = np.where(there, windows.starts[rows][:, None] + columns, windows.starts[rows][:, None])
    return Step(
        windows.items[places],
        windows.kinds[places],
        windows.gaps[places],
        windows.bands[places],
        np.where(there, windows.items[places + 1], -1),
    )
