"""Which imported events may be kept as events, and what is kept of the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from shopkeeper.commerce.event import Event, EventCount
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.store import Store


class MeasureConsent:
    """Says whether an event may be kept: the event decides, else the user's record, else the store's default.

    Args:
        users: The users there are; only those whose record says something are remembered.
    """

    def __init__(self, stores: Mapping[str, Store], users: Iterable[User]) -> None:
        self._stores = stores
        self._said: dict[tuple[str, str], bool] = {
            (user.store, user.user): user.consent.measure
            for user in users
            if user.consent is not None and user.consent.measure is not None
        }

    def allows(self, event: Event) -> bool:
        """Return whether the shopper allows measurement."""
        if event.consent is not None and event.consent.measure is not None:
            return event.consent.measure
        if self._said and event.user is not None:
            said = self._said.get((event.store, event.user), self._said.get(("", event.user)))
            if said is not None:
                return said
        return self._stores[event.store].consent_default.measure is not False

    @property
    def remembered(self) -> int:
        """How many users say something of their own."""
        return len(self._said)


def counted(events: Sequence[Event]) -> list[EventCount]:
    """Return events as counts per store, UTC day, type and product: no person, no time of day."""
    counts: dict[tuple[str, datetime, str, str | None], tuple[int, float | None]] = {}
    for event in events:
        day = event.ts.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        key = (event.store, day, event.type, event.product)
        n, units = counts.get(key, (0, None))
        counts[key] = (n + 1, units if event.quantity is None else (units or 0.0) + event.quantity)
    return [
        EventCount(ts=day, store=store, type=kind, product=product, n=n, quantity=units)
        for (store, day, kind, product), (n, units) in counts.items()
    ]
