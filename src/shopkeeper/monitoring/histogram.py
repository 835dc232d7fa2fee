"""Numbers as counts by bin, and two such counts on one set of bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Histogram:
    """Counts by bin.

    Attributes:
        low, high: Bounds of each bin, ascending and not overlapping; shape (n,).
        counts: What lies in it, shape (n,).
    """

    low: Numbers
    high: Numbers
    counts: Numbers


def quantile_edges(values: npt.ArrayLike, bins: int) -> Numbers:
    """Return inner edges that cut the values into bins of about equal counts; fewer where values repeat. Shape (<n,).

    Bins are open at both ends, so a value beyond anything seen before has a bin too.
    """
    held = np.asarray(values, dtype=np.float64)
    cuts = np.quantile(held[np.isfinite(held)], np.linspace(0, 1, bins + 1)[1:-1]) if held.size else np.empty(0)
    return np.unique(cuts)


def counts_between(edges: Numbers, values: npt.ArrayLike) -> Numbers:
    """Return how many values lie in each bin of inner edges; a bin holds its upper edge. Shape (edges + 1,)."""
    places = np.searchsorted(edges, np.asarray(values, dtype=np.float64), side="left")
    return np.bincount(places, minlength=len(edges) + 1).astype(np.float64)


def on_common_bins(one: Histogram, other: Histogram) -> tuple[Numbers, Numbers]:
    """Return the counts of both on the union of their edges, spread evenly inside each bin."""
    edges = np.unique(np.concatenate([one.low, one.high, other.low, other.high]))
    return _spread(one, edges), _spread(other, edges)


def _spread(histogram: Histogram, edges: Numbers) -> Numbers:
    """Return counts on finer edges; a bin of no width lies in the finer bin that begins there."""
    found = np.zeros(len(edges) - 1 if len(edges) > 1 else 1)
    for low, high, count in zip(histogram.low, histogram.high, histogram.counts, strict=True):
        if high <= low or len(edges) < 2:
            found[min(max(int(np.searchsorted(edges, low, side="right")) - 1, 0), len(found) - 1)] += count
            continue
        first, last = np.searchsorted(edges, [low, high])
        found[first:last] += count * np.diff(edges[first : last + 1]) / (high - low)
    return found
