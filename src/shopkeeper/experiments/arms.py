"""What one arm shows of one metric: a value with its variance, and where there is one the pre-period beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from shopkeeper.experiments.moments import Array, Sums

Form = Literal["proportion", "mean", "ratio"]


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm and one metric.

    Attributes:
        n: Units.
        value: The metric: a mean over units, or a ratio of sums.
        variance: Variance of one unit's (linearised) value; the value's own variance is `variance / n`.
        pre: The same metric before the unit was exposed; None without a pre-period.
        pre_variance: Variance of one unit's value before.
        covariance: Covariance of one unit's values before and after.
    """

    n: int
    value: float
    variance: float
    pre: float | None = None
    pre_variance: float = 0.0
    covariance: float = 0.0

    def adjusted(self, theta: float) -> Arm:
        """Return the arm with `theta * pre` taken off each unit."""
        if self.pre is None:
            return self
        variance = self.variance - 2 * theta * self.covariance + theta**2 * self.pre_variance
        return Arm(self.n, self.value - theta * self.pre, variance)


def mean_arm(sums: Sums) -> Arm:
    """Return an arm from sums of (value) or of (value, value before)."""
    means, spread = sums.means, sums.covariance
    if len(means) == 1:
        return Arm(sums.n, float(means[0]), float(spread[0, 0]))
    return Arm(sums.n, float(means[0]), float(spread[0, 0]), float(means[1]), float(spread[1, 1]), float(spread[0, 1]))


def proportion_arm(successes: float, n: int) -> Arm:
    """Return an arm of units that did it or not; its variance is p (1 - p), as of a Bernoulli variable."""
    share = successes / n if n else 0.0
    return Arm(n, share, share * (1 - share))


def ratio_arm(sums: Sums) -> Arm:
    """Return an arm from sums of (numerator, denominator), or of those and the same two before.

    The ratio of sums is linearised around the means: a unit counts `(numerator - ratio * denominator) / mean
    denominator`, so units may have many visits or orders each and stay independent of one another.

    Source:
        Deng, Knoblich, Lu (2018), Applying the Delta Method in Metric Analytics, section 3.
    """
    means, spread = sums.means, sums.covariance
    value, slope = _linear(means[0], means[1])
    variance = float(slope @ spread[:2, :2] @ slope)
    if len(means) == 2:
        return Arm(sums.n, value, variance)
    before, slope_before = _linear(means[2], means[3])
    return Arm(
        sums.n,
        value,
        variance,
        before,
        float(slope_before @ spread[2:, 2:] @ slope_before),
        float(slope @ spread[:2, 2:] @ slope_before),
    )


def _linear(numerator: float, denominator: float) -> tuple[float, Array]:
    """Return a ratio and its gradient; 0 where nothing was counted."""
    if denominator == 0:
        return 0.0, np.zeros(2)
    ratio = float(numerator / denominator)
    return ratio, np.array([1.0 / denominator, -ratio / denominator])


def arm_of(form: Form, sums: Sums) -> Arm:
    """Return an arm of a metric of the catalogue, by its form."""
    return ratio_arm(sums) if form == "ratio" else mean_arm(sums)
