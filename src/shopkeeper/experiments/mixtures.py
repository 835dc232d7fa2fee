"""Uniform boundaries from mixture supermartingales, for figures that are far from normal: rare errors, latency.

Source:
    Howard, Ramdas, McAuliffe, Sekhon (2021), Time-uniform, nonparametric, nonasymptotic confidence sequences, and their
    library `confseq`, whose conventions (tuning by intrinsic time) are kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import scipy


class Mixture(Protocol):
    """A supermartingale in a sum `s` and its intrinsic time `v`; log scale."""

    def log_value(self, s: float, v: float) -> float:
        """Return its logarithm; it exceeds log(1 / alpha) anywhere with chance alpha at most."""
        ...


def two_sided_rho(v_opt: float, alpha: float) -> float:
    """Return the rho that makes a two-sided normal mixture narrowest at intrinsic time `v_opt`."""
    twice = 2 * math.log(1 / alpha)
    return v_opt / (twice + math.log(1 + twice))


def one_sided_rho(v_opt: float, alpha: float) -> float:
    """Return the same for one side."""
    return two_sided_rho(v_opt, 2 * alpha)


@dataclass(frozen=True, slots=True)
class TwoSidedNormal:
    """Sub-Gaussian sums, both sides."""

    rho: float

    def log_value(self, s: float, v: float) -> float:
        """Return `log(rho / (v + rho)) / 2 + s^2 / (2 (v + rho))`."""
        return 0.5 * math.log(self.rho / (v + self.rho)) + s**2 / (2 * (v + self.rho))


@dataclass(frozen=True, slots=True)
class OneSidedNormal:
    """Sub-Gaussian sums, one side."""

    rho: float

    def log_value(self, s: float, v: float) -> float:
        """Return the half-normal mixture."""
        wide, special = v + self.rho, scipy.special
        return 0.5 * math.log(4 * self.rho / wide) + s**2 / (2 * wide) + float(special.log_ndtr(s / math.sqrt(wide)))


@dataclass(frozen=True, slots=True)
class GammaExponential:
    """Sub-exponential sums with scale `c`: heavy on one side."""

    rho: float
    c: float

    def log_value(self, s: float, v: float) -> float:
        """Return the gamma mixture of exponential supermartingales."""
        c2 = self.c**2
        special = scipy.special
        shape, reach = (v + self.rho) / c2, (self.c * s + v) / c2 + self.rho / c2
        start = self.rho / c2
        leading = start * math.log(start) - special.gammaln(start) - math.log(special.gammainc(start, start))
        inner = (
            special.gammaln(shape) + math.log(special.gammainc(shape, reach)) - shape * math.log(reach) + reach - start
        )
        return float(leading + inner)


@dataclass(frozen=True, slots=True)
class GammaPoisson:
    """Sub-Poisson sums with scale `c`: counts."""

    rho: float
    c: float

    def log_value(self, s: float, v: float) -> float:
        """Return the gamma mixture of Poisson supermartingales."""
        c2 = self.c**2
        start, wide, special = self.rho / c2, (v + self.rho) / c2, scipy.special
        leading = start * math.log(start) - special.gammaln(start) - math.log(special.gammaincc(start, start))
        shape = s / self.c + wide
        return float(
            leading
            + special.gammaln(shape)
            + math.log(special.gammaincc(shape, wide))
            - shape * math.log(wide)
            + v / c2
        )


@dataclass(frozen=True, slots=True)
class BetaBinomial:
    """Sums of variables in [-g, h], such as successes less their expected number.

    Attributes:
        r: Intrinsic time added at the start; see `tuned`.
        one_sided: Mix over one side only.
    """

    r: float
    g: float
    h: float
    one_sided: bool = False

    @staticmethod
    def tuned(v_opt: float, alpha: float, g: float, h: float, one_sided: bool = False) -> BetaBinomial:
        """Return the mixture that is narrowest at intrinsic time `v_opt`."""
        rho = one_sided_rho(v_opt, alpha) if one_sided else two_sided_rho(v_opt, alpha)
        return BetaBinomial(max(rho - g * h, 1e-3 * g * h), g, h, one_sided)

    def log_value(self, s: float, v: float) -> float:
        """Return the beta mixture of binomial likelihood ratios."""
        g, h, r, both = self.g, self.h, self.r, self.g + self.h
        x = h / both if self.one_sided else 1.0
        return (
            v / (g * h) * math.log(both)
            - (v / h + s) / both * math.log(g)
            - (v / g - s) / both * math.log(h)
            + _log_incomplete_beta((r + v) / (g * both) - s / both, (r + v) / (h * both) + s / both, x)
            - _log_incomplete_beta(r / (g * both), r / (h * both), x)
        )


def _log_incomplete_beta(a: float, b: float, x: float) -> float:
    whole = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    return whole if x == 1.0 else whole + math.log(float(scipy.special.betainc(a, b, x)))


def boundary(mixture: Mixture, v: float, alpha: float) -> float:
    """Return the sum that is exceeded at any intrinsic time with chance alpha at most, at time `v`.

    Raises:
        ValueError: no sum is that unlikely.
    """
    wanted = math.log(1 / alpha)
    high = math.sqrt(max(v, 1.0))
    for _ in range(200):
        if mixture.log_value(high, v) > wanted:
            return float(scipy.optimize.brentq(lambda s: mixture.log_value(s, v) - wanted, 0.0, high, xtol=1e-12))
        high *= 2
    raise ValueError(f"No boundary at intrinsic time {v:g} for alpha {alpha:g}.")


def rate_sequence(
    successes: int, trials: int, alpha: float, tuned_at: float, alpha_opt: float = 0.05
) -> tuple[float, float]:
    """Return an interval of a rate that holds at all looks together: errors, conversions.

    Args:
        tuned_at: Trials at which it is to be narrowest.

    Returns:
        All rates p at which the beta-binomial mixture of `successes - p trials` stays below 1 / alpha.
    """
    excess = _excess(successes, trials, alpha, tuned_at, alpha_opt)
    return _low(excess, successes, trials), _high(excess, successes, trials)


def rate_at_least(successes: int, trials: int, alpha: float, tuned_at: float) -> float:
    """Return the lower bound of a rate that holds at all looks together, wrong with chance alpha at most."""
    return _low(_excess(successes, trials, 2 * alpha, tuned_at), successes, trials)


def rate_at_most(successes: int, trials: int, alpha: float, tuned_at: float) -> float:
    """Return the upper bound of a rate that holds at all looks together, wrong with chance alpha at most."""
    return _high(_excess(successes, trials, 2 * alpha, tuned_at), successes, trials)


def _excess(
    successes: int, trials: int, alpha: float, tuned_at: float, alpha_opt: float = 0.05
) -> Callable[[float], float]:
    """Return by how much the log of the mixture of `successes - p trials` exceeds log(1 / alpha), given p.

    `BetaBinomial` of Bernoulli trials under p, tuned to `tuned_at` trials, is the likelihood ratio against p of a beta
    prior around p that weighs `weight` trials; written out so, it costs four gamma functions.
    """
    weight = max(two_sided_rho(tuned_at, alpha_opt) - 1.0, 1e-3)
    failures = trials - successes
    start = math.lgamma(weight) - math.lgamma(weight + trials) - math.log(1 / alpha)

    def excess(p: float) -> float:
        a, b = weight * p, weight * (1 - p)
        ratio = math.lgamma(a + successes) - math.lgamma(a) + math.lgamma(b + failures) - math.lgamma(b)
        return start + ratio - successes * math.log(p) - failures * math.log1p(-p)

    return excess


_TINY = 1e-10
_NEAR = 8.0
"""Standard errors within which a bound is looked for first; it is searched for everywhere where it is not there."""


def _low(excess: Callable[[float], float], successes: int, trials: int) -> float:
    if successes <= 0:
        return 0.0
    seen = min(successes / trials, 1 - _TINY)
    near = seen - _NEAR * math.sqrt(seen * (1 - seen) / trials)
    outer = near if near > _TINY and excess(near) > 0 else _TINY
    return _root(excess, outer, seen) or 0.0


def _high(excess: Callable[[float], float], successes: int, trials: int) -> float:
    if successes >= trials:
        return 1.0
    seen = max(successes / trials, _TINY)
    near = seen + _NEAR * math.sqrt(seen * (1 - seen) / trials)
    outer = near if near < 1 - _TINY and excess(near) > 0 else 1 - _TINY
    found = _root(excess, seen, outer)
    return 1.0 if found is None else found


def _root(excess: Callable[[float], float], low: float, high: float) -> float | None:
    """Return where the mixture passes its bound between two rates; None where it does not."""
    outer, inner = (low, high)
    if excess(outer) <= 0 and excess(inner) <= 0:
        return None
    try:
        return float(scipy.optimize.brentq(excess, outer, inner, xtol=1e-12))
    except ValueError:  # no change of sign between them
        return None
