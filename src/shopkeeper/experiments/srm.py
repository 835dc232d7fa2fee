"""Sample-ratio mismatch: arms that are not the size they should be, so nothing about them can be believed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import scipy

ALERT: float = 0.001
"""p value below which a mismatch stops every verdict."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Units of each arm of one allocation epoch, beside the share each should have."""

    users: tuple[float, ...]
    weights: tuple[float, ...]


def mismatch_p(users: Sequence[float], weights: Sequence[float]) -> float:
    """Return the p value of Pearson's chi-square of the arms' sizes against their weights.

    Arms without weight are left out and the rest add up to 1. 1 with fewer than two arms or without users.
    """
    pairs = [(count, weight) for count, weight in zip(users, weights, strict=False) if weight > 0]
    total = sum(count for count, _ in pairs)
    if len(pairs) < 2 or total == 0:
        return 1.0
    whole = sum(weight for _, weight in pairs)
    expected = [(count, weight / whole * total) for count, weight in pairs]
    return float(scipy.special.chdtrc(len(pairs) - 1, sum((count - due) ** 2 / due for count, due in expected)))


def two_arm_p(control: int, treatment: int, ratio: float = 1.0) -> float:
    """Return the exact two-sided binomial p value of two arms whose sizes should be 1 : ratio."""
    if control + treatment == 0:
        return 1.0
    from scipy.stats import binomtest  # noqa: PLC0415 - takes a second to load, and is asked for by hand

    return float(binomtest(treatment, control + treatment, ratio / (1 + ratio)).pvalue)


def mismatch_log_e(users: Sequence[float], weights: Sequence[float], strength: float = 10_000.0) -> float:
    """Return the log of an e-value against the weights; it may be looked at after every unit.

    A Dirichlet mixture around the weights: where arms follow them, it exceeds 1 / alpha at any time with chance alpha
    at most, so `exp(-log e)` is a p value that stays valid however often somebody looks.

    Args:
        strength: How near to the weights a mismatch is looked for, in units; larger finds smaller ones later.

    Source:
        Lindon, Malek (2022), Anytime-Valid Inference for Multinomial Count Data, section 3.
    """
    pairs = [(count, weight) for count, weight in zip(users, weights, strict=False) if weight > 0]
    total = sum(count for count, _ in pairs)
    if len(pairs) < 2 or total == 0:
        return 0.0
    whole = sum(weight for _, weight in pairs)
    log_e = math.lgamma(strength) - math.lgamma(strength + total)
    for count, weight in pairs:
        share = weight / whole
        log_e += math.lgamma(strength * share + count) - math.lgamma(strength * share) - count * math.log(share)
    return log_e


def mismatch_repeated(epochs: Sequence[Counts], strength: float = 10_000.0) -> float:
    """Return a p value of all allocation epochs together that holds at every look: their e-values multiply."""
    log_e = sum(mismatch_log_e(epoch.users, epoch.weights, strength) for epoch in epochs)
    return min(1.0, math.exp(-log_e)) if log_e > -700 else 1.0
