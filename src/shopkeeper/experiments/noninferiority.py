"""Guardrails: shown to be no worse than a margin allows. Nothing found is no proof, so it never passes by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from shopkeeper.experiments.arms import Arm, mean_arm
from shopkeeper.experiments.effect import Effect, Judged, effect_of, pooled_effect, t_test
from shopkeeper.experiments.moments import Sums

Direction = Literal["up", "down"]
Variance = Literal["paired", "pooled", "unequal"]


@dataclass(frozen=True, slots=True)
class NonInferiority:
    """What was shown of one guardrail.

    Attributes:
        tested: The absolute effect with its one-sided bound, and the p value of being worse than the margin.
        margin: Worst difference allowed, in the metric's unit, positive.
        proven: The bound lies on the good side of the margin.
    """

    tested: Judged
    margin: float
    proven: bool


def non_inferior(control: Arm, treatment: Arm, margin: float, better: Direction, alpha: float) -> NonInferiority:
    """Test that the treatment is worse by less than a margin, relative to the control's value, one-sided.

    The margin is taken of the control's value as it was measured, a constant, and the test is a normal one.

    Args:
        margin: Such as 0.02: no more than 2% worse.
        better: Which way the metric is better.
    """
    effect = effect_of(control, treatment, "absolute")
    normal = Effect(effect.value, effect.error, math.inf, effect.n, effect.control, effect.treatment, effect.reason)
    allowed = margin * abs(control.value)
    if better == "up":
        found = t_test(normal, "greater", alpha, -allowed)
        return NonInferiority(found, allowed, found.low > -allowed)
    found = t_test(normal, "less", alpha, allowed)
    return NonInferiority(found, allowed, found.high < allowed)


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Two one-sided tests: the p value of not lying within the margin, and the interval at twice alpha."""

    p: float
    low: float
    high: float


def equivalence(x: Sequence[float], y: Sequence[float], margin: float, variance: Variance, alpha: float) -> Equivalence:
    """Test that mean(x) - mean(y) lies within plus and minus `margin`.

    Source:
        Schuirmann (1987), two one-sided tests.
    """
    effect = _difference(x, y, variance)
    below, above = t_test(effect, "greater", alpha, -margin), t_test(effect, "less", alpha, margin)
    both = t_test(effect, "two-sided", 2 * alpha)
    return Equivalence(max(below.p, above.p), both.low, both.high)


def _difference(x: Sequence[float], y: Sequence[float], variance: Variance) -> Effect:
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if variance == "paired":
        gaps = first - second
        error = float(stats.sem(gaps))
        return Effect(
            float(gaps.mean()), error, len(gaps) - 1, 2 * len(gaps), float(second.mean()), float(first.mean())
        )
    arms = [mean_arm(Sums.of_rows(rows)) for rows in (second, first)]
    return pooled_effect(*arms) if variance == "pooled" else effect_of(arms[0], arms[1], "absolute")
