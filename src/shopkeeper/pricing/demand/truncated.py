"""A normal distribution cut off from above: what a slope can be, once it cannot be positive."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtri_exp

Floats = npt.NDArray[np.float64]


def moments_below(mean: Floats, sd: Floats, bound: float) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of N(mean, sd^2) given that it lies below `bound`.

    Source:
        Johnson, Kotz, Balakrishnan (1994), Continuous Univariate Distributions 1, 10.1.
    """
    at = (bound - mean) / sd
    hazard = np.exp(-0.5 * at**2 - 0.5 * np.log(2 * np.pi) - log_ndtr(at))
    variance = np.maximum(1 - at * hazard - hazard**2, 0.0)
    # Far beyond the bound what is left is exponential, and the formula above loses its digits.
    far = at < -25
    safe = np.where(far, -at, 1.0)
    hazard, variance = np.where(far, safe + 1 / safe, hazard), np.where(far, 1 / safe**2, variance)
    return np.minimum(mean - sd * hazard, bound), sd * np.sqrt(variance)


def quantile_below(mean: Floats, sd: Floats, bound: float, share: Floats | float) -> Floats:
    """Return the quantile at `share` of N(mean, sd^2) given that it lies below `bound`."""
    at = (bound - mean) / sd
    return np.asarray(np.minimum(mean + sd * ndtri_exp(np.log(share) + log_ndtr(at)), bound))
