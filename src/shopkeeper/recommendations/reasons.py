"""Reasons in the words of the shop."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, UnsetType

from shopkeeper.recommendations.answer import Pair, Reason, ReasonCode
from shopkeeper.recommendations.catalogue.shelf import days_on_shelf
from shopkeeper.serving.catalogue import Card, Catalogue

NEW_DAYS = 60.0
"""A product counts as new for so many days."""

_BECAUSE: dict[ReasonCode, tuple[str, str]] = {
    "because_viewed": ("Because you viewed {}", "Because of what you viewed"),
    "because_bought": ("Because you bought {}", "Because of what you bought"),
    "goes_with": ("Goes with {}", "Goes with your choice"),
    "like": ("Like {}", "Like your choice"),
    "together": ("Often bought together with {}", "Often bought together"),
}
TRENDING = Reason("trending", "Trending now")
POPULAR = Reason("popular", "Popular in this shop")
RANGE = Reason("range", "From our range")
NEW = Reason("new", "New in the shop")
FOR_YOU = Reason("for_you", "Picked for you")
SEEN = Reason("seen", "You looked at this")
AGAIN = Reason("again", "You bought this before")
FOUND = Reason("found", "Matches your search")
FEATURED = Reason("featured", "Featured by the shop")


def because(
    code: ReasonCode,
    catalogue: Catalogue,
    store: str,
    product: str,
    *,
    nameable: bool = True,
    pair: Pair | UnsetType = UNSET,
) -> Reason:
    """Return the reason that names the product behind a recommendation; one this store does not sell stays unnamed.

    Args:
        nameable: False where naming it could lead to a person.
        pair: How both are bought together, where that is known.
    """
    named, unnamed = _BECAUSE[code]
    card = catalogue.card(store, product) if nameable else None
    if card is None:
        return Reason(code, unnamed)
    declared = catalogue.store(store)
    locale = declared.locales[0] if declared and declared.locales else None
    return Reason(code, named.format(card.title(locale)), (product,), pair)


def in_category(code: ReasonCode, category: str) -> Reason:
    """Return the reason for a product taken from a category path."""
    words = {
        "trending": "Trending in {}",
        "popular_in_category": "Popular in {}",
        "also_in_category": "Also in {}",
    }[code]
    return Reason(code, words.format(category.rsplit(" > ", 1)[-1]))


def by_age(card: Card, now: datetime) -> Reason:
    """Return `new` for a product that is new, else `range`."""
    days = days_on_shelf(card, now)
    return NEW if days is not None and days <= NEW_DAYS else RANGE
