"""What is like the products of a page by what records say of them, whether a model knows them or not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from shopkeeper.recommendations import reasons
from shopkeeper.recommendations.answer import Reason
from shopkeeper.recommendations.catalogue.alike import likeness
from shopkeeper.recommendations.categories import prefixes
from shopkeeper.recommendations.entries import Entry
from shopkeeper.recommendations.fill import Stock
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.serving.catalogue import Card

_PAGE: Final = 5
"""Products of the page that are compared."""


def like_page(request: RecommendationRequest, stock: Stock, looks: int) -> list[Entry]:
    """Return what can stand in for the products of the page, sold out or not, the most alike first.

    Args:
        looks: Products of its categories, the narrowest and in them the newest first, that each is compared with.
    """
    best: dict[str, tuple[float, Reason]] = {}
    for product in request.body.products[:_PAGE]:
        card = stock.catalogue.card(request.store, product)
        if card is None:
            continue
        reason = reasons.because("like", stock.catalogue, request.store, product)
        for other in islice(_near(card, request.store, stock), looks):
            there = stock.catalogue.card(request.store, other)
            if there is not None and other != product:
                score = likeness(card, there)
                if score > best.get(other, (0.0, reason))[0]:
                    best[other] = (score, reason)
    ranked = sorted(best.items(), key=lambda pair: (-pair[1][0], pair[0]))
    return [(product, score, reason) for product, (score, reason) in ranked]


def _near(card: Card, store: str, stock: Stock) -> Iterator[str]:
    """Yield the products of a card's categories, the narrowest first, none twice."""
    lists = stock.shelf.order(store).by_category
    seen: set[str] = set()
    for category in reversed(prefixes(card.product.categories)):
        for product in lists.get(category, ()):
            if product not in seen:
                seen.add(product)
                yield product
