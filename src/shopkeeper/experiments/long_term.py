"""Money that can be claimed: from the permanent holdout with what it could see, and shrunk where a win was selected."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.optimize import brentq
from scipy.special import log_ndtr
from scipy.stats import norm

from shopkeeper.experiments.arms import Arm
from shopkeeper.experiments.effect import Effect, effect_of, t_test
from shopkeeper.experiments.sizing import Baseline, detectable_lift


@dataclass(frozen=True, slots=True)
class HoldoutFigure:
    """What everything together brings, against the units that no test and no model ever gets.

    Attributes:
        relative: With its interval.
        money: Per period, of all units outside the holdout, in the metric's unit; with its interval.
        detectable: Smallest relative lift that this holdout would find with chance 0.8.
        words: In a sentence, with the interval and what could have been seen.
    """

    relative: float
    low: float
    high: float
    money: float
    money_low: float
    money_high: float
    detectable: float
    words: str


def holdout_figure(holdout: Arm, others: Arm, alpha: float = 0.05) -> HoldoutFigure:
    """Return the effect of all that runs, by a metric per unit such as revenue per user in a month.

    Args:
        holdout: Units that the rules answered for ever.
        others: All other units, in tests or not.
    """
    effect, absolute = (
        t_test(effect_of(holdout, others, scale), "two-sided", alpha) for scale in ("relative", "absolute")
    )
    seen = (
        detectable_lift(Baseline(holdout.value, holdout.variance), holdout.n, others.n) if holdout.value else math.inf
    )
    words = (
        f"{100 * effect.effect.value:+.1f}% against the holdout ({100 * effect.low:+.1f}% to"
        f" {100 * effect.high:+.1f}%);"
        f" {holdout.n:,} units held out would show {100 * seen:.1f}% or more."
        if effect.effect.error > 0
        else f"Nothing can be said: {effect.effect.reason or 'no unit differs from another'}."
    )
    return HoldoutFigure(
        effect.effect.value, effect.low, effect.high, absolute.effect.value * others.n, absolute.low * others.n,
        absolute.high * others.n, seen, words,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shrunk:
    """An effect that is known because it won, less what winning adds.

    Attributes:
        raw: As it was measured when it crossed.
        value: Median-unbiased, given that it crossed; never above the raw one.
        low, high: Interval given that it crossed.
    """

    raw: float
    value: float
    low: float
    high: float


def shrunk(effect: Effect, critical: float, alpha: float = 0.05) -> Shrunk:
    """Return an effect that was promoted because `value > critical * error`, corrected for having been picked so.

    A test that only speaks when it wins overstates what it won. Given that it won, z is normal around the truth, cut
    off below the critical value; the truth at which what was seen is the median of that law is the estimate, and those
    at which it is a tail are the ends of the interval. One look is assumed; looks before it make the true
    correction a little larger.

    Source:
        Zhong, Prentice (2008), Bias-reduced estimators and confidence intervals for odds ratios in genome-wide
        association studies, for estimates conditional on selection.
    """
    if effect.error <= 0 or effect.value / effect.error <= critical:
        half = float(norm.isf(alpha / 2)) * effect.error
        return Shrunk(effect.value, effect.value, effect.value - half, effect.value + half)
    z = effect.value / effect.error
    value, low, high = (_truth(z, critical, chance) * effect.error for chance in (0.5, alpha / 2, 1 - alpha / 2))
    return Shrunk(effect.value, value, low, high)


def _truth(z: float, critical: float, chance: float) -> float:
    """Return the mean at which a z that is beyond its critical value lies beyond this one with the given chance."""

    def excess(mean: float) -> float:
        return float(log_ndtr(mean - z) - log_ndtr(mean - critical)) - math.log(chance)

    low = z - 40.0
    return low if excess(low) > 0 else float(brentq(excess, low, z + 40.0))


@dataclass(frozen=True, slots=True)
class AnnualMoney:
    """What a win is worth in a year, with how it was corrected."""

    money: float
    low: float
    high: float
    words: str


def annual_money(effect: Effect, critical: float, yearly: float, currency: str, alpha: float = 0.05) -> AnnualMoney:
    """Return the yearly worth of a promoted relative effect on a metric that brings `yearly` today."""
    found = shrunk(effect, critical, alpha)
    return AnnualMoney(
        found.value * yearly,
        found.low * yearly,
        found.high * yearly,
        f"{found.value * yearly:,.0f} {currency} a year ({found.low * yearly:,.0f} to {found.high * yearly:,.0f}),"
        f" {100 * found.value:+.1f}% where {100 * found.raw:+.1f}% was measured: a change that is kept because it won"
        " was lucky on average, and that much is taken off.",
    )
