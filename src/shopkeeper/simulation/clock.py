"""Time as live shoppers pass it: the wall's, or one of their own in which weeks go by in minutes."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """When it is for one shopper, and waiting. Laws: `now` never goes back while one shopper browses."""

    def now(self) -> datetime:
        """Return the time, UTC."""
        ...

    async def rest(self, seconds: float) -> None:
        """Let so many seconds go by."""
        ...


class WallClock:
    """The wall's time."""

    def now(self) -> datetime:
        """Return the time, UTC."""
        return datetime.now(UTC)

    async def rest(self, seconds: float) -> None:
        """Sleep."""
        await asyncio.sleep(seconds)


class ShopperClock:
    """A time of each task's own. A server asked in the same task reads it too, so its logs carry that time."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._now: ContextVar[datetime] = ContextVar("now")

    def now(self) -> datetime:
        """Return the task's time; the start where nobody set it."""
        return self._now.get(self._start)

    def at(self, moment: datetime) -> None:
        """Set the task's time."""
        self._now.set(moment)

    async def rest(self, seconds: float) -> None:
        """Move the task's time on, without waiting."""
        self._now.set(self.now() + timedelta(seconds=seconds))
        await asyncio.sleep(0)
