"""Which products a rule is about: `Where`, made ready to be asked of many cards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shopkeeper.commerce.store import Store
from shopkeeper.recommendations.catalogue.shelf import days_on_shelf
from shopkeeper.recommendations.categories import normal, prefixes
from shopkeeper.recommendations.rules.merchandising import Where
from shopkeeper.serving.catalogue import Card

STANDARD_TAX = "standard"
"""Tax class of a product that names none."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a list stands on.

    Attributes:
        categories: Main categories of the page's products, and those it shows; normal paths.
        products: The page's products and their parents.
    """

    surface: str
    categories: tuple[str, ...] = ()
    brands: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()


class Condition:
    """One `Where`.

    What depends on the card alone is asked by `holds`, so it may be remembered as long as the card is the same; what
    depends on time or page, by `holds_now`.
    """

    def __init__(self, where: Where, store: Store) -> None:
        self._where = where
        self._store = store
        self.products = frozenset(where.products)
        self.brands = frozenset(where.brands)
        self.categories = frozenset(map(normal, where.categories))
        self._attributes = {name: frozenset(map(_word, values)) for name, values in where.attributes.items()}
        bounds = (where.price_min, where.price_max, where.margin_min, where.margin_max, where.stock_min)
        self._bounded = any(bound is not None for bound in (*bounds, where.stock_max))
        self._aged = where.age_days_min is not None or where.age_days_max is not None
        self.timely = self._aged or bool(where.same_as_page)
        """It depends on more than the card."""

    def holds(self, card: Card) -> bool:
        """Say whether a card satisfies all that depends on it alone."""
        product = card.product
        if self.products and product.product not in self.products and product.parent not in self.products:
            return False
        if self.brands and product.brand not in self.brands:
            return False
        if self.categories and self.categories.isdisjoint(prefixes(product.categories)):
            return False
        if self._attributes and not self._attributed(card):
            return False
        return not self._bounded or self._in_bounds(card)

    def holds_now(self, card: Card, page: Page, now: datetime) -> bool:
        """Say whether a card satisfies what depends on time and page."""
        where = self._where
        if self._aged:
            days = days_on_shelf(card, now)
            if days is None or not _within(days, where.age_days_min, where.age_days_max):
                return False
        product = card.product
        for same in where.same_as_page:
            if same == "category" and not any(shown in prefixes(product.categories) for shown in page.categories):
                return False
            if same == "brand" and product.brand not in page.brands:
                return False
            if same == "parent" and product.parent not in page.products and product.product not in page.products:
                return False
        return True

    def _in_bounds(self, card: Card) -> bool:
        where = self._where
        if not _within(card.price, where.price_min, where.price_max):
            return False
        if not _within(float("inf") if card.stock is None else card.stock, where.stock_min, where.stock_max):
            return False
        if where.margin_min is None and where.margin_max is None:
            return True
        return _within(margin_share(card, self._store), where.margin_min, where.margin_max)

    def _attributed(self, card: Card) -> bool:
        found = card.product.attributes
        return all(not values.isdisjoint(_words(found.get(name))) for name, values in self._attributes.items())


def margin_share(card: Card, store: Store) -> float | None:
    """Return (price without tax - cost) / price without tax; None where price or cost is unknown.

    A product is of the tax class it names, else of `standard`; a class the store has no rate for has none.
    """
    if not card.price or card.product.cost is None:
        return None
    rate = store.tax_rates.get(card.product.tax_class or STANDARD_TAX, 0.0) if store.price_includes_tax else 0.0
    net = card.price / (1.0 + rate)
    return (net - card.product.cost) / net


def _within(value: float | None, low: float | None, high: float | None) -> bool:
    """Say whether a value is in bounds; an unknown one is in no bounds but none."""
    if low is None and high is None:
        return True
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def _words(value: object) -> Iterator[str]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from _words(one)
    elif value is not None:
        yield _word(value)


def _word(value: object) -> str:
    return str(value).strip().casefold()
