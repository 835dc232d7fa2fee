"""The answer that cannot fail: rules alone, no model, no network."""

from __future__ import annotations

from shopkeeper.recommendations.answer import RecommendationAnswer
from shopkeeper.recommendations.fill import Stock, fill
from shopkeeper.recommendations.past import past_of
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.recommend import rules_for
from shopkeeper.recommendations.request import RecommendationRequest


def fall_back(request: RecommendationRequest, stock: Stock, params: RecommendParams) -> RecommendationAnswer:
    """Answer by rules: the page's category, then what trends in the store, then the newest of the catalogue.

    Never raises: everything it reads is in memory, every look-up has an answer for "not there". An unknown store gets
    an empty answer.
    """
    past = past_of(request, None)
    rules = rules_for(request, past, stock, params)
    return RecommendationAnswer(fill([], request, past, stock, rules, rules.places(request.body.k)))
