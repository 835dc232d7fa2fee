"""What shoppers do."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.fields import Amount, Count, Currency, Id, Label, Quantity, SignedAmount

EventType = Literal[
    "impression", "view", "click", "search", "cart", "remove", "checkout", "purchase", "refund", "rating", "dismiss",
    "identify", "custom",
]  # fmt: skip
TrafficClass = Literal["human", "declared_bot", "suspected_bot", "internal", "monitoring"]

INTEREST: frozenset[EventType] = frozenset({"view", "click", "cart", "checkout", "purchase", "rating"})
"""Types that say a shopper is interested in a product."""

REFUSAL: frozenset[EventType] = frozenset({"remove", "dismiss"})
"""Types that say a shopper does not want a product now."""

PROFILED: frozenset[EventType] = INTEREST | REFUSAL
"""Types that shape a profile."""

MIDDLE_RATING = 3.0
"""Middle of the scale of ratings, which goes from one star to five."""

MOST_STARS = 5.0
"""Top of the scale of ratings."""

BROWSED: frozenset[EventType] = frozenset(
    {"impression", "view", "click", "search", "cart", "remove", "checkout", "rating", "dismiss", "custom"}
)
"""Types that a web page may tell of itself: nothing that is money, and nobody's name."""

NEEDS_PRODUCT: frozenset[EventType] = frozenset(
    {"impression", "view", "click", "cart", "remove", "purchase", "refund", "rating", "dismiss"}
)
"""Types that mean nothing without a product."""


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing a shopper did in one store.

    Attributes:
        event_id: Identity of the event; sending it again changes nothing.
        ts: When it happened, UTC.
        visitor: Device or cookie.
        user: Signed-in customer.
        price: What one unit cost the shopper, in `currency`.
        decision_id: The decision whose answer led to this event.
        surface: Where on the site it happened, such as `home` or `product`.
        position: Place in the list, counted from 1.
        results: How many results a search gave.
        value: Rating in stars, 1 to 5, or the value of a custom event.
        traffic: Who caused it; bots stay in the log and are left out by readers.
        traffic_rule: Id of the rule that says so; None for people.
        received_at: When Shopkeeper took it in, UTC.
    """

    event_id: Id
    ts: datetime
    store: Id
    type: EventType
    visitor: Id | None = None
    user: Id | None = None
    session: Id | None = None
    product: Id | None = None
    quantity: Quantity | None = None
    price: Amount | None = None
    currency: Currency | None = None
    order_id: Id | None = None
    decision_id: Id | None = None
    surface: Label | None = None
    position: Count | None = None
    query: Label | None = None
    results: Count | None = None
    value: SignedAmount | None = None
    consent: Consent | None = None
    user_agent: Label | None = None
    device: Label | None = None
    referrer: Label | None = None
    ip_hash: Label | None = None
    properties: dict[str, Any] = {}
    traffic: TrafficClass = "human"
    traffic_rule: Label | None = None
    received_at: datetime | None = None


def meant(event: Event) -> EventType:
    """Return what an event says of its product: its own type, but a rating below the middle dismisses it."""
    if event.type == "rating" and event.value is not None and event.value < MIDDLE_RATING:
        return "dismiss"
    return event.type


class EventCount(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How often something happened among shoppers who did not allow measurement: no person, no time of day.

    Attributes:
        count_id: Hash of the event's id, so sending it again adds nothing. Only who has the id finds the row.
        ts: Midnight UTC of the day.
        type: What the events meant, as `meant` says.
        product: What the events were about; empty where they were about no product.
        n: Events the row stands for.
        quantity: Their units.
    """

    count_id: Id

    ts: datetime
    store: Id
    type: Label
    product: str = ""
    n: Count = 1
    quantity: Quantity | None = None
