"""What a shopper took out of the cart or waved away: neither shown nor heeded until they want it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shopkeeper.commerce.event import EventType
from shopkeeper.serving.ports import SessionEvent

_WANTED_AGAIN: Final[frozenset[EventType]] = frozenset({"cart", "checkout", "purchase"})


def refusals(events: Iterable[SessionEvent]) -> frozenset[str]:
    """Return the products that are refused after some events, oldest first.

    `dismiss` holds until the product is put into the cart or bought; `remove` until the shopper shows any interest in
    the product again.
    """
    refused: dict[str, EventType] = {}
    for event in events:
        if event.type in ("dismiss", "remove"):
            if refused.get(event.product) != "dismiss":
                refused[event.product] = event.type
        elif event.type in _WANTED_AGAIN or refused.get(event.product) == "remove":
            refused.pop(event.product, None)
    return frozenset(refused)
