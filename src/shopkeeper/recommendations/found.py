"""A product that may be shown, on its way into a list."""

from __future__ import annotations

from shopkeeper.serving.catalogue import Card

Found = tuple[int, float, Card]
"""Item code, score, card."""


def card_of(found: Found) -> Card:
    """Return the card of a candidate."""
    return found[2]
