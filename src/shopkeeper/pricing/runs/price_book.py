"""The prices that hold, in the memory of a serving process, and what carts may keep of those before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shopkeeper.pricing.proposal import PriceKey
from shopkeeper.pricing.runs.price_run import PriceChange, PublishedPrice

SHOPS_OWN = 0
"""Number of a price that no run decided."""


@dataclass(frozen=True, slots=True)
class Past:
    """A price that held before.

    Attributes:
        number: Its version; 0 = the shop's own.
        ended: From when another holds.
    """

    number: int
    price: float
    ended: datetime


class PriceBook:
    """All prices that runs decided. Used from one event loop."""

    def __init__(self) -> None:
        self._prices: dict[PriceKey, PublishedPrice] = {}
        self._past: dict[PriceKey, tuple[Past, ...]] = {}
        self.version = 0
        """Number of the newest change that is known here."""

    def __len__(self) -> int:
        return len(self._prices)

    def take(self, published: Iterable[PublishedPrice]) -> None:
        """Let prices hold."""
        for one in published:
            self._prices[one.key] = one

    def remember(self, changes: Iterable[PriceChange], since: datetime) -> None:
        """Keep what held before some changes, and forget what ended before a moment."""
        for change in changes:
            self.version = max(self.version, change.number)
            key = change.key
            past = Past(change.previous, change.before, change.at)
            kept = (one for one in self._past.get(key, ()) if one.ended >= since and one.number != past.number)
            self._past[key] = (*kept, past)

    def get(self, store: str, price_list: str, product: str) -> PublishedPrice | None:
        """Return the decided price of a product; None where no run decided one."""
        return self._prices.get((store, price_list, product))

    def kept(self, key: PriceKey, number: int, hours: float, now: datetime) -> Past | None:
        """Return the price of a version that a cart still may keep; None where it may not, or holds anyway."""
        for one in self._past.get(key, ()):
            if one.number == number and now < one.ended + timedelta(hours=hours):
                return one
        return None

    def every(self) -> list[PublishedPrice]:
        """Return every decided price, as it is at this moment; any thread may ask."""
        return list(self._prices.values())

    def outcomes(self, *stores: str) -> dict[str, int]:
        """Return how many prices stand how with the shop: unsure, confirmed, mismatch, changed.

        Args:
            stores: Only of these; none named = of all.
        """
        found = Counter(one.outcome or "unsure" for one in self.every() if not stores or one.store in stores)
        return {name: found[name] for name in ("unsure", "confirmed", "mismatch", "changed")}
