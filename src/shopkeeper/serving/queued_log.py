"""Rows kept off the response path: a bounded queue, written to the event log in batches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final, Generic, TypeVar

import msgspec

from shopkeeper.commerce.tables import TableSchema
from shopkeeper.intake.ports import LiveLog

RowT = TypeVar("RowT", bound=msgspec.Struct)
_AT_ONCE: Final = 50
"""Rows that are encoded in one turn of the loop, a millisecond's work."""


class QueuedLog(Generic[RowT]):
    """Takes rows of one table, as `serving.ports.DecisionLog` does; put from any thread, flushed from one event loop.

    Parts of a row may be JSON already. The newest rows also stay in memory, for people who look at what it does.

    Args:
        capacity: Most rows that wait; what comes above it is dropped and counted.
        batch: Most rows in one write.
    """

    RECENT = 200
    """Rows that stay in memory."""

    def __init__(self, log: LiveLog, table: TableSchema, capacity: int = 50_000, batch: int = 2_000) -> None:
        self._log = log
        self._table = table
        self._capacity = capacity
        self._batch = batch
        self._queue: deque[RowT] = deque()
        self._writing = asyncio.Lock()
        self._recent: deque[RowT] = deque(maxlen=self.RECENT)
        self.dropped = 0
        """Rows lost because the queue was full."""

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def recent(self) -> list[RowT]:
        """Newest rows as a reader of the log sees them, oldest first; those of a full queue included."""
        return [msgspec.json.decode(msgspec.json.encode(row), type=type(row)) for row in self._recent]

    def put(self, row: RowT) -> None:
        """Queue one row; never blocks, never raises."""
        self._recent.append(row)
        if len(self._queue) >= self._capacity:
            self.dropped += 1
        else:
            self._queue.append(row)

    async def flush(self) -> None:
        """Write all that waits and return when it is durable.

        Raises:
            Unavailable: the log does not take it; what was not written waits on.
        """
        async with self._writing:
            while self._queue:
                rows = [self._queue.popleft() for _ in range(min(self._batch, len(self._queue)))]
                try:
                    await self._log.append(self._table, await self._encoded(rows))
                except BaseException:
                    self._queue.extendleft(reversed(rows))
                    raise

    @staticmethod
    async def _encoded(rows: Sequence[RowT]) -> list[bytes]:
        """Return rows as JSON; the loop turns in between, so that no answer waits for more than a few."""
        encode, found = msgspec.json.Encoder().encode, []
        for start in range(0, len(rows), _AT_ONCE):
            found += [encode(row) for row in rows[start : start + _AT_ONCE]]
            await asyncio.sleep(0)
        return found
