"""How many units a test needs, and what it can see with those there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from scipy import stats
from scipy.optimize import brentq

Side = Literal["two-sided", "larger", "smaller"]


def t_power(effect: float, n1: float, n2: float | None, alpha: float, side: Side = "two-sided") -> float:
    """Return the power of a t test by the noncentral t distribution.

    Args:
        effect: Difference of means over the standard deviation.
        n2: Units of the second arm; None = one sample, or pairs.
    """
    if n2 is None:
        freedom, shift = n1 - 1, effect * math.sqrt(n1)
    else:
        freedom, shift = n1 + n2 - 2, effect * math.sqrt(n1 * n2 / (n1 + n2))
    law = stats.nct(freedom, shift)
    if side == "larger":
        return float(law.sf(stats.t.isf(alpha, freedom)))
    if side == "smaller":
        return float(law.cdf(stats.t.ppf(alpha, freedom)))
    critical = float(stats.t.isf(alpha / 2, freedom))
    return float(law.sf(critical) + law.cdf(-critical))


def z_power(effect: float, error: float, alpha: float, side: Side = "two-sided") -> float:
    """Return the power of a z test of an effect with a known standard error."""
    shift = effect / error
    if side == "larger":
        return float(stats.norm.sf(stats.norm.isf(alpha) - shift))
    if side == "smaller":
        return float(stats.norm.cdf(-stats.norm.isf(alpha) - shift))
    critical = float(stats.norm.isf(alpha / 2))
    return float(stats.norm.sf(critical - shift) + stats.norm.cdf(-critical - shift))


def relative_variance(mean_a: float, var_a: float, n_a: float, mean_b: float, var_b: float, n_b: float) -> float:
    """Return the delta-method variance of (mean_b - mean_a) / |mean_a|."""
    return var_b / (mean_a**2 * n_b) + var_a * mean_b**2 / (mean_a**4 * n_a)


def relative_power(
    mean: float, variance: float, lift: float, n_arm: float, alpha: float, *, variance_b: float | None = None,
    inflation: float = 1.0,
) -> float:  # fmt: skip
    """Return the two-sided power for a relative lift with `n_arm` units in each of two arms.

    Args:
        variance: Of one unit of the control.
        variance_b: Of one unit of the treatment; None = as the control.
        inflation: Factor on the standard error, such as what sequential looks cost.
    """
    spread = relative_variance(
        mean, variance, n_arm, mean * (1 + lift), variance if variance_b is None else variance_b, n_arm
    )
    return z_power(lift, math.sqrt(spread) * inflation, alpha)


def smallest_lift(mean: float, variance: float, n_arm: float, alpha: float, power: float) -> float:
    """Return the smallest relative lift that is found with chance `power`; infinity where none is."""

    def short(lift: float) -> float:
        return relative_power(mean, variance, lift, n_arm, alpha) - power

    high = 1e-3
    while short(high) < 0:
        high *= 2
        if high > 1e6:
            return math.inf
    return float(brentq(short, 0.0, high))


def units_needed(
    difference: float,
    variances: Sequence[float],
    shares: Sequence[float],
    alpha: float,
    power: float,
    side: Literal["two-sided", "one-sided"] = "two-sided",
) -> float:
    """Return the units of the two arms together that find a difference with chance `power` (normal test).

    Args:
        difference: Between the two means, or their distance to a non-inferiority margin.
        variances: Of one unit of each arm.
        shares: Of all units that each arm gets; those of other arms count in the total.
    """
    reach = float(stats.norm.isf(alpha / 2 if side == "two-sided" else alpha) + stats.norm.ppf(power))
    whole = sum(shares)
    spread = sum(variance / (share / whole) for variance, share in zip(variances, shares, strict=False))
    return spread * (reach / difference) ** 2


def equivalence_power(lower: float, upper: float, n: int, alpha: float, rate: float) -> tuple[float, int, int]:
    """Return the exact power of two one-sided binomial tests of equivalence, and the counts that reject.

    Args:
        lower, upper: Rates between which two are equivalent.
        rate: The true rate.

    Returns:
        Power, and the smallest and largest number of successes that show equivalence.
    """
    first = int(stats.binom.isf(alpha, n, lower)) + 1
    last = int(stats.binom.ppf(alpha, n, upper))
    while stats.binom.cdf(last, n, upper) > alpha:
        last -= 1
    while stats.binom.sf(first - 1, n, lower) > alpha:
        first += 1
    if last < first:
        return 0.0, first, last
    return float(stats.binom.cdf(last, n, rate) - stats.binom.cdf(first - 1, n, rate)), first, last
