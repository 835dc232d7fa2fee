"""Lists that vary: each place goes to what is good and unlike the products above it (maximal marginal relevance).

Source:
    Carbonell and Goldstein 1998, "The use of MMR, diversity-based reranking".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.categories import prefixes
from shopkeeper.serving.catalogue import Card

POOL: Final = 5
"""Times as many products as are wanted are looked at."""
Found = tuple[int, float, Card]


def card_of(found: Found) -> Card:
    """Return the card of a candidate."""
    return found[2]


def diversified(found: Sequence[Found], k: int, diversity: float) -> list[Found]:
    """Return `k` products: the best first, then always the one with the greatest

        (1 - diversity) * score / best score - diversity * likeness to the nearest product chosen before.

    Scores come back lowered where needed so that they never rise down the list.

    Args:
        found: Best first.
        diversity: 0 keeps the order, 1 lets likeness alone decide.
    """
    if not found or diversity == 0:
        return list(found[:k])
    alike = likeness([card for _, _, card in found])
    scores = np.array([score for _, score, _ in found])
    worth = (1 - diversity) * scores / max(float(scores[0]), 1e-300)
    nearest = np.zeros(len(found))
    chosen: list[int] = []
    for _ in range(min(k, len(found))):
        marginal = worth - diversity * nearest
        marginal[chosen] = -np.inf
        best = int(np.argmax(marginal))
        chosen.append(best)
        nearest = np.maximum(nearest, alike[best])
    floors = np.minimum.accumulate(scores[chosen]).tolist()
    return [(found[place][0], floor, found[place][2]) for place, floor in zip(chosen, floors, strict=True)]


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
