"""New products: those nobody can know much about yet, which are shown only if somebody gives them a place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from shopkeeper.recommendations import reasons
from shopkeeper.recommendations.answer import Recommendation
from shopkeeper.recommendations.catalogue.shelf import days_on_shelf
from shopkeeper.recommendations.fill import Stock
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.recommendations.rules.hard_rules import Rules
from shopkeeper.serving.catalogue import Card

MOST: Final = 50
"""New products among which a place is drawn: the newest."""


def new_products(
    request: RecommendationRequest,
    stock: Stock,
    rules: Rules,
    params: RecommendParams,
    listed: Sequence[Recommendation],
) -> tuple[Recommendation, ...]:
    """Return the newest products that may be shown and are new, at most 50, none of those `listed`."""
    if params.new_share == 0:
        return ()
    taken = {one.product for one in listed}
    found = (product for product in _newest(request, stock, params) if product not in taken)
    allowed = (product for product in found if rules.allowed(product) is not None)
    return tuple(Recommendation(product, 0.0, (reasons.NEW,)) for product in islice(allowed, MOST))


def is_new(card: Card, store: str, now: datetime, stock: Stock, params: RecommendParams) -> bool:
    """Say whether a product is young enough and, where that is asked, has had little interest in the store yet."""
    days = days_on_shelf(card, now)
    if days is None or days > params.new_days:
        return False
    return params.new_views == 0 or stock.demand(store, card.product.product) < params.new_views


def _newest(request: RecommendationRequest, stock: Stock, params: RecommendParams) -> Iterator[str]:
    """Yield new products, the newest first; the shelf lies in that order, so the first old one ends it."""
    for product in stock.shelf.order(request.store, short=True).matching(request.body.filters):
        card = stock.catalogue.card(request.store, product)
        if card is None:
            continue
        days = days_on_shelf(card, request.now)
        if days is None or days > params.new_days:
            return
        if is_new(card, request.store, request.now, stock, params):
            yield product
