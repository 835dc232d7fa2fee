"""One look at the state database in place of one by everything that follows a part of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

Round = Callable[[], Awaitable[None]]


class StateWatch:
    """Lets rounds run where anything in the state database may have changed since. Used from one event loop.

    A process without news asked the database thirty small questions a second, a twentieth of a core; now it is one at
    each look.

    Args:
        mark: Read in a thread, one call at a time: equal to the one before where nothing changed; None = that is not
            known.
    """

    def __init__(self, mark: Callable[[], str | None]) -> None:
        self._read = mark
        self._mark: str | None = None
        self._turn = 0
        """Rises with every look that did not find everything as it was."""
        self._looked = asyncio.Event()

    async def look(self) -> None:
        """Look once, and let the rounds run that have news, or that did not read the last ones."""
        try:
            mark = await asyncio.to_thread(self._read)
        except Exception:  # noqa: BLE001 - whatever a driver raises, the rounds hear it themselves, and say so
            mark = None
        if mark is None or mark != self._mark:
            self._turn += 1
        self._mark = mark
        looked, self._looked = self._looked, asyncio.Event()
        looked.set()

    def following(self, follow: Round, did_read: Callable[[], bool] = lambda: True) -> Round:
        """Return a round that waits for news and then follows them; one that fails is run again at the next look.

        Args:
            follow: Reads what it follows from the database.
            did_read: Whether it could, where it does not raise when it could not.
        """
        seen = 0

        async def round_() -> None:
            nonlocal seen
            while True:
                await self._looked.wait()
                if self._turn != seen:
                    break
            turn = self._turn  # before anything is read: what changes meanwhile is news of the next look
            await follow()
            if did_read():
                seen = turn

        return round_
