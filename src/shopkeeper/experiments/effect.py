"""The effect of a treatment against its control, with its standard error: the start of every test and every bound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import scipy

from shopkeeper.experiments.arms import Arm

Scale = Literal["absolute", "relative"]
Around = Literal["adjusted", "unadjusted"]
Alternative = Literal["two-sided", "greater", "less"]


@dataclass(frozen=True, slots=True)
class Effect:
    """A difference between two arms.

    Attributes:
        value: Treatment minus control; relative: over the magnitude of the control, so that more is always positive.
        error: Standard error; 0 where nothing can be said.
        freedom: Welch-Satterthwaite degrees of freedom; infinity for a normal test.
        n: Units of both arms.
        control, treatment: The arms' unadjusted values.
        reason: Why nothing can be said; empty otherwise.
    """

    value: float
    error: float
    freedom: float
    n: int
    control: float
    treatment: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """An effect with its interval and p value.

    Attributes:
        low, high: Interval at the level asked for; one-sided: one end is infinite.
        p: Chance of such an effect or a larger one without any.
    """

    effect: Effect
    low: float
    high: float
    p: float


def relative_difference(control: float, treatment: float) -> float:
    """Return (treatment - control) / |control|; 0 where the control is 0.

    An increase is positive whatever the sign of the control.
    """
    return (treatment - control) / abs(control) if control else 0.0


def effect_of(control: Arm, treatment: Arm, scale: Scale) -> Effect:
    """Return the difference of two arms; relative ones by the delta method.

    `se^2 = var(mean_B) / A^2 + var(mean_A) B^2 / A^4` for a relative difference.

    Source:
        Deng et al. (2018), section 2; Welch (1947) for the degrees of freedom.
    """
    return adjusted_effect(control, treatment, 0.0, scale)


def adjusted_effect(control: Arm, treatment: Arm, theta: float, scale: Scale, around: Around = "adjusted") -> Effect:
    """Return the difference with `theta` times the pre-period taken off both arms (CUPED); theta 0 takes nothing off.

    The relative effect stays relative to the unadjusted control, and its error holds the covariance of the two:
    `se^2 = Var(B - theta pre_B) / (n_B A^2) + [Var(A) q^2 - 2 theta Cov_A q + theta^2 Var(pre_A)] / (n_A A^2)`, where q
    is 1 plus the relative effect.

    Args:
        around: Which relative effect q holds: the adjusted one, or the raw one, which leaves the imbalance before
            exposure out of the gradient. Both agree as arms grow; published figures use either.

    Source:
        Deng, Xu, Kohavi, Walker (2013), Improving the Sensitivity of Online Controlled Experiments; the relative form
        as in GrowthBook's statistics engine.
    """
    a, b = control.adjusted(theta), treatment.adjusted(theta)
    nothing = Effect(0.0, 0.0, math.inf, control.n + treatment.n, control.value, treatment.value)
    if control.n < 2 or treatment.n < 2:
        return _unsaid(nothing, f"an arm has fewer than two units ({control.n} and {treatment.n})")
    difference = b.value - a.value
    spread_a, spread_b = a.variance / a.n, b.variance / b.n
    if spread_a + spread_b <= 0:
        return _unsaid(nothing, "no unit differs from another, so there is no error to measure by")
    freedom = welch(spread_a, a.n, spread_b, b.n)
    if scale == "absolute":
        error = math.sqrt(spread_a + spread_b)
        return Effect(difference, error, freedom, nothing.n, control.value, treatment.value)
    base = abs(control.value)
    if base == 0:
        return _unsaid(nothing, "the control's value is 0, so nothing is relative to it")
    raised = difference if around == "adjusted" else treatment.value - control.value
    quotient = 1 + raised / control.value
    of_control = (
        control.variance * quotient**2
        - 2 * theta * control.covariance * quotient
        + theta**2 * (control.pre_variance if control.pre is not None else 0.0)
    ) / control.n
    error = math.sqrt(max(spread_b + of_control, 0.0)) / base
    return Effect(difference / base, error, freedom, nothing.n, control.value, treatment.value)


def _unsaid(nothing: Effect, reason: str) -> Effect:
    return Effect(0.0, 0.0, math.inf, nothing.n, nothing.control, nothing.treatment, reason)


def welch(spread_a: float, n_a: int, spread_b: float, n_b: int) -> float:
    """Return the degrees of freedom of a difference of two means with variances `spread` of the means themselves."""
    below = spread_a**2 / (n_a - 1) + spread_b**2 / (n_b - 1)
    return (spread_a + spread_b) ** 2 / below if below > 0 else math.inf


def pooled_effect(control: Arm, treatment: Arm) -> Effect:
    """Return the absolute difference with one variance for both arms, for designs that promise it."""
    freedom = control.n + treatment.n - 2
    pooled = ((control.n - 1) * control.variance + (treatment.n - 1) * treatment.variance) / freedom
    error = math.sqrt(pooled * (1 / control.n + 1 / treatment.n))
    n = control.n + treatment.n
    return Effect(treatment.value - control.value, error, freedom, n, control.value, treatment.value)


def t_test(effect: Effect, alternative: Alternative, alpha: float, against: float = 0.0) -> Judged:
    """Return interval and p value of an effect, by Student's t with the effect's degrees of freedom.

    Args:
        alternative: What is to be shown; `greater` gives a lower bound only, `less` an upper one.
        alpha: Chance of a false alarm.
        against: The effect under the null hypothesis, such as minus the non-inferiority margin.
    """
    if effect.error == 0:
        return Judged(effect, -math.inf, math.inf, 1.0)
    score = (effect.value - against) / effect.error
    if alternative == "greater":
        return Judged(effect, effect.value - _reach(effect, alpha) * effect.error, math.inf, _below(effect, -score))
    if alternative == "less":
        return Judged(effect, -math.inf, effect.value + _reach(effect, alpha) * effect.error, _below(effect, score))
    half = _reach(effect, alpha / 2) * effect.error
    return Judged(effect, effect.value - half, effect.value + half, 2 * _below(effect, -abs(score)))


def _reach(effect: Effect, alpha: float) -> float:
    """Return how many errors from an effect a share `alpha` of its law lies beyond."""
    law = scipy.special  # what lies below `scipy.stats`, which takes a second to load
    return -float(law.ndtri(alpha) if math.isinf(effect.freedom) else law.stdtrit(effect.freedom, alpha))


def _below(effect: Effect, score: float) -> float:
    """Return the chance of a score so low or lower."""
    law = scipy.special
    return float(law.ndtr(score) if math.isinf(effect.freedom) else law.stdtr(effect.freedom, score))
