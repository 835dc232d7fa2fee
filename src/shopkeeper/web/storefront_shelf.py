"""One store's shelf laid out for browsing: categories, products in them, and finding by words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

from shopkeeper.serving.catalogue import Card

Order = Literal["featured", "price-up", "price-down", "name"]
ORDERS: dict[Order, str] = {
    "featured": "Featured", "price-up": "Price, low to high", "price-down": "Price, high to low", "name": "Name",
}  # fmt: skip
SEPARATOR = " > "
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Section:
    """One category as a shopper sees it.

    Attributes:
        path: `a > b > c`.
        size: Products in it and below it.
    """

    path: str
    size: int

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rpartition(SEPARATOR)[2]


@dataclass(frozen=True)
class Shelf:
    """The products a store can sell now, by category.

    Attributes:
        version: Catalogue version it was laid out from.
    """

    version: int
    locale: str
    cards: tuple[Card, ...]
    within: dict[str, list[Card]] = field(repr=False)
    below: dict[str, list[str]] = field(repr=False)

    def sections(self, parent: str = "", limit: int = 24) -> list[Section]:
        """Return the categories directly below `parent` (empty = the top), largest first."""
        found = [Section(path, len(self.within[path])) for path in self.below.get(parent, ())]
        return sorted(found, key=lambda section: (-section.size, section.path))[:limit]

    def products(self, category: str = "", order: Order = "featured") -> list[Card]:
        """Return the products of a category and all below it, in the asked order."""
        cards = self.within.get(category, []) if category else list(self.cards)
        return ordered(cards, order, self.locale)

    def find(self, words: str, order: Order = "featured") -> list[Card]:
        """Return the products whose title, brand or category holds every word as the start of one of its words."""
        wanted = _words(words)
        return ordered([card for card in self.cards if matches(card, wanted, self.locale)], order, self.locale)


def lay_out(cards: Iterable[Card], version: int, locale: str) -> Shelf:
    """Sort cards into their categories.

    Args:
        cards: What the store can sell now.
        version: Catalogue version they come from.
        locale: Locale of the titles.
    """
    kept = tuple(cards)
    within: dict[str, list[Card]] = defaultdict(list)
    below: dict[str, set[str]] = defaultdict(set)
    for card in kept:
        for path in {ancestor for category in card.product.categories for ancestor in ancestors(category)}:
            within[path].append(card)
            below[path.rpartition(SEPARATOR)[0]].add(path)
    return Shelf(version, locale, kept, dict(within), {parent: sorted(paths) for parent, paths in below.items()})


def ancestors(path: str) -> list[str]:
    """Return a category path and all above it, top first: `a > b` -> `a`, `a > b`."""
    parts = [part.strip() for part in path.split(">") if part.strip()]
    return [SEPARATOR.join(parts[: depth + 1]) for depth in range(len(parts))]


def ordered(cards: Sequence[Card], order: Order, locale: str) -> list[Card]:
    """Return cards in the asked order; `featured` is a fixed mix, so a page looks the same each time."""
    if order == "featured":
        return sorted(cards, key=lambda card: blake2b(card.product.product.encode(), digest_size=8).digest())
    if order == "name":
        return sorted(cards, key=lambda card: card.title(locale).casefold())
    sign = -1 if order == "price-down" else 1
    return sorted(cards, key=lambda card: (card.price is None, sign * (card.price or 0.0), card.product.product))


def matches(card: Card, wanted: Sequence[str], locale: str) -> bool:
    """Say whether every wanted word starts a word of the card; no word at all matches nothing."""
    has = _words(" ".join((card.title(locale), card.product.brand or "", *card.product.categories)))
    return bool(wanted) and all(any(word.startswith(want) for word in has) for want in wanted)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
