"""Which prices a shop shows: endings by currency and range, and the candidates around a current price."""

from __future__ import annotations

from typing import Final

import numpy as np

from shopkeeper.pricing.policy.price_policy import Steps
from shopkeeper.pricing.shelf import Flags, Floats, Ints

CENT: Final = (Steps(step=0.01),)
BEYOND: Final = 1.25
"""Candidates reach further than the largest move, so that what lies beyond can be named; a mask keeps them out."""
SAME: Final = 1e-9
"""Two prices whose ratio is nearer to 1 are one."""


def charm(price: Floats, bands: tuple[Steps, ...]) -> Floats:
    """Return the shown price nearest to each price, of the same shape; never below the lowest of its range's steps."""
    ends = np.array([np.inf if band.below is None else band.below for band in bands])
    place = np.minimum(np.searchsorted(ends, price, side="right"), len(bands) - 1)
    step = np.array([band.step for band in bands])[place]
    minus = np.array([band.minus for band in bands])[place]
    whole = np.maximum(np.rint((price + minus) / step), 1.0)
    return np.asarray(np.round(whole * step - minus, 9))


def beside(price: float, bands: tuple[Steps, ...]) -> tuple[float, float]:
    """Return a price one step lower and one step higher, not rounded to an ending."""
    step = next(band.step for band in bands if band.below is None or price < band.below)
    return max(price - step, step / 2), price + step


def candidates(current: Floats, span: Floats, bands: tuple[Steps, ...], points: int) -> tuple[Floats, Flags, Ints]:
    """Return the prices each price may become, the current one always among them.

    Args:
        current: Prices as shown, shape (pairs,).
        span: Furthest move to look at, a share of the price, shape (pairs,).
        bands: Steps of the shown prices.
        points: How many candidates at most.
    Returns:
        Prices from low to high, shape (pairs, points); which of them exist (endings may coincide); and the place of the
        current price, shape (pairs,).
    """
    share = np.linspace(-1.0, 1.0, points - 1 + points % 2)
    share = share[share != 0.0]  # there the current price stands
    wanted = current[:, None] * (1.0 + np.maximum(span[:, None] * share, -0.95))
    shown = np.concatenate([charm(wanted, bands), current[:, None]], axis=1)
    shown.sort(axis=1)
    exists = np.ones(shown.shape, np.bool_)
    exists[:, 1:] = shown[:, 1:] > shown[:, :-1] * (1 + SAME)
    place = (shown < current[:, None] * (1 - SAME)).sum(axis=1)
    shown[np.arange(len(current)), place] = current
    return shown, exists, place
