"""Products that come with a score and a reason of their own, on their way into a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shopkeeper.recommendations.answer import Reason, Recommendation
from shopkeeper.recommendations.found import card_of
from shopkeeper.recommendations.rules.hard_rules import Rules
from shopkeeper.recommendations.rules.places import Places
from shopkeeper.recommendations.rules.weighing import weighed
from shopkeeper.serving.catalogue import Card

Entry = tuple[str, float, Reason]
"""Product, score, reason."""


def placed(
    entries: Iterable[Entry], rules: Rules, places: Places, k: int, *, own: bool = False
) -> list[Recommendation]:
    """Return what gets a place, by every rule.

    Args:
        entries: Best first.
        k: How many are wanted in the list.
        own: They are of the shopper's own past, so no sibling stands in for any.
    """
    why: dict[str, Reason] = {}
    found = weighed(_noting(_allowed(entries, rules, own=own), why), rules.plan, k)
    return [
        Recommendation(card.product.product, score, (why[card.product.product],))
        for _, score, card in places.admitted(found, card_of)
    ]


def _allowed(entries: Iterable[Entry], rules: Rules, *, own: bool) -> Iterator[tuple[Card, float, Reason]]:
    for product, score, reason in entries:
        card = rules.allowed(product, from_history=True) if own else rules.shown(product)
        if card is not None:
            yield card, score, reason


def _noting(found: Iterable[tuple[Card, float, Reason]], why: dict[str, Reason]) -> Iterator[tuple[int, float, Card]]:
    """Yield candidates and keep their reasons."""
    for card, score, reason in found:
        why.setdefault(card.product.product, reason)
        yield -1, score, card
