"""What can stand in for a product: alike in need (category), price, brand and what it says of itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from shopkeeper.recommendations.categories import prefixes
from shopkeeper.serving.catalogue import Card

CATEGORY: Final = 0.5
PRICE: Final = 0.25
ATTRIBUTES: Final = 0.15
BRAND: Final = 0.1


def likeness(one: Card, other: Card) -> float:
    """Return how well a product stands in for another, 0 to 1.

    `0.5 category + 0.25 price + 0.15 attributes + 0.1 brand`: category is the share of the categories both lie in
    (a > b counts as a and a > b); price is the lower through the higher price; attributes the share of those `one` has,
    such as size or colour, in which both say the same; brand is 1 where it is the same.
    """
    return (
        CATEGORY * _shared(one, other)
        + PRICE * _close(one.price, other.price)
        + ATTRIBUTES * _same(one.product.attributes, other.product.attributes)
        + BRAND * (one.product.brand is not None and one.product.brand == other.product.brand)
    )


def _shared(one: Card, other: Card) -> float:
    ours, theirs = set(prefixes(one.product.categories)), set(prefixes(other.product.categories))
    either = ours | theirs
    return len(ours & theirs) / len(either) if either else 0.0


def _close(one: float | None, other: float | None) -> float:
    if not one or not other:
        return 0.0
    return math.exp(-abs(math.log(one / other)))


def _same(one: dict[str, Any], other: dict[str, Any]) -> float:
    if not one:
        return 0.0
    return sum(_equal(value, other.get(name)) for name, value in one.items()) / len(one)


def _equal(one: object, other: object) -> bool:
    return not set(_words(one)).isdisjoint(_words(other))


def _words(value: object) -> Iterator[str]:
    for each in value if isinstance(value, list | tuple) else (value,):
        if each is not None:
            yield str(each).strip().casefold()
