"""Arms that met the same shoppers, compared shopper by shopper: ratios, their differences, shares, with intervals.

The unit is the shopper. For the ratio R = sum(x) / sum(y) over n shoppers the influence of shopper i is
`(x_i - R * y_i) / mean(y)`. Every figure here is a smooth function of such ratios; its influence is the function's
derivative applied to theirs, and its standard error is the deviation of the influences over the root of n. Because arms
meet the same shoppers with the same draws, what they have in common cancels.

Source:
    Deng, Knoblich and Lu (2018), Applying the Delta Method in Metric Analytics, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.simulation.tally import Z95

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Figure:
    """A figure with what each shopper adds to its error; arms that are compared list the same shoppers in one order."""

    value: float
    influence: Array

    @property
    def error(self) -> float:
        """Standard error."""
        return float(self.influence.std(ddof=1) / np.sqrt(len(self.influence)))

    def document(self) -> dict[str, float]:
        """Return value and 95% interval."""
        return {"value": self.value, "low": self.value - Z95 * self.error, "high": self.value + Z95 * self.error}

    def less(self, other: Figure) -> Figure:
        """Return the difference."""
        return Figure(self.value - other.value, self.influence - other.influence)

    def over(self, other: Figure) -> Figure:
        """Return the quotient."""
        value = self.value / other.value
        return Figure(value, (self.influence - value * other.influence) / other.value)

    def uplift(self, other: Figure) -> Figure:
        """Return by what share it is above another."""
        quotient = self.over(other)
        return Figure(quotient.value - 1.0, quotient.influence)


def ratio(numerator: Array, denominator: Array) -> Figure:
    """Return sum over sum, one entry a shopper; at least two shoppers, and a denominator that is not 0."""
    value = float(numerator.sum() / denominator.sum())
    return Figure(value, (numerator - value * denominator) / denominator.mean())


def mean(values: Array) -> Figure:
    """Return the mean over shoppers."""
    return Figure(float(values.mean()), values - values.mean())


def joined(parts: Sequence[Array]) -> Array:
    """Return the shoppers of several worlds as one list."""
    return np.concatenate(list(parts))
