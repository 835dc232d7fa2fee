"""What other serving processes of the workspace took in, followed through the log within a twentieth of a second.

Profiles and answers are shared by the cache; the shelf, what users allow, live counts, event ids lately seen and orders
to forget somebody come this way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, cast

import msgspec
import structlog

from shopkeeper.commerce.event import Event, EventCount
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.tables import EVENT_COUNTS, EVENTS, USERS, TableSchema
from shopkeeper.engines.segment_follower import Batch
from shopkeeper.intake.keyed_rows import read_logged
from shopkeeper.serving.live_events import LiveEvents
from shopkeeper.serving.live_tables import HELD_TABLES, LiveTables
from shopkeeper.wiring.erasure import Erasure
from shopkeeper.wiring.shared_log import SEEN_SECONDS, SharedLog

SECONDS: Final = 0.05
"""How often the log is looked at."""
SETTLE_SECONDS: Final = 1.0
"""How long after two processes took different rows of one key and source time the state is asked which came last."""
HEARD_SECONDS: Final = 0.25
"""How long at most a request waits for what others took, where the cache does not tell it."""
_AT_ONCE: Final = 200
_EVENT, _COUNT = msgspec.json.Decoder(Event), msgspec.json.Decoder(EventCount)
_log = structlog.get_logger(__name__)


class FollowedLog:
    """Lets count here what other processes took. Used from one event loop.

    Args:
        catch_up: Reads from lake and state what may have been missed, when this process stood still for too long.
        seconds: Seconds that never go back.
    """

    def __init__(
        self,
        log: SharedLog,
        events: LiveEvents,
        tables: LiveTables,
        erasure: Erasure,
        catch_up: Callable[[], Awaitable[object]],
        now: Callable[[], datetime],
        seconds: Callable[[], float],
    ) -> None:
        self._shared = log
        self._events = events
        self._tables = tables
        self._erasure = erasure
        self._catch_up = catch_up
        self._now = now
        self._seconds = seconds
        self._held = {table.name: table for table in HELD_TABLES}
        self._one_by_one = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None
        """Will look at the log, and has not begun."""
        self._missed = False
        self._catching: asyncio.Task[None] | None = None
        self._looked_at: float | None = None
        self._contested_at: float | None = None
        self.rows = 0
        """Rows of other processes that were read."""
        self.unread = 0
        """Rows that could not be read, as another version of Shopkeeper wrote them."""
        self.unheard = 0
        """Times a request could not wait until all that others had taken counted here."""

    async def follow(self) -> None:
        """Take in what is new."""
        async with self._one_by_one:
            await self._follow()

    async def heard(self) -> None:
        """Return when all that others had taken before the call counts here, after `HEARD_SECONDS` at the latest.

        What they acknowledged is in the log, so whoever waited knows it. Requests that come together wait for one look.
        """
        looking = self._next
        if looking is None:
            looking = self._next = asyncio.create_task(self._look())
        done, _ = await asyncio.wait({looking}, timeout=HEARD_SECONDS)
        self.unheard += not done or looking.exception() is not None

    async def _look(self) -> None:
        async with self._one_by_one:
            self._next = None
            await self._follow()

    async def _follow(self) -> None:
        before, self._looked_at = self._looked_at, self._seconds()
        begun, follower = time.time_ns(), self._shared.follower
        if not follower.unchanged():
            for batch in await asyncio.to_thread(follower.read):
                await self._take(batch)
        if follower.at_end:
            self._shared.note_read(begun)
        if before is not None and self._looked_at - before > SEEN_SECONDS:
            _log.warning("stood_still", seconds=round(self._looked_at - before, 1))
            self._begin_catching_up()
        self._settle()

    async def finish(self) -> None:
        """End the reading of what was missed, if it goes on."""
        if self._catching is not None:
            self._catching.cancel()
            await asyncio.gather(self._catching, return_exceptions=True)

    def _begin_catching_up(self) -> None:
        self._missed = True
        if self._catching is None or self._catching.done():
            self._catching = asyncio.create_task(self._catch_up_beside())

    async def _catch_up_beside(self) -> None:
        """Read what may have been missed while the log is looked at as ever, or reading would be standing still too."""
        while self._missed:
            self._missed = False
            try:
                await self._catch_up()
            except Exception as error:  # noqa: BLE001 - the outermost loop of a background task
                _log.error("not_caught_up", exc_info=error)
                self._missed = True
                await asyncio.sleep(SEEN_SECONDS)

    async def _take(self, batch: Batch) -> None:
        lines = batch.payload.splitlines()
        table = self._held.get(batch.table)
        for start in range(0, len(lines), _AT_ONCE):
            part = lines[start : start + _AT_ONCE]
            if table is not None:
                self._take_keyed(table, part, batch.writer)
            elif batch.table in (EVENTS.name, EVENT_COUNTS.name):
                self._take_events(batch.table, part)
            else:
                return
            await asyncio.sleep(0)

    def _take_events(self, table: str, lines: Sequence[bytes]) -> None:
        for line in lines:
            try:
                if table == EVENTS.name:
                    self._events.follow(_EVENT.decode(line))
                else:
                    self._events.follow_count(_COUNT.decode(line), self._now())
            except msgspec.MsgspecError as error:
                self._could_not_read(table, error)
            else:
                self.rows += 1

    def _take_keyed(self, table: TableSchema, lines: Sequence[bytes], writer: str) -> None:
        rows = []
        for line in lines:
            try:
                rows.append(read_logged(table, line))
            except msgspec.MsgspecError as error:
                self._could_not_read(table.name, error)
        self._tables.follow(table, rows, writer)
        self.rows += len(rows)
        if table is USERS and (gone := [cast("User", row.row) for row in rows if row.deleted]):
            self._erasure.follow(gone)

    def _settle(self) -> None:
        """Have the shelf read again where it is not known which of two rows came last."""
        if not self._tables.contested:
            self._contested_at = None
        elif self._contested_at is None:
            self._contested_at = self._seconds()
        elif self._seconds() - self._contested_at >= SETTLE_SECONDS:
            self._contested_at = None
            self._begin_catching_up()

    def _could_not_read(self, table: str, error: Exception) -> None:
        if not self.unread:
            _log.warning("row_of_another_process_not_read", table=table, error=repr(error))
        self.unread += 1
