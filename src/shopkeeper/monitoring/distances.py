"""How far apart two distributions are, from their shares by bin or category. All are 0 for equal distributions.

Arguments are counts or shares of the same bins in the same order, shape (n,); they are made to add up to 1 first.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

Shares = npt.NDArray[np.float64]

EMPTY: Final = 1e-4
"""Share that an empty bin counts as in a PSI. A total change then gives about 8.3; with the smallest double it would
give 461, so the floor is a part of the number and has to be said beside it."""


def shares(counts: npt.ArrayLike) -> Shares:
    """Return counts as shares of their sum; zeros where there is nothing. Shape (n,)."""
    held = np.asarray(counts, dtype=np.float64)
    total = held.sum()
    return held / total if total > 0 else np.zeros_like(held)


def psi(reference: npt.ArrayLike, current: npt.ArrayLike, empty: float = EMPTY) -> float:
    """Return the population stability index: sum of (q - p) ln(q / p), empty bins taken as `empty`. Symmetric.

    Source:
        Siddiqi (2006), Credit Risk Scorecards; it is the Jeffreys divergence of the binned shares.
    """
    p, q = (np.where(one > 0, one, empty) for one in (shares(reference), shares(current)))
    return float(np.sum((q - p) * np.log(q / p)))


def jensen_shannon(reference: npt.ArrayLike, current: npt.ArrayLike, base: float = 2.0) -> float:
    """Return the Jensen-Shannon divergence, between 0 and 1 at base 2; its square root is the distance. Symmetric.

    Source:
        Lin (1991), IEEE Transactions on Information Theory 37(1).
    """
    p, q = shares(reference), shares(current)
    middle = (p + q) / 2
    return max((_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2 / math.log(base), 0.0)


def kullback_leibler(reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    """Return sum of p ln(p / q), nats; infinite where the current has an empty bin that the reference fills."""
    p, q = shares(reference), shares(current)
    return math.inf if np.any((p > 0) & (q == 0)) else _relative_entropy(p, q)


def hellinger(reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    """Return the Hellinger distance, between 0 and 1: sqrt(sum (sqrt p - sqrt q)^2 / 2). Symmetric."""
    return float(np.sqrt(np.sum((np.sqrt(shares(reference)) - np.sqrt(shares(current))) ** 2) / 2))


def bhattacharyya(reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    """Return 1 minus the overlap sum sqrt(p q), between 0 and 1: the square of the Hellinger distance. Symmetric."""
    return max(float(1 - np.sum(np.sqrt(shares(reference) * shares(current)))), 0.0)


def total_variation(reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    """Return half the sum of absolute differences of shares: the share that would have to move. Symmetric."""
    return float(np.abs(shares(reference) - shares(current)).sum() / 2)


def l_infinity(reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    """Return the largest difference of a single share. Symmetric."""
    return float(np.abs(shares(reference) - shares(current)).max(initial=0.0))


def ks_distance(reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    """Return the largest difference of the cumulated shares of ordered bins; that of the samples is no smaller."""
    return float(np.abs(np.cumsum(shares(reference)) - np.cumsum(shares(current))).max(initial=0.0))


def wasserstein(places: npt.ArrayLike, reference: npt.ArrayLike, current: npt.ArrayLike) -> float:
    """Return how far mass has to be moved on average (first Wasserstein distance), in the unit of the places.

    Args:
        places: Where the mass of each bin lies, ascending; shape (n,).
    """
    apart = np.abs(np.cumsum(shares(reference)) - np.cumsum(shares(current)))[:-1]
    return float(np.sum(apart * np.diff(np.asarray(places, dtype=np.float64))))


def _relative_entropy(p: Shares, q: Shares) -> float:
    there = p > 0
    return float(np.sum(p[there] * np.log(p[there] / q[there])))
