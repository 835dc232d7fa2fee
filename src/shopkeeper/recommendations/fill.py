"""What an answer is filled up with when there is nothing personal to say: lists by rule, the closest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

import numpy as np

from shopkeeper.recommendations import reasons
from shopkeeper.recommendations.answer import Reason, Recommendation
from shopkeeper.recommendations.catalogue.shelf import Shelf
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.categories import normal, prefixes
from shopkeeper.recommendations.models.popular import Popular
from shopkeeper.recommendations.models.visit_lifts import NO_LIFTS, Visit, VisitLifts
from shopkeeper.recommendations.past import Past
from shopkeeper.recommendations.reach import Reach
from shopkeeper.recommendations.request import Filters, RecommendationRequest
from shopkeeper.recommendations.rules.finishing import finished
from shopkeeper.recommendations.rules.hard_rules import Rules
from shopkeeper.recommendations.rules.merchandising import Where
from shopkeeper.recommendations.rules.places import Places
from shopkeeper.recommendations.rules.shop_rules import ShopRules
from shopkeeper.recommendations.rules.weighing import weighed_places
from shopkeeper.serving.catalogue import Card, Catalogue

_WANTED = 50
"""Products of a brand or category that are looked at by how much they are wanted; the rest as the shelf lies."""
_CONTEXT_PRODUCTS = 3
"""How many products of the page lend their category."""
_LED = 500
"""Popular products, the most wanted, that a visit may bring into another order."""
_LEAD_NOW = 60
"""The same of what trends, which is looked at for each answer: about a microsecond each."""


@dataclass(frozen=True, slots=True)
class Source:
    """One list to fill from.

    Attributes:
        reason: None = new or from the range, by the age of the product.
        from_history: The list was picked because of what the shopper did before.
    """

    products: Iterable[str]
    reason: Reason | None = None
    from_history: bool = False


@dataclass(frozen=True, slots=True)
class Stock:
    """Everything a list can draw from, and the rules of the shop.

    Attributes:
        popular: Of the last training data; None while no model is loaded.
        lifts: What of a stranger's visit changes the order of lists.
    """

    catalogue: Catalogue
    shelf: Shelf
    trending: Trending
    popular: Popular | None = None
    rules: ShopRules = field(default_factory=ShopRules)
    reach: Reach = field(default_factory=Reach)
    lifts: VisitLifts = NO_LIFTS

    def popular_products(self, store: str, category: str = "", visit: Visit | None = None) -> Iterator[str]:
        """Yield the best products of the last training data, best first; for a stranger those of the visit."""
        leaders = self.popular.leaders(store, category) if self.popular else None
        if self.popular is None or leaders is None:
            return
        items = leaders.items
        if visit is not None:
            scores = leaders.scores[:_LED] * self.lifts.among(items[:_LED], visit)
            items = np.concatenate([items[:_LED][np.argsort(-scores, kind="stable")], items[_LED:]])
        for item in items:
            yield self.popular.index.products[item]

    def trending_products(self, store: str, category: str = "", visit: Visit | None = None) -> Iterator[str]:
        """Yield what is wanted most right now, the most first; for a stranger by the visit too."""
        if visit is None or self.popular is None:
            return self.trending.products(store, category)
        top = self.trending.top(store, category, _LEAD_NOW)
        code_of = self.popular.index.codes(self.catalogue.group(store)).get
        codes = np.array([code_of(product, -1) for product, _ in top], dtype=np.int64)
        lifts = np.where(codes >= 0, self.lifts.among(codes, visit), 1.0)  # what is new has none
        order = np.argsort(-lifts * np.array([share for _, share in top]), kind="stable")
        first = (top[place][0] for place in order.tolist())
        return chain(first, islice(self.trending.products(store, category), _LEAD_NOW, None))

    def demand(self, store: str, product: str) -> float:
        """Return how much interest a product met in a store by the last training data, in views; 0 = none is known."""
        if self.popular is None:
            return 0.0
        card, code_in = self.catalogue.card(store, product), self.popular.index.code
        group, parent = self.catalogue.group(store), card.product.parent if card is not None else None
        code = code_in(group, product)
        if code is None and parent is not None:
            code = code_in(group, parent)
        return float(self.popular.demand(store)[code]) if code is not None else 0.0


def fill(
    chosen: list[Recommendation],
    request: RecommendationRequest,
    past: Past,
    stock: Stock,
    rules: Rules,
    places: Places,
    spare: list[Recommendation] | None = None,
    more: int = 0,
    *,
    visit: Visit | None = None,
) -> tuple[Recommendation, ...]:
    """Return `chosen`, whose products have their places, filled up to the number asked for, with includes and pins.

    A filled product scores `floor / (2 * place)`, with `floor` the last score before it, so scores never rise.

    Args:
        spare: What may stand in for them, filled up to `more` products.
        visit: What is known of a stranger's visit.
    """
    if places.left <= 0 and (spare is None or more <= len(spare)):
        return finish(chosen, request, stock, rules, places)
    floor = chosen[-1].score if chosen else 1.0
    found = weighed_places(_allowed(request, past, stock, rules, visit), _card_of, rules.plan, 5 * request.body.k)
    begun = len(chosen)
    for card, reason in places.admitted(found, _card_of):
        chosen.append(Recommendation(card.product.product, floor / (2.0 * (len(chosen) - begun + 1)), (reason,)))
    if spare is not None and more > len(spare):
        low = floor / (2.0 * (len(chosen) - begun + 1))
        others = (one for one in found if places.fits(one[0]))
        spare += [Recommendation(card.product.product, low, (why,)) for card, why in islice(others, more - len(spare))]
    return finish(chosen, request, stock, rules, places)


def finish(
    chosen: list[Recommendation], request: RecommendationRequest, stock: Stock, rules: Rules, places: Places
) -> tuple[Recommendation, ...]:
    """Return `chosen` with includes and pins, filled up with nothing else."""
    if rules.plan is None or not rules.plan.counts:
        return tuple(chosen)
    return finished(chosen, rules, places, lambda where: _meant(where, request.store, stock))


def _meant(where: Where, store: str, stock: Stock) -> Iterator[str]:
    """Yield products among which those a condition means are, the most wanted first."""
    yield from where.products
    if where.products and all(stock.catalogue.card(store, product) is not None for product in where.products):
        return  # none of them is a parent
    narrow = stock.shelf.order(store).matching(Filters(categories=where.categories, brands=where.brands))
    if where.brands and not where.categories:
        yield from sorted(narrow[:_WANTED], key=lambda product: -stock.demand(store, product))
        yield from narrow[_WANTED:]
        return
    for category in tuple(map(normal, where.categories)) or ("",):
        yield from stock.trending.products(store, category)
        yield from islice(stock.popular_products(store, category), _WANTED)
    yield from narrow


def _card_of(found: tuple[Card, Reason]) -> Card:
    return found[0]


def _allowed(
    request: RecommendationRequest, past: Past, stock: Stock, rules: Rules, visit: Visit | None
) -> Iterator[tuple[Card, Reason]]:
    """Yield products that may be shown, none twice; what the shopper has just seen comes last of all."""
    just_seen = {event.product for event in past.events}
    looked: set[str] = set()
    held = []
    for source in sources(request, past, stock, visit):
        for product in source.products:
            if product in looked:
                continue
            card = rules.shown(product, from_history=source.from_history)
            if card is None or card.product.product in looked:
                continue
            looked |= {product, card.product.product}
            reason = source.reason or reasons.by_age(card, request.now)
            if not card.product.sensitive and not just_seen.isdisjoint((product, card.product.product)):
                held.append((card, reason))
            else:
                yield card, reason
    yield from held


def sources(request: RecommendationRequest, past: Past, stock: Stock, visit: Visit | None = None) -> Iterator[Source]:
    """Yield the lists in order: categories of the page, of the filters, of the shopper, the store, the catalogue.

    A shopper's category lends what is wanted in it before the store's lists, and all that lies in it only after them:
    it would crowd out the store.
    """
    body, store = request.body, request.store
    page = _categories_of(body.products[:_CONTEXT_PRODUCTS], stock.catalogue, store)
    for category in dict.fromkeys((*page, *map(normal, body.filters.categories))):
        yield from _category(category, store, stock, visit)
    newest = [event.product for event in past.events[-1:] if not _sensitive(event.product, stock.catalogue, store)]
    own = _categories_of(newest, stock.catalogue, store)
    for category in own:
        yield from _category(category, store, stock, visit, from_history=True)
    yield Source(stock.trending_products(store, visit=visit), reasons.TRENDING)
    yield Source(stock.popular_products(store, visit=visit), reasons.POPULAR)
    if body.candidates is not None:
        yield Source(body.candidates)
        return
    for category in own:
        yield _range(category, store, stock, from_history=True)
    yield Source(stock.shelf.order(store).matching(body.filters))
    yield Source(_fresher(request, stock))


def _fresher(request: RecommendationRequest, stock: Stock) -> Iterator[str]:
    """Yield the catalogue once more, read anew if it changed: only reached when the answer is still short."""
    yield from stock.shelf.order(request.store, short=True).matching(request.body.filters)


def _category(
    category: str, store: str, stock: Stock, visit: Visit | None, *, from_history: bool = False
) -> Iterator[Source]:
    trending = reasons.in_category("trending", category)
    popular = reasons.in_category("popular_in_category", category)
    yield Source(stock.trending_products(store, category, visit), trending, from_history)
    yield Source(stock.popular_products(store, category, visit), popular, from_history)
    if not from_history:
        yield _range(category, store, stock)


def _range(category: str, store: str, stock: Stock, *, from_history: bool = False) -> Source:
    also = reasons.in_category("also_in_category", category)
    return Source(stock.shelf.order(store).by_category.get(category, ()), also, from_history)


def _categories_of(products: Sequence[str], catalogue: Catalogue, store: str) -> list[str]:
    """Return the main categories of products and those they lie in, the narrowest first."""
    found: dict[str, None] = {}
    for product in products:
        card = catalogue.card(store, product)
        if card is not None and card.category:
            found |= dict.fromkeys(reversed(prefixes((card.category,))))
    return list(found)


def _sensitive(product: str, catalogue: Catalogue, store: str) -> bool:
    card = catalogue.card(store, product)
    return card is not None and card.product.sensitive
