"""What a shopper's past says beside the model: their mix of kinds and usual prices, where a recipe asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shopkeeper.recommendations.fill import Stock
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.recommendations.variety.own_mix import mix_of
from shopkeeper.recommendations.variety.price_band import PriceBands
from shopkeeper.recommendations.variety.rerank import Taste
from shopkeeper.serving.catalogue import Card


def taste_of(
    request: RecommendationRequest,
    past: Sequence[tuple[str, float]],
    stock: Stock,
    params: RecommendParams,
) -> Taste:
    """Return what a recipe needs to know of shopper and store to order a list.

    Args:
        past: Products of the shopper's past that may say something, with how much each counts.
    """
    cards = list(_cards(request, past, stock)) if params.own_mix > 0 or params.price_band > 0 else []
    bands = None
    if params.price_band > 0:
        bands = PriceBands.of((card for card, _ in cards), _budget(request))
    demand = stock.popular.demand(request.store) if params.novelty > 0 and stock.popular is not None else None
    return Taste(mix_of(cards) if params.own_mix > 0 else {}, bands, demand)


def _cards(
    request: RecommendationRequest, past: Sequence[tuple[str, float]], stock: Stock
) -> Iterator[tuple[Card, float]]:
    for product, weight in past:
        card = stock.catalogue.card(request.store, product)
        if card is not None:
            yield card, weight


def _budget(request: RecommendationRequest) -> float | None:
    """Return the highest price the page says the shopper wants to pay: a number `budget` in the context."""
    told = request.body.context.get("budget")
    return float(told) if isinstance(told, int | float) and not isinstance(told, bool) and told > 0 else None
