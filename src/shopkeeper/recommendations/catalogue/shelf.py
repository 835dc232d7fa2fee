"""The catalogue in the order a rule reads it: newest first, by store, category and brand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from time import perf_counter

from shopkeeper.commerce.product import Product
from shopkeeper.recommendations.catalogue.siblings import Siblings
from shopkeeper.recommendations.categories import normal, prefixes
from shopkeeper.recommendations.request import Filters
from shopkeeper.serving.catalogue import Card, Catalogue

_QUICK_SECONDS = 0.01
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Order:
    """All products of one store at one version of the catalogue, newest first."""

    version: int
    everything: Sequence[str]
    by_category: dict[str, list[str]]
    by_brand: dict[str, list[str]]

    def matching(self, filters: Filters) -> Sequence[str]:
        """Return a list that holds every product that can pass `filters` (and others), the shortest there is."""
        lists: list[Sequence[str]] = [self.everything]
        if filters.categories:
            lists.append(_joined(self.by_category, tuple(map(normal, filters.categories))))
        if filters.brands:
            lists.append(_joined(self.by_brand, filters.brands))
        return min(lists, key=len)


def _joined(lists: dict[str, list[str]], names: tuple[str, ...]) -> Sequence[str]:
    return list(dict.fromkeys(product for name in names for product in lists.get(name, ())))


_EMPTY = Order(-1, (), {}, {})


class Shelf:
    """Newest-first orders, made anew when the catalogue changed.

    Availability, price and stock are never read from here, only from the live catalogue; so a late order can delay a
    new product but never show a withdrawn one. Making an order anew takes at most a twentieth of the time, so a
    catalogue that changes all the time does not stop the answers; when an answer came out short it may take a fifth,
    and is made at once where that is a matter of milliseconds (up to some 5,000 products). Where somebody calls `renew`
    again and again, such as a server in a thread, no answer waits for an order that takes longer than that.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.siblings = Siblings(catalogue)
        self._orders: dict[str, tuple[Order, float, float]] = {}
        self._late: set[str] = set()
        """Stores whose order an answer found late and left to `renew`."""
        self._renewed_aside = False
        self._rests_until = 0.0

    def order(self, store: str, *, short: bool = False) -> Order:
        """Return the order of a store; `short` says an answer lacks products, so a fresher order is worth more."""
        order, made_at, cost = self._orders.get(store, (_EMPTY, 0.0, 0.0))
        fresh = order.version == self._catalogue.version
        at_once = order is _EMPTY or (short and cost < _QUICK_SECONDS)
        if fresh:
            return order
        if self._renewed_aside and not at_once and cost >= _QUICK_SECONDS:
            self._late.add(store)
            return order
        if not at_once and perf_counter() - made_at < cost * (4 if short else 20):
            return order
        return self._made(store, order)

    def known(self, store: str) -> Order:
        """Return the newest order of a store that was made, however late; nothing is made anew for it but the first."""
        order = self._orders.get(store, (_EMPTY, 0.0, 0.0))[0]
        return order if order.everything else self.order(store)

    def renew(self) -> None:
        """Make the orders anew that answers found late, in at most a tenth of the time; called from any one thread."""
        self._renewed_aside = True
        begun = perf_counter()
        if begun < self._rests_until:
            return
        while self._late:
            store = self._late.pop()
            self._made(store, self._orders[store][0])
        self._rests_until = perf_counter() + 10 * (perf_counter() - begun)

    def _made(self, store: str, order: Order) -> Order:
        """Return the order of a store as it is now, or `order` where the catalogue does not stand still."""
        begun = perf_counter()
        version = self._catalogue.version
        made = _make(version, _cards(self._catalogue, store))
        if made is None:
            return order
        if made.everything or self._catalogue.store(store) is not None:  # made-up store names must not fill memory
            self._orders[store] = (made, perf_counter(), perf_counter() - begun)
        return made


def _cards(catalogue: Catalogue, store: str) -> list[Card] | None:
    for _ in range(5):
        try:
            return list(catalogue.cards(store))
        except RuntimeError:  # another thread changed the shelf while we read; look again
            continue
    return None


def _make(version: int, cards: list[Card] | None) -> Order | None:
    if cards is None:
        return None
    products = [card.product for card in cards]
    products.sort(key=attrgetter("product"))
    products.sort(key=_put_up, reverse=True)
    by_category: dict[str, list[str]] = defaultdict(list)
    by_brand: dict[str, list[str]] = defaultdict(list)
    for product in products:
        name = product.product
        for category in prefixes(product.categories):
            by_category[category].append(name)
        if product.brand is not None:
            by_brand[product.brand].append(name)
    return Order(version, [product.product for product in products], dict(by_category), dict(by_brand))


def _put_up(product: Product) -> datetime:
    moment = product.available_from or product.created_at
    if moment is None:
        return _LONG_AGO
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def days_on_shelf(card: Card, now: datetime) -> float | None:
    """Return how long a product has been there, days; None when nobody said."""
    if card.product.available_from is None and card.product.created_at is None:
        return None
    return (now - _put_up(card.product)).total_seconds() / 86_400.0
