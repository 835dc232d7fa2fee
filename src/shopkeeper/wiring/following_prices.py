"""The prices that hold, followed by every serving process within a quarter of a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from shopkeeper.errors import ShopkeeperError
from shopkeeper.pricing.policy.run_policy import RunPolicy
from shopkeeper.pricing.runs.ports import Prices
from shopkeeper.pricing.runs.price_book import PriceBook
from shopkeeper.pricing.runs.price_run import PriceChange, PublishedPrice

_PAGE: Final = 20_000
_log = structlog.get_logger(__name__)


class FollowedPrices:
    """Keeps the prices of this process at what is decided. Used from one event loop.

    While the state database does not answer, the last good prices go on.

    Args:
        cart_hours: How long carts keep a price that was raised since, by the policy; asked anew with every change.
    """

    def __init__(
        self, store: Prices, book: PriceBook, cart_hours: Callable[[], float], now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._book = book
        self._cart_hours = cart_hours
        self._now = now
        self._one_by_one = asyncio.Lock()
        self._revision: int | None = None
        self.hours = RunPolicy().cart_hours
        """How long carts keep a price."""
        self.up = True
        """The decided prices could be read when last asked for."""
        self.unread = 0
        """Times they could not."""

    async def follow(self) -> None:
        """Let decided prices hold where they changed."""
        async with self._one_by_one:  # an older reading must not come after a newer one
            await self._follow()

    async def _follow(self) -> None:
        try:
            revision = await asyncio.to_thread(self._store.revision)
            if revision == self._revision:
                self.up = True
                return
            hours = await asyncio.to_thread(self._hours)
            since = self._now() - timedelta(hours=hours)
            changes, published, newest = await asyncio.to_thread(self._read, since)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises means: go on with what is known
            self.unread += 1
            if self.up:
                _log.warning("prices_not_read", error=repr(error))
            self.up = False
            return
        for _ in self._book.renewing(published, changes, since, newest):
            await asyncio.sleep(0)
        self.up, self.hours = True, hours
        self._revision = revision
        _log.info("prices", version=self._book.version, prices=len(self._book))

    def _hours(self) -> float:
        try:
            return self._cart_hours()
        except ShopkeeperError as error:  # a mistake in the policy keeps no price from being taken back
            _log.warning("price_policy_not_read", error=error.reason)
            return self.hours

    def _read(self, since: datetime) -> tuple[Sequence[PriceChange], Sequence[PublishedPrice], int]:
        """Return changes and prices that are new, and the newest change's number; at the start every price, and the
        changes carts may know of."""
        if self._revision is None:
            published = self._store.published()
            recent = self._store.changed_since(since)
            numbers = (*(one.number for one in published), *(one.number for one in recent))
            return recent, published, max(numbers, default=0)
        changes: list[PriceChange] = []
        newest = self._book.version
        while page := self._store.changes(newest, limit=_PAGE):
            changes += page
            newest = page[-1].number
        return changes, self._store.published(self._revision), newest
