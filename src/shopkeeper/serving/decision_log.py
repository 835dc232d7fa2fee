"""Decisions kept off the response path: a bounded queue, written to the event log in batches."""

from __future__ import annotations

import asyncio
from collections import deque

import msgspec

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.commerce.tables import DECISIONS
from shopkeeper.intake.ports import LiveLog


class QueuedDecisionLog:
    """Implements `serving.ports.DecisionLog` over the event log. Used from one event loop.

    The newest records also stay in memory, for people who look at what the server does.

    Args:
        capacity: Most records that wait; what comes above it is dropped and counted.
        batch: Most records in one write.
    """

    RECENT = 200
    """Records that stay in memory."""

    def __init__(self, log: LiveLog, capacity: int = 50_000, batch: int = 2_000) -> None:
        self._log = log
        self._capacity = capacity
        self._batch = batch
        self._queue: deque[DecisionRecord] = deque()
        self._writing = asyncio.Lock()
        self.recent: deque[DecisionRecord] = deque(maxlen=self.RECENT)
        """Newest records, oldest first; those of a full queue included."""
        self.dropped = 0
        """Records lost because the queue was full."""

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, record: DecisionRecord) -> None:
        """Queue one record; never blocks, never raises."""
        self.recent.append(record)
        if len(self._queue) >= self._capacity:
            self.dropped += 1
        else:
            self._queue.append(record)

    async def flush(self) -> None:
        """Write all that waits and return when it is durable.

        Raises:
            Unavailable: the log does not take it; what was not written waits on.
        """
        async with self._writing:
            while self._queue:
                records = [self._queue.popleft() for _ in range(min(self._batch, len(self._queue)))]
                try:
                    await self._log.append(DECISIONS, [msgspec.json.encode(record) for record in records])
                except BaseException:
                    self._queue.extendleft(reversed(records))
                    raise
