"""What is like one product, or goes with it: the list under a product page."""

from __future__ import annotations

from datetime import datetime

from shopkeeper.commerce.consent import NO_CONSENT
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest


def similar_request(
    store: str, group: str, product: str, k: int, now: datetime, surface: str = "product"
) -> RecommendationRequest:
    """Return the request whose answer is what goes with one product, for nobody in particular."""
    body = RecommendationBody(store=store, surface=surface, products=(product,), k=k)
    return RecommendationRequest(body, Shopper(group), NO_CONSENT, now)
