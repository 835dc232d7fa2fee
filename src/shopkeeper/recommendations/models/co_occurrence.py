"""Which product follows which: the order-aware item-to-item similarity, built block by block in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import scipy

from shopkeeper.recommendations.behaviour.interactions import Sequences
from shopkeeper.recommendations.models.neighbours import Neighbours, keep_strongest

PAIRS_PER_BLOCK = 8_000_000
"""Pairs counted at a time; a block needs about 50 bytes a pair, so 400 MB."""


def similarity(
    seen: Sequences,
    items: int,
    *,
    window: int,
    gap_decay: float,
    gap_power: float,
    backward: float,
    had_power: float,
    with_power: float,
    shrink: float,
    neighbours: int | None,
) -> Neighbours:
    """Return the item-to-item similarity of sequences.

    For entries a before b, at most `window` entries apart in one sequence, with g moments from a to b, a pair counts
    `w = gap_decay ** (g - 1) * g ** -gap_power`: `C[a, b] += w` and `C[b, a] += backward * w`; where both are of one
    moment (a basket) there is no order and each gets 1. Then `S[a, b] = C[a, b] / (n_a ** had_power * n_b **
    with_power + shrink)` with `n` the entries of an item; powers of 1/2 make it a cosine. An item is no neighbour of
    itself. Where no two entries share a moment, g is the gap in entries.

    Args:
        seen: Sequences of item codes.
        items: How many item codes there are.
        neighbours: Strongest neighbours kept for each item, of equals those with the lower code; None = all.

    Returns:
        Row = the item had, entries = the items that go with it.

    Source:
        Research notes of this project, section 3.1; the order-aware form of item-based kNN (Sarwar et al. 2001).
    """
    counts = np.bincount(seen.items, minlength=items)
    sizes = counts.astype(np.float64)
    had, beside = np.power(sizes, had_power), np.power(sizes, with_power)
    order = np.argsort(seen.items, kind="stable")
    ends = np.cumsum(counts)
    along, against = pair_weights(window, gap_decay, gap_power, backward)
    blocks = []
    for low, high in _blocks(ends, PAIRS_PER_BLOCK // (2 * window)):
        positions = order[(ends[low - 1] if low else 0) : ends[high - 1]]
        block = _count(seen, positions, low, (high - low, items), along, against)
        rows = np.repeat(np.arange(low, high), np.diff(block.indptr))
        block.data /= had[rows] * beside[block.indices] + shrink
        block.data = block.data.astype(np.float32)
        blocks.append(block if neighbours is None else keep_strongest(block, neighbours))
    return _stacked(blocks, items)


def pair_weights(
    window: int, gap_decay: float, gap_power: float, backward: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return what a pair g moments apart counts along its order and against it, g = 0 first; shape (window + 1,)."""
    gaps = np.arange(1, window + 1, dtype=np.float64)
    along = np.concatenate([[1.0], np.power(gap_decay, gaps - 1) * np.power(gaps, -gap_power)])
    return along, np.concatenate([[1.0], backward * along[1:]])


def _stacked(blocks: list[scipy.sparse.csr_array], items: int) -> Neighbours:
    """Return the rows of the blocks under each other."""
    starts = np.zeros(items + 1, dtype=np.int64)
    np.cumsum(np.concatenate([[0][:0], *(np.diff(block.indptr) for block in blocks)]), out=starts[1:])
    return Neighbours(
        starts,
        np.concatenate([np.empty(0, dtype=np.int32), *(block.indices for block in blocks)]).astype(
            np.int32, copy=False
        ),
        np.concatenate([np.empty(0, dtype=np.float32), *(block.data for block in blocks)]).astype(
            np.float32, copy=False
        ),
    )


def _blocks(ends: npt.NDArray[np.int64], most: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of items that have about `most` entries together, at least one item each."""
    low, items = 0, len(ends)
    while low < items:
        before = int(ends[low - 1]) if low else 0
        high = max(int(np.searchsorted(ends, before + most, side="right")), low + 1)
        yield low, high
        low = high


def _count(
    seen: Sequences,
    positions: npt.NDArray[np.int64],
    low: int,
    shape: tuple[int, int],
    along: npt.NDArray[np.float64],
    against: npt.NDArray[np.float64],
) -> scipy.sparse.csr_array:
    """Return the rows of C for the items at `positions`, row 0 being item `low`; weights are by gap in moments."""
    rows, columns, amounts = [], [], []
    shoppers, codes, last = seen.shoppers, seen.items, len(seen)
    for gap in range(1, len(along)):
        for step, weights in ((gap, along), (-gap, against)):
            there = positions + step
            here = positions[(there >= 0) & (there < last)]
            here = here[(shoppers[here] == shoppers[here + step]) & (codes[here] != codes[here + step])]
            rows.append(codes[here] - np.int32(low))
            columns.append(codes[here + step])
            amounts.append(weights[np.abs(seen.moments[here + step] - seen.moments[here])])
    pairs = scipy.sparse.coo_array(
        (np.concatenate(amounts), (np.concatenate(rows), np.concatenate(columns))), shape=shape, dtype=np.float64
    )
    counted = scipy.sparse.csr_array(pairs)
    counted.sum_duplicates()
    return counted
