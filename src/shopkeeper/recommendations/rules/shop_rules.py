"""The rule sets of all stores as they hold now, and the plan they make for one request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from datetime import datetime
from typing import Final

from shopkeeper.commerce.store import ALL_STORES, Store
from shopkeeper.recommendations.categories import normal
from shopkeeper.recommendations.request import RecommendationBody
from shopkeeper.recommendations.rules.conditions import Page
from shopkeeper.recommendations.rules.merchandising import RuleSet, Surface
from shopkeeper.recommendations.rules.rule_book import Plan, RuleBook
from shopkeeper.serving.catalogue import Card, Catalogue

_PAGE_PRODUCTS: Final = 3
"""How many products of a page say what it is about."""


class ShopRules:
    """Rule sets by store, replaced as a whole; read from any thread."""

    def __init__(self, sets: Iterable[RuleSet] = ()) -> None:
        self._sets: Mapping[str, RuleSet] = {}
        self._books: dict[str, tuple[Store, RuleBook | None]] = {}
        self.replace(sets)

    def replace(self, sets: Iterable[RuleSet]) -> None:
        """Let other sets hold from the next request on."""
        self._sets = {one.store: one for one in sets}
        self._books = {}

    def with_set(self, changed: RuleSet) -> ShopRules:
        """Return these rules with one set in place of the one of its store, which go on holding here."""
        return ShopRules({**self._sets, changed.store: changed}.values())

    def as_now(self) -> ShopRules:
        """Return these rules as they hold at this moment, whatever `replace` brings."""
        return copy(self)

    def same_as(self, other: ShopRules) -> bool:
        """Say whether the same sets hold in both, none of them replaced since one was made of the other."""
        return self._sets is other._sets

    def surface(self, store: str, name: str) -> Surface | None:
        """Return how a store makes a surface, its own word before that of every store; None where neither says."""
        if not self._sets:
            return None
        told = (one.surfaces.get(name) for one in reversed(self.sets(store)))
        return next((surface for surface in told if surface is not None), None)

    def plan(self, body: RecommendationBody, catalogue: Catalogue, now: datetime) -> Plan | None:
        """Return the rules that hold for a request; None where the store has none."""
        book = self._book_of(body.store, catalogue)
        return None if book is None else Plan(book, page_of(body, catalogue), now)

    def rules_nothing(self, store: str, catalogue: Catalogue) -> bool:
        """Say whether no request to a store has a plan."""
        return self._book_of(store, catalogue) is None

    def _book_of(self, name: str, catalogue: Catalogue) -> RuleBook | None:
        store = catalogue.store(name) if self._sets else None
        return None if store is None else self.book(store)

    def book(self, store: Store) -> RuleBook | None:
        """Return the rules of a store made ready; None where it has none."""
        books = self._books
        known = books.get(store.store)
        if known is None or known[0] is not store:
            sets = self.sets(store.store)
            rules = tuple(rule for one in sets for rule in one.rules)
            version = " ".join(f"{one.store}:{one.version}" for one in sets)
            known = books[store.store] = (store, RuleBook(version, rules, store) if rules else None)
        return known[1]

    def sets(self, store: str) -> list[RuleSet]:
        """Return the sets that hold in a store, that of every store first."""
        return [one for name in (ALL_STORES, store) if (one := self._sets.get(name)) is not None]


def page_of(body: RecommendationBody, catalogue: Catalogue) -> Page:
    """Return what a page is about: its first products, and the categories it shows by `filters` or `context`."""
    cards = [card for one in body.products[:_PAGE_PRODUCTS] if (card := catalogue.card(body.store, one)) is not None]
    shown = (*body.filters.categories, *(() if body.category is None else (body.category,)))
    categories = dict.fromkeys((*(card.category for card in cards if card.category), *shown))
    return Page(
        body.surface,
        tuple(path for path in map(normal, categories) if path),
        frozenset(card.product.brand for card in cards if card.product.brand is not None),
        frozenset(name for card in cards for name in family(card)),
    )


def family(card: Card) -> tuple[str, ...]:
    """Return a product and the parent whose variant it is."""
    product = card.product
    return (product.product,) if product.parent is None else (product.product, product.parent)
