"""An answer a model gave earlier, as it may be shown now: for the minute in which the model does not answer."""

from __future__ import annotations

from collections.abc import Iterator

from shopkeeper.recommendations.answer import Recommendation, RecommendationAnswer
from shopkeeper.recommendations.fill import Stock, fill
from shopkeeper.recommendations.found import card_of
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.past import Past, past_of
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.recommend import rules_for
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.recommendations.rules.hard_rules import Rules
from shopkeeper.serving.catalogue import Card


def last_good(
    request: RecommendationRequest,
    earlier: RecommendationAnswer,
    loaded: LoadedModel | None,
    stock: Stock,
    params: RecommendParams,
) -> RecommendationAnswer:
    """Return what an earlier list to the same shopper has that may be shown now, in its order, filled up by rules.

    What the shopper bought or refused since is left out, and so is what was picked because of something they refused.
    """
    past = past_of(request, loaded)
    rules = rules_for(request, past, stock, params)
    places = rules.places(request.body.k)
    made = {item.product: item for item in earlier.items}
    chosen = [
        Recommendation(card.product.product, score, made[card.product.product].reasons)
        for _, score, card in places.admitted(_allowed(earlier, past, rules), card_of)
    ]
    return RecommendationAnswer(fill(chosen, request, past, stock, rules, places))


def _allowed(earlier: RecommendationAnswer, past: Past, rules: Rules) -> Iterator[tuple[int, float, Card]]:
    for item in earlier.items:
        if any(not past.refused.isdisjoint(reason.products) for reason in item.reasons):
            continue
        own = any(reason.code.startswith("because") for reason in item.reasons)
        card = rules.allowed(item.product, from_history=own)
        if card is not None:
            yield -1, item.score, card
