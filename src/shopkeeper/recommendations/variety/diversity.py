"""Lists that vary: each place goes to what is good and unlike the products above it (maximal marginal relevance).

    (1 - diversity) * score / best score - diversity * likeness to the nearest product chosen before

Source:
    Carbonell and Goldstein 1998, "The use of MMR, diversity-based reranking".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.categories import prefixes
from shopkeeper.serving.catalogue import Card


class Likeness:
    """What a list loses by a product that is like one in it: minus the likeness to the nearest product chosen before.

    Args:
        alike: How alike products are, 0 to 1; shape (n, n).
    """

    def __init__(self, alike: npt.NDArray[np.float64]) -> None:
        self._alike = alike
        self._nearest = np.zeros(len(alike))

    def gains(self) -> npt.NDArray[np.float64]:
        """Return minus the likeness of each product to its nearest in the list; shape (n,)."""
        return -self._nearest

    def choose(self, place: int) -> None:
        """Take the product at `place` into the list."""
        self._nearest = np.maximum(self._nearest, self._alike[place])


def likeness(cards: Sequence[Card]) -> npt.NDArray[np.float64]:
    """Return how alike products are by the categories they lie in, 0 to 1 (Jaccard, a > b counts as a and a > b)."""
    columns: dict[str, int] = {}
    rows = [[columns.setdefault(one, len(columns)) for one in prefixes(card.product.categories)] for card in cards]
    lies_in = np.zeros((len(cards), max(len(columns), 1)))
    for row, places in enumerate(rows):
        lies_in[row, places] = 1.0
    both = lies_in @ lies_in.T
    sizes = lies_in.sum(axis=1)
    either = sizes[:, None] + sizes[None, :] - both
    alike: npt.NDArray[np.float64] = np.divide(both, either, out=np.zeros_like(both), where=either > 0)
    return alike
