"""The prices a shopper usually looks at: what lies far outside their band, or above their budget, counts less."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.categories import prefixes
from shopkeeper.serving.catalogue import Card

FEWEST: Final = 3
"""Priced products of a category a shopper must have looked at before it has a band."""
_ENDS: Final = (0.2, 0.8)
_LEAST_WIDTH: Final = math.log(1.25)
Band = tuple[float, float]


@dataclass(frozen=True, slots=True)
class PriceBands:
    """Usual prices by category, from the narrowest category that says enough.

    A band reaches from the 20th to the 80th percentile of the prices looked at, and at least a quarter to either side
    of their median. A product loses by how many doublings d its price lies outside:

        factor = 2 ** -(strength * d)

    Attributes:
        by_category: Category -> lowest and highest usual price, logs.
        budget: Highest price the page says the shopper wants to pay; None = none is known.
    """

    by_category: dict[str, Band]
    budget: float | None = None

    @staticmethod
    def of(past: Iterable[Card], budget: float | None = None) -> PriceBands:
        """Return the bands of what a shopper looked at."""
        seen: defaultdict[str, list[float]] = defaultdict(list)
        for card in past:
            if card.price is not None and card.price > 0 and card.category:
                for category in prefixes((card.category,)):
                    seen[category].append(math.log(card.price))
        return PriceBands({name: _band(logs) for name, logs in seen.items() if len(logs) >= FEWEST}, budget)

    def factors(self, cards: Sequence[Card], strength: float) -> npt.NDArray[np.float64]:
        """Return by what each product's score is multiplied, above 0 to 1; 1 where nothing is known."""
        return np.exp2([-strength * self._doublings(card) for card in cards])

    def _doublings(self, card: Card) -> float:
        if card.price is None or card.price <= 0:
            return 0.0
        price = math.log(card.price)
        low, high = self._band_of(card)
        if self.budget is not None and self.budget > 0:
            high = min(high, math.log(self.budget))
            low = min(low, high)
        return max(low - price, price - high, 0.0) / math.log(2)

    def _band_of(self, card: Card) -> Band:
        path = prefixes((card.category,)) if card.category else ()
        named = (self.by_category[category] for category in reversed(path) if category in self.by_category)
        return next(named, (-math.inf, math.inf))


def _band(logs: list[float]) -> Band:
    low, middle, high = np.quantile(logs, [_ENDS[0], 0.5, _ENDS[1]]).tolist()
    return min(low, middle - _LEAST_WIDTH), max(high, middle + _LEAST_WIDTH)
