"""Which variants of the same parent can stand in for one, the most like it first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shopkeeper.recommendations.catalogue.alike import likeness
from shopkeeper.serving.catalogue import Card, Catalogue

_NEAREST: Final = 50
"""Siblings kept for a variant."""
_KEPT: Final = 100_000
"""Variants whose siblings are remembered; then all are forgotten."""


class Siblings:
    """The order in which siblings stand in for variants, made anew for one when a card of its family changed.

    Any thread may ask; two that ask at once do the same work twice.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: dict[tuple[str, str], tuple[Card, int, Sequence[str]]] = {}

    def of(self, store: str, gone: Card) -> Sequence[str]:
        """Return the variants of a card's parent that are in stock, the most like it first, of equal ones by id.

        One without a price is left out where `gone` has one. Dates, rules and policies are not looked at.
        """
        parent = gone.product.parent
        if parent is None:
            return ()
        changed, key = self._catalogue.changed(parent), (store, gone.product.product)
        known = self._known.get(key)
        if known is not None and known[0] is gone and known[1] == changed:
            return known[2]
        there = (card for card in self._catalogue.variants(store, parent) if _in_stock(card))
        fit = [card for card in there if card.price is not None or gone.price is None]
        fit.sort(key=lambda card: -likeness(gone, card))
        names = tuple(card.product.product for card in fit[:_NEAREST])
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[key] = (gone, changed, names)
        return names


def _in_stock(card: Card) -> bool:
    return card.product.status == "active" and (card.stock is None or card.stock > 0)
