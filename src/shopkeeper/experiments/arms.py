"""What one arm shows of one metric: a value with its variance, and where there is one the pre-period beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shopkeeper.experiments.moments import Sums

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
    return arm_of("mean", sums)


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
    return arm_of("ratio", sums)


def arm_of(form: Form, sums: Sums) -> Arm:
    """Return an arm of a metric of the catalogue, by its form."""
    return arm_of_figures(form, sums.n, sums.totals.tolist(), sums.products.tolist())


def arm_of_figures(form: Form, n: int, totals: Sequence[float], products: Sequence[Sequence[float]]) -> Arm:
    """Return an arm from the figures of `Sums` as plain numbers, which for so few is far faster than arrays."""
    size = 2 if form == "ratio" else 1
    value, slopes = _linear(form, n, totals[:size])
    variance = _spread(n, totals, products, (0, slopes), (0, slopes))
    if len(totals) == size:
        return Arm(n, value, variance)
    before, slopes_before = _linear(form, n, totals[size:])
    pre_variance = _spread(n, totals, products, (size, slopes_before), (size, slopes_before))
    return Arm(
        n, value, variance, before, pre_variance, _spread(n, totals, products, (0, slopes), (size, slopes_before))
    )


def _linear(form: Form, n: int, totals: Sequence[float]) -> tuple[float, tuple[float, ...]]:
    """Return a metric of sums and its gradient in their means; 0 where nothing was counted."""
    if form != "ratio":
        return (totals[0] / n if n else 0.0), (1.0,)
    if n == 0 or totals[1] == 0:
        return 0.0, (0.0, 0.0)
    ratio, scale = totals[0] / totals[1], n / totals[1]
    return ratio, (scale, -ratio * scale)


def _spread(
    n: int,
    totals: Sequence[float],
    products: Sequence[Sequence[float]],
    one: tuple[int, tuple[float, ...]],
    other: tuple[int, tuple[float, ...]],
) -> float:
    """Return the covariance of two linearised metrics over units, each given by its first figure and its gradient."""
    if n < 2:
        return 0.0
    found = 0.0
    for i, a in enumerate(one[1], one[0]):
        for j, b in enumerate(other[1], other[0]):
            found += a * b * (products[i][j] - totals[i] * totals[j] / n)
    return found / (n - 1)
