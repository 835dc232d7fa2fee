"""What is wanted most right now, in a store or one of its categories: a list for nobody in particular."""

from __future__ import annotations

from datetime import datetime

from shopkeeper.commerce.consent import NO_CONSENT
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.recommendations import reasons
from shopkeeper.recommendations.answer import Recommendation, RecommendationAnswer
from shopkeeper.recommendations.categories import normal
from shopkeeper.recommendations.fill import Stock, fill
from shopkeeper.recommendations.found import card_of
from shopkeeper.recommendations.past import Past
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.recommend import rules_for
from shopkeeper.recommendations.request import NO_FILTERS, Filters, RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.rules.weighing import weighed


def trending_list(
    store: str, category: str | None, k: int, now: datetime, stock: Stock, params: RecommendParams
) -> RecommendationAnswer:
    """Return `k` products that may be shown; fewer only where the store or category has no more of them.

    Live counts come first, each with its share of the leader's count as score; what fills up, by the popularity of the
    last training data and then from the catalogue, says so in its reason and scores below them.
    """
    path = normal(category) if category else ""
    filters = Filters(categories=(category,)) if category else NO_FILTERS
    body = RecommendationBody(store=store, surface="trending", k=k, filters=filters)
    request = RecommendationRequest(body, Shopper(stock.catalogue.group(store)), NO_CONSENT, now)
    rules = rules_for(request, Past(), stock, params)
    places = rules.places(k)
    reason = reasons.in_category("trending", path) if path else reasons.TRENDING
    live = ((-1, score, card) for product, score in stock.trending.top(store, path) if (card := rules.shown(product)))
    shown = [
        Recommendation(card.product.product, score, (reason,))
        for _, score, card in places.admitted(weighed(live, rules.plan, k), card_of)
    ]
    return RecommendationAnswer(fill(shown, request, Past(), stock, rules, places))
