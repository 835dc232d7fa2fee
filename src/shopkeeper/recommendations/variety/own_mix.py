"""Lists in the shopper's own mix: who looks at 70% shoes and 30% bags is not shown shoes alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.categories import prefixes
from shopkeeper.serving.catalogue import Card

Array = npt.NDArray[np.float64]
Mix = Mapping[str, float]
"""Kind of product -> share; adds up to 1."""

ALPHA: Final = 0.01
"""How much of the shopper's own mix is blended into the list's, so that a kind the list lacks costs a finite amount."""
_LEVELS: Final = 2


def kind_of(card: Card) -> str:
    """Return the kind of a product in a mix: the first two levels of its main category; empty without one."""
    path = prefixes((card.category,)) if card.category else ()
    return path[min(_LEVELS, len(path)) - 1] if path else ""


def mix_of(past: Iterable[tuple[Card, float]]) -> Mix:
    """Return the shares by kind of weighted products; empty where nothing weighs."""
    totals: defaultdict[str, float] = defaultdict(float)
    for card, weight in past:
        if weight > 0 and (kind := kind_of(card)):
            totals[kind] += weight
    whole = sum(totals.values())
    return {kind: total / whole for kind, total in totals.items()} if whole > 0 else {}


def divergence(own: Array, shown: Array) -> float:
    """Return how far the mix of a list is from the shopper's own, in nats: 0 = alike.

    `KL(p, q~) = sum(p * log(p / q~))` over kinds with p > 0, `q~ = (1 - ALPHA) * q + ALPHA * p`.

    Args:
        own: p; shape (kinds,).
        shown: q; shape (kinds,).

    Source:
        Steck (2018), Calibrated Recommendations, equation 3 and alpha = 0.01.

    Example:
        >>> round(divergence(np.array([0.7, 0.3]), np.array([0.5, 0.5])), 7)
        0.0806909
    """
    has = own > 0
    blended = (1 - ALPHA) * shown[has] + ALPHA * own[has]
    return float(own[has] @ np.log(own[has] / blended))


class OwnMix:
    """What each product does to the distance between the list's mix and the shopper's: `-KL(p, q~ with it)`.

    With a weight w a list R of `rerank.greedy` is the greedy maximum of `(1 - w) * sum(worth) - w * KL(p, q~(R))`.

    Args:
        mix: Of the shopper's past.
        kinds: Of each product of the pool.

    Source:
        Steck (2018), equations 4 and 5: greedy is within 1 - 1/e of the best list.
    """

    def __init__(self, mix: Mix, kinds: Sequence[str]) -> None:
        columns = {kind: place for place, kind in enumerate(mix)}
        self._own = np.array(list(mix.values()))
        self._place = np.array([columns.get(kind, len(columns)) for kind in kinds])
        self._counts = np.zeros(len(columns))
        self._chosen = 0

    def gains(self) -> Array:
        """Return minus the divergence with each product as the next; shape (n,)."""
        size = self._chosen + 1
        as_it_is, with_one = (self._costs((self._counts + more) / size) for more in (0.0, 1.0))
        every = as_it_is.sum() - np.append(as_it_is - with_one, 0.0)  # a kind that is not the shopper's only dilutes
        gains: Array = -every[self._place]
        return gains

    def choose(self, place: int) -> None:
        """Count the product at `place`."""
        kind = int(self._place[place])
        if kind < len(self._counts):
            self._counts[kind] += 1
        self._chosen += 1

    def _costs(self, shown: Array) -> Array:
        costs: Array = self._own * np.log(self._own / ((1 - ALPHA) * shown + ALPHA * self._own))
        return costs
