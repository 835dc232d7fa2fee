"""How far an answer to price changes while the price stays: shoppers remember prices, and fill cupboards on good ones.

A price that was just cut may bring twice what it brings once everybody is used to it. One slope stands for both; how
far from it the two lie is told by all categories together, and its interval holds either.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from shopkeeper.pricing.demand.controls import trailing
from shopkeeper.pricing.demand.instrument import LEAST, stores_apart
from shopkeeper.pricing.demand.pooled import PooledFit, regression
from shopkeeper.pricing.demand.truncated import quantile_below
from shopkeeper.pricing.intervals import WIDE

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer]

USED_TO: Final = 4
"""Periods over which a price is averaged to tell what lasts of it."""
HELD: Final = 0.9
"""Chance with which an interval is to hold either end."""
STEPS: Final = 6
"""Newton steps, which settle the sixth decimal."""
ROOT: Final = math.sqrt(2 * math.pi)


@dataclass(frozen=True, slots=True)
class Wear:
    """How an answer of one category wears off.

    Attributes:
        difference: By how much the slope in the first week of a price lies above that of one which has stayed, with its
            standard `error`, infinite where prices hardly differ by store.
        lasting: Share of the second in the one slope over all moves, the rest being the first's.
    """

    difference: float
    error: float
    lasting: float

    @classmethod
    def unknown(cls) -> Wear:
        """Return what is known where nothing tells it."""
        return cls(0.0, math.inf, 0.5)


def wear_of(fit: PooledFit, part: Floats, shift: Floats | float, product: Ints, store: Ints, basis: Floats) -> Wear:
    """Return how the answer to a new price differs from that to one which has stayed.

    Sales are told by price and by its mean over some weeks. A new price moves both, the mean by its own week in it.

    Args:
        fit: The category's.
        part: Of price, that in which stores differ: other moves may follow demand, and the fresh ones more.
        shift: What is known beside of log units there (`instrument.RivalsApart`).
        product, store: Of each pair.
        basis: What is taken out of each pair.
    """
    weights, counted = fit.weights, (fit.weights > 0).astype(np.float64)
    before = USED_TO - 1
    mean = (trailing(part, before) + part) / np.maximum(trailing(counted, before) + counted, 1.0)
    lasting = stores_apart(fit, mean, product, store, basis)
    moved, whole = (float((weights * each**2).sum()) for each in (lasting, part))
    fresh = float((weights * (part - lasting) ** 2).sum())
    if min(moved, fresh) <= LEAST * whole:
        return Wear.unknown()
    (beyond, _), covariance = regression(np.stack([lasting, part]), weights, fit.residual - shift, product)
    variance, share = covariance[0, 0], float((weights * lasting * part).sum()) / whole
    old = 1 - 1 / USED_TO
    return Wear(
        float(-beyond * old), float(variance**0.5 * old) if variance > 0 else math.inf,
        min(max((share - 1 / USED_TO) / old, 0.0), 1.0),
    )  # fmt: skip


def ends(told: Sequence[Wear]) -> tuple[float, float]:
    """Return how far the slopes of a new price and of one which has stayed lie from those over all moves.

    Of all categories together; nought where the two do not differ by more than chance.
    """
    weight = np.asarray([1 / max(each.error, 1e-6) ** 2 for each in told])
    if not weight.sum() > 0:
        return 0.0, 0.0
    mean, share = (
        float(weight @ [getattr(each, name) for each in told] / weight.sum()) for name in ("difference", "lasting")
    )
    apart = math.copysign(math.sqrt(max(0.0, mean**2 - 1 / float(weight.sum()))), mean)
    return apart * share, -apart * (1 - share)


def interval(slope: Floats, sd: Floats, apart: tuple[float, float], bound: float) -> tuple[Floats, Floats]:
    """Return the interval of each slope, cut off at a bound, that holds it at either end with 90%.

    Args:
        apart: As `ends` says.
    """
    first, last = sorted(apart)
    share = ndtr(widths(last - first, sd))
    return quantile_below(slope + first, sd, bound, 1 - share), quantile_below(slope + last, sd, bound, share)


def widths(apart: float, sd: Floats) -> Floats:
    """Return by how many standard deviations an interval must reach beyond two ends to hold either with 90%.

    1.64 where the ends are one, 1.28 where they are far from each other: then an end is missed on one side only.

    Args:
        apart: Distance of the ends.
        sd: Of what is known of each slope, shape (pairs,).

    Source:
        Imbens, Manski (2004), Confidence intervals for partially identified parameters.
    """
    found = np.full(len(sd), WIDE)
    between = apart / np.maximum(sd, 1e-9)
    for _ in range(STEPS):
        held = ndtr(found + between) - ndtr(-found) - HELD
        found = found - held * ROOT / (np.exp(-((found + between) ** 2) / 2) + np.exp(-(found**2) / 2))
    return found
