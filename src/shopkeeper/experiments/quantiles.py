"""Quantiles that may be looked at at any time: whether the 99th percentile of latency differs between two arms.

Source:
    Howard, Ramdas (2022), Sequential estimation of quantiles with applications to A/B testing and best-arm
    identification; conventions of their library `confseq`.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from shopkeeper.experiments.mixtures import BetaBinomial

Array = npt.NDArray[np.float64]


def quantile_difference_p(
    a: npt.ArrayLike, b: npt.ArrayLike, quantile: float, tuned_at: float, alpha_opt: float = 0.05
) -> float:
    """Return an always-valid p value for one quantile being the same in both arms.

    For every value that both quantiles could be, the evidence of the arms against it multiplies; the value that both
    contradict least decides.

    Args:
        a, b: Everything seen so far, in any order.
        quantile: Such as 0.99.
        tuned_at: Observations of one arm at which it is to be sharpest.
    """
    first, second = np.sort(np.asarray(a, dtype=np.float64)), np.sort(np.asarray(b, dtype=np.float64))
    mixture = BetaBinomial.tuned(tuned_at * quantile * (1 - quantile), alpha_opt, quantile, 1 - quantile)
    between = np.unique(np.concatenate([_around(first, second, quantile), _around(second, first, quantile)]))
    evidence = [
        _against(mixture, first, place, quantile) + _against(mixture, second, place, quantile) for place in between
    ]
    return min(1.0, math.exp(-min(evidence))) if evidence else 1.0


def _around(one: Array, other: Array, quantile: float) -> Array:
    """Return the values of one arm that lie between the two sample quantiles, where the least evidence is."""
    marks = sorted(float(np.quantile(arm, quantile, method="inverted_cdf")) for arm in (one, other))
    return np.asarray(one[(one >= marks[0]) & (one <= marks[1])])


def _against(mixture: BetaBinomial, arm: Array, place: float, quantile: float) -> float:
    """Return the evidence of one arm against its quantile being `place`; ties count for whatever fits best."""
    n = len(arm)
    below, upto = int(np.searchsorted(arm, place, "left")), int(np.searchsorted(arm, place, "right"))
    fitting = min(max(quantile * n, below), upto)
    return mixture.log_value(fitting - quantile * n, n * quantile * (1 - quantile))
