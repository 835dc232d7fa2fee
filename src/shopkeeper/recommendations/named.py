"""Which products a request asks about, so that a model that picks what it scores tells their order too."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.recommendations.behaviour.history import NO_CODES
from shopkeeper.recommendations.categories import normal
from shopkeeper.recommendations.evidence import code_of
from shopkeeper.recommendations.fill import Stock
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.recommendations.rules.hard_rules import passes

MOST: Final = 1_000
"""Products that pass a filter are scored up to so many; as many candidates may be named."""
_LOOKS: Final = 5 * MOST
"""Products looked at to find those that pass a filter."""


def named_in(request: RecommendationRequest, loaded: LoadedModel, stock: Stock) -> npt.NDArray[np.int64]:
    """Return the item codes of what alone may be in a list, by its candidates or filters, rising; shape (named,).

    Of more than 1,000 products that may pass the filters they are the most popular, then the newest. Where the request
    narrows nothing, or the model scores all it knows anyway, there are none.
    """
    body = request.body
    if not loaded.picks or (body.candidates is None and body.filters.empty):
        return NO_CODES
    products = body.candidates if body.candidates is not None else _passing(request, stock)
    codes = (code_of(product, request, loaded.index, stock.catalogue) for product in products)
    return np.array(sorted({code for code in codes if code is not None}), dtype=np.int64)


def _passing(request: RecommendationRequest, stock: Stock) -> Iterator[str]:
    filters, store = request.body.filters, request.store
    products = stock.shelf.order(store).matching(filters)
    if len(products) > MOST:
        categories = tuple(map(normal, filters.categories)) or ("",)
        popular = chain.from_iterable(stock.popular_products(store, category) for category in categories)
        products = list(dict.fromkeys(islice(chain(popular, products), _LOOKS)))
    cards = zip(products, stock.catalogue.cards_of(store, products), strict=True)
    return islice((product for product, card in cards if card is not None and passes(card, filters)), MOST)
