"""How much of what a period surprises with is common to the pairs of a category in a store.

A target of a store is met by the sum of its pairs. Luck of each by itself evens out in it; what moves a category in one
store together, an event, the weather, a season that comes early, does not.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.pricing.demand.controls import summed

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer]

NEWEST: Final = 52
"""Periods that surprises are looked for in."""
LEARNT: Final = 8
"""Periods before that, at least."""
USUAL: Final = 0.25
"""Squared luck of a pair as a share of its mean, by which its cells are weighed: it changes how well the common part is
told, not what is told."""


def common_luck(units: Floats, due: Floats, half_life: Floats, group: Ints) -> float:
    """Return the standard deviation, a share of the mean, of what the pairs of a group have in common of a period.

    Each period is foretold from those before it, as the level does. Products of surprises of different pairs in one
    group and period have its variance as their mean, whatever luck each pair has of its own.

    Args:
        units: Shape (pairs, periods).
        due: What units are to be divided by to be a rate: exposure, season, prices, promotions; nought where a cell
            does not count.
        half_life: Of each pair's level, periods.
        group: Of each pair.
    """
    first = max(LEARNT, units.shape[1] - NEWEST)
    expected = foretold(units, due, half_life)[:, first:]
    weight = 1 / (1 + USUAL * expected)
    missed, expected = weight * (np.where(due[:, first:] > 0, units[:, first:], 0.0) - expected), weight * expected
    groups = int(group.max()) + 1
    both = [float((summed(part, group, groups) ** 2).sum() - (part**2).sum()) for part in (missed, expected)]
    return float(np.sqrt(max(both[0], 0.0) / both[1])) if both[1] > 0 else 0.0


def foretold(units: Floats, due: Floats, half_life: Floats) -> Floats:
    """Return the units expected in each period by the discounted rate of those before it, shape (pairs, periods)."""
    keep = 0.5 ** (1 / half_life)
    sold, shown, found = np.zeros(len(units)), np.zeros(len(units)), np.empty(units.shape)
    for period in range(units.shape[1]):
        found[:, period] = due[:, period] * np.divide(sold, shown, out=np.zeros_like(sold), where=shown > 0)
        sold, shown = keep * (sold + units[:, period]), keep * (shown + due[:, period])
    return found
