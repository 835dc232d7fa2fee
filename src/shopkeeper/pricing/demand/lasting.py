"""How far an answer to price changes while the price stays: shoppers remember prices, and fill cupboards on good ones.

A price that was just cut may bring twice what it brings once everybody is used to it. One slope stands for both, so how
far the two lie apart belongs into its interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.pricing.demand.controls import trailing
from shopkeeper.pricing.demand.instrument import LEAST, stores_apart
from shopkeeper.pricing.demand.pooled import PooledFit, regression

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer]

USED_TO: Final = 4
"""Periods over which a price is averaged to tell what lasts of it."""


def fresh_less_lasting(
    fit: PooledFit, part: Floats, shift: Floats | float, product: Ints, store: Ints, basis: Floats
) -> tuple[float, float]:
    """Return by how much the slope over fresh moves lies above that over lasting ones, with its standard error.

    Infinite error where prices hardly differ by store.

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
        return 0.0, np.inf
    (beyond, _), covariance = regression(np.stack([lasting, part]), weights, fit.residual - shift, product)
    variance = covariance[0, 0]
    return float(-beyond), float(variance**0.5) if variance > 0 else np.inf


def patience(told: Sequence[tuple[float, float]]) -> float:
    """Return the variance of a slope over how long its price may have stayed, of all categories together.

    That of an even spread between the two ends; nought where the ends do not differ by more than chance.

    Args:
        told: Of each category, as `fresh_less_lasting` says.
    """
    differences, errors = np.asarray(told, dtype=np.float64).reshape(-1, 2).T
    weight = 1 / np.maximum(errors, 1e-6) ** 2
    if not weight.sum() > 0:
        return 0.0
    mean = float(weight @ differences / weight.sum())
    return max(0.0, mean**2 - 1 / float(weight.sum())) / 12
