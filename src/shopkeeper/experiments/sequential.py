"""Bounds that hold at every look: asymptotic confidence sequences for effects, whatever minute somebody looks."""

from __future__ import annotations

import math

from shopkeeper.experiments.effect import Alternative, Effect, Judged


def rho_for(alpha: float, tuning_n: float) -> float:
    """Return the rho that makes a two-sided sequence narrowest at `tuning_n` units.

    Source:
        Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2023), arXiv 2103.06476v7, equation 161.
    """
    twice = -2 * math.log(alpha)
    return math.sqrt((twice + math.log(twice + 1)) / tuning_n)


def half_width(n: float, alpha: float, rho: float) -> float:
    """Return the half width of a two-sided sequence at n units, in standard deviations of one unit.

    Source:
        As `rho_for`, equation 9.
    """
    grown = n * rho**2 + 1
    return math.sqrt(2 * grown / (n * rho) ** 2 * math.log(math.sqrt(grown) / alpha))


def one_sided_width(n: float, alpha: float, rho: float) -> float:
    """Return how far the bound of a one-sided sequence lies from the estimate, in standard deviations of one unit.

    Source:
        As `rho_for`, equation 134.
    """
    grown = n * rho**2 + 1
    return math.sqrt(2 * grown / (n * rho) ** 2 * math.log(1 + math.sqrt(grown) / (2 * alpha)))


def sequence(effect: Effect, alternative: Alternative, alpha: float, tuning_n: float, against: float = 0.0) -> Judged:
    """Return an interval that holds at all looks together, and an always-valid p value.

    Args:
        alternative: `two-sided`, or the side that is to be shown: `greater` gives a lower bound only.
        tuning_n: Units of both arms at which it is to be narrowest, such as the planned number.
        against: The effect under the null hypothesis.

    Returns:
        The p value is the smallest alpha at which the interval leaves `against` out (1 where none does).
    """
    if effect.error == 0 or effect.n < 2:
        return Judged(effect, -math.inf, math.inf, 1.0)
    deviation = effect.error * math.sqrt(effect.n)
    if alternative == "two-sided":
        width = deviation * half_width(effect.n, alpha, rho_for(alpha, tuning_n))
        low, high = effect.value - width, effect.value + width
    else:
        width = deviation * one_sided_width(effect.n, alpha, rho_for(2 * alpha, tuning_n))
        low = effect.value - width if alternative == "greater" else -math.inf
        high = effect.value + width if alternative == "less" else math.inf
    return Judged(effect, low, high, _p_value(effect, alternative, alpha, tuning_n, against))


def _p_value(effect: Effect, alternative: Alternative, alpha: float, tuning_n: float, against: float) -> float:
    """Return the always-valid p value: equations 9 and 134 solved for alpha, rho kept as it was tuned."""
    n = effect.n
    distance = effect.value - against
    if alternative != "two-sided" and (distance <= 0) == (alternative == "greater"):
        return 1.0
    rho = rho_for(alpha if alternative == "two-sided" else 2 * alpha, tuning_n)
    grown = n * rho**2 + 1
    evidence = (distance / (effect.error * math.sqrt(n))) ** 2 * (n * rho) ** 2 / (2 * grown)
    if evidence > 700:  # exp would overflow; the p value is 0 for any purpose
        return 0.0
    if alternative == "two-sided":
        return min(1.0, math.sqrt(grown) * math.exp(-evidence))
    odds = 2 * math.expm1(evidence)
    return min(1.0, math.sqrt(grown) / odds) if odds > 0 else 1.0
