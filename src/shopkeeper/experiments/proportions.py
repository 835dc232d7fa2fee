"""Two proportions: intervals that hold with few successes, where the normal one does not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from shopkeeper.experiments.effect import Alternative

Interval = tuple[float, float]
_TINY: Final = 1e-12


def wilson(successes: float, n: float, alpha: float) -> Interval:
    """Return the score interval of one proportion. Source: Wilson (1927)."""
    z2 = float(stats.norm.isf(alpha / 2)) ** 2
    centre = (successes + z2 / 2) / (n + z2)
    half = math.sqrt(z2 * (successes * (n - successes) / n + z2 / 4)) / (n + z2)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def agresti_caffo(x1: float, n1: float, x2: float, n2: float, alpha: float) -> Interval:
    """Return the interval of p1 - p2 with one success and one failure added to each. Source: Agresti, Caffo (2000)."""
    p1, p2 = (x1 + 1) / (n1 + 2), (x2 + 1) / (n2 + 2)
    half = float(stats.norm.isf(alpha / 2)) * math.sqrt(p1 * (1 - p1) / (n1 + 2) + p2 * (1 - p2) / (n2 + 2))
    return max(p1 - p2 - half, -1.0), min(p1 - p2 + half, 1.0)


def newcombe(x1: float, n1: float, x2: float, n2: float, alpha: float) -> Interval:
    """Return the hybrid score interval of p1 - p2. Source: Newcombe (1998), method 10."""
    p1, p2 = x1 / n1, x2 / n2
    low1, high1 = wilson(x1, n1, alpha)
    low2, high2 = wilson(x2, n2, alpha)
    below = math.hypot(p1 - low1, high2 - p2)
    above = math.hypot(high1 - p1, p2 - low2)
    return p1 - p2 - below, p1 - p2 + above


def wald(x1: float, n1: float, x2: float, n2: float, alpha: float) -> Interval:
    """Return the interval of p1 - p2 with the unpooled normal error; for many successes only."""
    p1, p2 = x1 / n1, x2 / n2
    half = float(stats.norm.isf(alpha / 2)) * math.sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2)
    return p1 - p2 - half, p1 - p2 + half


def mee(x1: float, n1: float, x2: float, n2: float, alpha: float) -> Interval:
    """Return the score interval of p1 - p2 without a correction of the variance. Source: Mee (1984)."""
    return miettinen_nurminen(x1, n1, x2, n2, alpha, corrected=False)


def miettinen_nurminen(x1: float, n1: float, x2: float, n2: float, alpha: float, *, corrected: bool = True) -> Interval:
    """Return the score interval of p1 - p2. Source: Miettinen, Nurminen (1985).

    Args:
        corrected: Multiply the variance by N / (N - 1).
    """
    wanted, seen = float(stats.chi2.isf(alpha, 1)), x1 / n1 - x2 / n2
    factor = (n1 + n2) / (n1 + n2 - 1) if corrected else 1.0

    def excess(difference: float) -> float:
        p2 = _p2_given_difference(x1, n1, x2, n2, difference)
        p1 = min(max(p2 + difference, 0.0), 1.0)
        variance = (p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2) * factor
        return (seen - difference) ** 2 / variance - wanted if variance > 0 else math.inf

    return _ends(excess, seen, -1 + 1e-9, 1 - 1e-9)


def _p2_given_difference(x1: float, n1: float, x2: float, n2: float, difference: float) -> float:
    """Return the likeliest p2 when p1 = p2 + difference: the root of a cubic in closed form."""
    n, x = n1 + n2, x1 + x2
    l2 = (n1 + 2 * n2) * difference - n - x
    l1 = (n2 * difference - n - 2 * x2) * difference + x
    l0 = x2 * difference * (1 - difference)
    q = l2**3 / (3 * n) ** 3 - l1 * l2 / (6 * n**2) + l0 / (2 * n)
    p = math.copysign(math.sqrt(max(l2**2 / (3 * n) ** 2 - l1 / (3 * n), 0.0)), q)
    if p == 0:
        return min(max(-l2 / (3 * n), 0.0), 1.0)
    angle = (math.pi + math.acos(max(-1.0, min(1.0, q / p**3)))) / 3
    return min(max(2 * p * math.cos(angle) - l2 / (3 * n), 0.0), 1.0)


def koopman(x1: float, n1: float, x2: float, n2: float, alpha: float) -> Interval:
    """Return the score interval of p1 / p2. Source: Koopman (1984).

    (0, infinity) without successes in either.
    """
    if x1 == 0 and x2 == 0:
        return 0.0, math.inf
    wanted, n = float(stats.chi2.isf(alpha, 1)), n1 + n2

    def excess(log_ratio: float) -> float:
        ratio = math.exp(log_ratio)
        b = n1 * ratio + x1 + n2 + x2 * ratio
        p2 = (b - math.sqrt(max(b**2 - 4 * n * ratio * (x1 + x2), 0.0))) / (2 * n * ratio)
        p1 = ratio * p2
        return _chi(x1, n1, p1) + _chi(x2, n2, p2) - wanted

    if x1 == 0 or x2 == 0:
        seen = math.log((x1 + 0.5) / (n1 + 0.5)) - math.log((x2 + 0.5) / (n2 + 0.5))
    else:
        seen = math.log(x1 / n1) - math.log(x2 / n2)
    low, high = _ends(excess, seen, -40.0, 40.0)
    return (0.0 if x1 == 0 else math.exp(low)), (math.inf if x2 == 0 else math.exp(high))


def _chi(x: float, n: float, p: float) -> float:
    return (x - n * p) ** 2 / (n * max(p * (1 - p), _TINY))


def _ends(excess: Callable[[float], float], inside: float, lowest: float, highest: float) -> Interval:
    """Return where the score passes its bound on both sides of a value inside."""
    low = brentq(excess, lowest, inside) if excess(lowest) > 0 else lowest
    high = brentq(excess, inside, highest) if excess(highest) > 0 else highest
    return float(low), float(high)


def katz(x1: float, n1: float, x2: float, n2: float, alpha: float) -> Interval:
    """Return the interval of p1 / p2 on the logarithmic scale. Source: Katz et al. (1978)."""
    if x1 == 0 or x2 == 0:
        return 0.0, math.inf
    half = float(stats.norm.isf(alpha / 2)) * math.sqrt(1 / x1 - 1 / n1 + 1 / x2 - 1 / n2)
    ratio = (x1 / n1) / (x2 / n2)
    return ratio * math.exp(-half), ratio * math.exp(half)


@dataclass(frozen=True, slots=True)
class ZTested:
    """A difference of two proportions by the normal test: p1 - p2, its interval and p value."""

    effect: float
    low: float
    high: float
    p: float


def z_test(
    x1: float, n1: float, x2: float, n2: float, alternative: Alternative, alpha: float, *,
    pooled: bool = True, corrected: bool = False,
) -> ZTested:  # fmt: skip
    """Test p1 - p2 against 0.

    Args:
        alternative: What is to be shown of p1 - p2.
        pooled: Take the error under the null hypothesis that both are one proportion.
        corrected: Correct for counts being whole: half a unit of each arm, on the test and on the interval.
    """
    p1, p2, whole = x1 / n1, x2 / n2, (x1 + x2) / (n1 + n2)
    spread = whole * (1 - whole) * (1 / n1 + 1 / n2) if pooled else p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2
    error, effect = math.sqrt(spread), p1 - p2
    slack = 0.5 * (1 / n1 + 1 / n2) if corrected else 0.0
    if error == 0:
        return ZTested(effect, -1.0, 1.0, 1.0)
    if alternative == "two-sided":
        half = float(stats.norm.isf(alpha / 2)) * error + slack
        p = min(1.0, 2 * float(stats.norm.sf(max(abs(effect) - slack, 0.0) / error)))
        return ZTested(effect, max(effect - half, -1.0), min(effect + half, 1.0), p)
    half = float(stats.norm.isf(alpha)) * error + slack
    if alternative == "greater":
        return ZTested(effect, max(effect - half, -1.0), 1.0, float(stats.norm.sf((effect - slack) / error)))
    return ZTested(effect, -1.0, min(effect + half, 1.0), float(stats.norm.cdf((effect + slack) / error)))


def barnard_p(x1: int, n1: int, x2: int, n2: int) -> float:
    """Return Barnard's exact two-sided p value."""
    return float(stats.barnard_exact([[x1, x2], [n1 - x1, n2 - x2]]).pvalue)


def boschloo_p(x1: int, n1: int, x2: int, n2: int) -> float:
    """Return Boschloo's exact two-sided p value."""
    return float(stats.boschloo_exact([[x1, x2], [n1 - x1, n2 - x2]]).pvalue)


def chi_square_p(x1: float, n1: float, x2: float, n2: float, *, yates: bool = False) -> float:
    """Return the p value of Pearson's chi-square of the 2 x 2 table; with Yates' correction where asked for."""
    table = np.array([[x1, n1 - x1], [x2, n2 - x2]])
    if (table.sum(axis=0) == 0).any():
        return 1.0
    return float(stats.chi2_contingency(table, correction=yates).pvalue)


def fisher_p(x1: int, n1: int, x2: int, n2: int) -> float:
    """Return Fisher's exact two-sided p value."""
    return float(stats.fisher_exact(np.array([[x1, n1 - x1], [x2, n2 - x2]])).pvalue)
