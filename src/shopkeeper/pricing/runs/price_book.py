"""The prices that hold, in the memory of a serving process, and what carts may keep of those before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, TypeVar

from shopkeeper.pricing.proposal import PriceKey
from shopkeeper.pricing.runs.price_run import PriceChange, PublishedPrice

RowT = TypeVar("RowT")
SHOPS_OWN = 0
"""Number of a price that no run decided."""
AT_ONCE: Final = 2_000
"""Prices of one step; about a millisecond."""


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


@dataclass(slots=True)
class _Table:
    prices: dict[PriceKey, PublishedPrice] = field(default_factory=dict)
    past: dict[PriceKey, tuple[Past, ...]] = field(default_factory=dict)
    version: int = 0

    def remember(self, changes: Iterable[PriceChange], since: datetime) -> None:
        for change in changes:
            key = change.key
            past = Past(change.previous, change.before, change.at)
            kept = (one for one in self.past.get(key, ()) if one.ended >= since and one.number != past.number)
            self.past[key] = (*kept, past)


class PriceBook:
    """All prices that runs decided. Used from one event loop."""

    def __init__(self) -> None:
        self._table = _Table()

    def __len__(self) -> int:
        return len(self._table.prices)

    @property
    def version(self) -> int:
        """Number of the newest change that is known here."""
        return self._table.version

    def renewing(
        self, published: Sequence[PublishedPrice], changes: Sequence[PriceChange], since: datetime, version: int
    ) -> Iterator[None]:
        """Let prices hold, and keep what held before some changes: all of it at the moment the iterator ends.

        Between its steps, of about a millisecond each, whoever asks gets what held before. One iterator at a time.

        Args:
            since: What ended before this moment is forgotten.
            version: Number of the newest change.
        """
        aside = len(published) + len(changes) > AT_ONCE  # less is one step, in which nobody can ask
        table = _Table() if aside else self._table
        if aside:
            for held in _parts(self._table.prices.items()):
                table.prices.update(held)
                yield
            for before in _parts(self._table.past.items()):
                table.past.update(before)
                yield
        for prices in _parts(published):
            table.prices.update((one.key, one) for one in prices)
            if aside:
                yield
        for changed in _parts(changes):
            table.remember(changed, since)
            if aside:
                yield
        table.version = version
        self._table = table

    def get(self, store: str, price_list: str, product: str) -> PublishedPrice | None:
        """Return the decided price of a product; None where no run decided one."""
        return self._table.prices.get((store, price_list, product))

    def kept(self, key: PriceKey, number: int, hours: float, now: datetime) -> Past | None:
        """Return the price of a version that a cart still may keep; None where it may not, or holds anyway."""
        for one in self._table.past.get(key, ()):
            if one.number == number and now < one.ended + timedelta(hours=hours):
                return one
        return None

    def every(self) -> list[PublishedPrice]:
        """Return every decided price, as it is at this moment; any thread may ask."""
        return list(self._table.prices.values())

    def outcomes(self, *stores: str) -> dict[str, int]:
        """Return how many prices stand how with the shop: unsure, confirmed, mismatch, changed.

        Args:
            stores: Only of these; none named = of all.
        """
        found = Counter(one.outcome or "unsure" for one in self.every() if not stores or one.store in stores)
        return {name: found[name] for name in ("unsure", "confirmed", "mismatch", "changed")}


def _parts(rows: Iterable[RowT]) -> Iterator[list[RowT]]:
    """Yield rows, so many at once as one step takes."""
    left = iter(rows)
    while part := list(islice(left, AT_ONCE)):
        yield part
