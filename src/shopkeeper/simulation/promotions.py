"""Prices over the days of a history: the usual price, and a promotion on two families each week."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shopkeeper.simulation.catalogue import Shelf

WEEK = 7
FAMILIES_A_WEEK = 2
STEPS = (0.7, 0.75, 0.8, 0.85)


def price_ratios(shelf: Shelf, days: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return the price of each day over the usual price, shape (days, products); gift cards and postage never move."""
    ratios = np.ones((days, shelf.size))
    families = int(shelf.family.max()) + 1
    for first in range(0, days, WEEK):
        reduced = rng.choice(families, size=min(FAMILIES_A_WEEK, families), replace=False)
        for family in reduced:
            ratios[first : first + WEEK, shelf.family == family] = STEPS[rng.integers(len(STEPS))]
    return ratios


def shown_prices(shelf: Shelf, ratios: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the price of each product on each day, to the cent, shape (days, products)."""
    return np.round(shelf.price * ratios, 2)
