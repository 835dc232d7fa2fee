"""CUPED: what units did before they were exposed explains part of the noise, and is taken off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shopkeeper.experiments.arms import Arm
from shopkeeper.experiments.moments import Sums


def pooled_theta(sums: Sequence[Sums]) -> float:
    """Return theta of a mean: covariance of after and before over variance of before, over all arms as one sample.

    Args:
        sums: Of (value, value before), one for each arm.

    Returns:
        0 where the pre-period has no variance: then nothing is taken off.

    Source:
        Deng, Xu, Kohavi, Walker (2013), equation 4.
    """
    return pooled_theta_of([(one.n, one.totals.tolist(), one.products.tolist()) for one in sums])


def pooled_theta_of(figures: Sequence[tuple[int, Sequence[float], Sequence[Sequence[float]]]]) -> float:
    """Return the same from the figures of `Sums` as plain numbers: n, totals and products of each arm."""
    n = sum(one[0] for one in figures)
    if n < 2:
        return 0.0
    now, before = (sum(one[1][place] for one in figures) for place in (0, 1))
    together = sum(one[2][0][1] for one in figures) - now * before / n
    spread = sum(one[2][1][1] for one in figures) - before * before / n
    return together / spread if spread > 0 else 0.0


def arms_theta(arms: Sequence[Arm]) -> float:
    """Return theta of a ratio: sum over arms of the linearised covariances over the sum of the variances before."""
    below = sum(arm.pre_variance for arm in arms)
    return sum(arm.covariance for arm in arms) / below if below > 0 else 0.0


def variance_left(control: Arm, treatment: Arm, theta: float) -> float:
    """Return the share of the difference's variance that is left after `theta` is taken off; 1 without a pre-period.

    With equal arms and the best theta it is 1 - r^2, r the correlation of after and before.
    """
    before = control.variance / max(control.n, 1) + treatment.variance / max(treatment.n, 1)
    a, b = control.adjusted(theta), treatment.adjusted(theta)
    after = a.variance / max(a.n, 1) + b.variance / max(b.n, 1)
    return float(np.clip(after / before, 0.0, None)) if before > 0 else 1.0
