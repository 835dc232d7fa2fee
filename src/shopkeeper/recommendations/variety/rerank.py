"""Lists that are more than the highest scores: each place goes to what is good and fits what was chosen before it.

    worth of a product = score / best score * (1 - novelty penalty) * price factor
    the next product   = the one with the greatest  (1 - weights) * worth + sum of weight * gain

with one term for diversity (`diversity.Likeness` or `dpp.Volume`) and one for the shopper's own mix (`own_mix.OwnMix`).
Only the products looked at take part: five times as many as are wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.found import Found
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.variety.diversity import Likeness, likeness
from shopkeeper.recommendations.variety.dpp import Volume
from shopkeeper.recommendations.variety.own_mix import Mix, OwnMix, kind_of
from shopkeeper.recommendations.variety.popularity_penalty import popularity_penalty
from shopkeeper.recommendations.variety.price_band import PriceBands
from shopkeeper.serving.catalogue import Card

POOL: Final = 5
"""Times as many products as are wanted are looked at."""
Array = npt.NDArray[np.float64]


class Term(Protocol):
    """What a list gains by its next product. Laws: `gains` changes by `choose` alone; both are cheap."""

    def gains(self) -> Array:
        """Return what each product would add were it next; shape (n,)."""
        ...

    def choose(self, place: int) -> None:
        """Take in that the product at `place` was chosen."""
        ...


@dataclass(frozen=True, slots=True)
class Taste:
    """What is known of shopper and store beside the scores.

    Attributes:
        mix: Shares of the shopper's past by kind of product; empty = nothing is known.
        bands: Prices the shopper usually looks at; None = nobody asks.
        demand: Popularity of every item in the store, in views; shape (items,); None = nobody asks.
    """

    mix: Mix
    bands: PriceBands | None = None
    demand: npt.NDArray[np.float32] | None = None


def reranks(params: RecommendParams) -> bool:
    """Say whether a recipe orders lists by more than the scores."""
    return params.diversity > 0 or params.own_mix > 0 or params.novelty > 0 or params.price_band > 0


def reranked(found: Sequence[Found], k: int, params: RecommendParams, taste: Taste) -> list[Found]:
    """Return `k` products in the order a recipe wants; scores come back lowered so that they never rise.

    Args:
        found: Products that may be shown, best first.
    """
    if not found or not reranks(params):
        return list(found[:k])
    cards = [card for _, _, card in found]
    scores = np.array([score for _, score, _ in found])
    worth = scores / max(float(scores[0]), 1e-300)
    if taste.demand is not None:
        worth = worth * (1.0 - popularity_penalty(taste.demand, [item for item, _, _ in found], params.novelty))
    if taste.bands is not None:
        worth = worth * taste.bands.factors(cards, params.price_band)
    chosen = greedy(worth, _terms(cards, params, taste), k)
    floors = np.minimum.accumulate(scores[chosen]).tolist()
    return [(found[place][0], floor, found[place][2]) for place, floor in zip(chosen, floors, strict=True)]


def greedy(worth: Array, terms: Sequence[tuple[float, Term]], k: int) -> list[int]:
    """Return up to `k` places, always the one with the greatest gain next; of equal ones the first."""
    weight = max(1.0 - sum(weight for weight, _ in terms), 0.0)
    chosen: list[int] = []
    for _ in range(min(k, len(worth))):
        gain = weight * worth
        for share, term in terms:
            gain = gain + share * term.gains()
        gain[chosen] = -np.inf
        best = int(np.argmax(gain))
        chosen.append(best)
        for _, term in terms:
            term.choose(best)
    return chosen


def _terms(cards: Sequence[Card], params: RecommendParams, taste: Taste) -> list[tuple[float, Term]]:
    terms: list[tuple[float, Term]] = []
    if params.diversity > 0:
        alike = likeness(cards)
        terms.append((params.diversity, Volume(alike) if params.diversity_by == "dpp" else Likeness(alike)))
    if params.own_mix > 0 and taste.mix:
        terms.append((params.own_mix, OwnMix(taste.mix, [kind_of(card) for card in cards])))
    return terms
