"""Many callers, one fdatasync: the event log inside an asyncio process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from shopkeeper.commerce.tables import TableSchema
from shopkeeper.engines.segment_log import Payload, SegmentLog, joined_rows
from shopkeeper.errors import LogBehind, Overloaded

_Call = tuple[Payload, asyncio.Future[None]]


@dataclass(frozen=True, slots=True)
class CommitCounts:
    """What a log has done since it was opened.

    Attributes:
        rows: Rows made durable.
        groups: Writes with their fdatasync.
        refused: Calls turned away because the queue was full or the disk failed.
        seconds: Time spent in writing and syncing, seconds.
        waiting: Rows not yet durable.
    """

    rows: int = 0
    groups: int = 0
    refused: int = 0
    seconds: float = 0.0
    waiting: int = 0


class GroupCommit:
    """A `SegmentLog` for one event loop; implements `intake.ports.LiveLog`.

    What is appended while one group is written and synced, in a thread of its own, forms the next group. A lone call is
    written at once; nobody waits for longer than two syncs.

    Args:
        most_waiting_bytes: How much may wait before callers are turned away, bytes.
    """

    def __init__(self, log: SegmentLog, *, most_waiting_bytes: int = 64 * 1024 * 1024) -> None:
        self._log = log
        self._most_waiting_bytes = most_waiting_bytes
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="event-log")
        self._waiting: list[_Call] = []
        self._waiting_rows = self._waiting_bytes = 0
        self._writing_rows = 0
        self._idle: asyncio.Event | None = None
        """Unset while a group is written; None before the first."""
        self._rows = self._groups = self._refused = 0
        self._seconds = 0.0

    @property
    def counts(self) -> CommitCounts:
        """What the log has done so far."""
        return CommitCounts(
            self._rows, self._groups, self._refused, self._seconds, self._waiting_rows + self._writing_rows
        )

    @property
    def begun(self) -> float | None:
        """When the open segment was begun, seconds of `time.monotonic`; None where there is none."""
        return self._log.begun

    async def append(self, table: TableSchema, rows: Sequence[bytes]) -> None:
        """Write rows, each one JSON object without a line break, and return when they are durable.

        Raises:
            LogBehind: more waits for the disk than may; nothing of the call was written.
            Overloaded: the disk is full or fails; nothing of the call counts as written.
            InputError: a row holds a line break, or the rows exceed 256 MiB.
        """
        if rows:
            await self.append_lines(table, joined_rows(rows), len(rows))

    async def append_lines(self, table: TableSchema, lines: bytes, rows: int) -> None:
        """Write rows that lie in lines already, each with its line break, as `append` does."""
        if self._waiting and self._waiting_bytes + len(lines) > self._most_waiting_bytes:
            self._refused += 1
            raise LogBehind(f"The event log is behind: {self._waiting_rows:,} rows wait for the disk.")
        loop = asyncio.get_running_loop()
        durable: asyncio.Future[None] = loop.create_future()
        self._waiting.append(((table.name, lines), durable))
        self._waiting_rows += rows
        self._waiting_bytes += len(lines)
        if self._idle is None:
            self._idle = asyncio.Event()
            self._idle.set()
        if self._idle.is_set():
            self._idle.clear()
            loop.call_soon(self._begin, loop)  # callers of this turn of the loop share the group
        await durable

    async def seal(self) -> Path | None:
        """End the open segment, so that it can be compacted; returns it, or None when there was nothing in it."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._log.seal)

    async def close(self) -> None:
        """Write what waits, seal, and stop the writer thread."""
        if self._idle is not None:
            await self._idle.wait()
        await asyncio.get_running_loop().run_in_executor(self._writer, self._log.close)
        self._writer.shutdown()

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let what waits be written as a group."""
        group, self._waiting = self._waiting, []
        self._writing_rows, self._waiting_rows, self._waiting_bytes = self._waiting_rows, 0, 0
        self._writer.submit(self._commit, loop, group)

    def _commit(self, loop: asyncio.AbstractEventLoop, group: Sequence[_Call]) -> None:
        """Write a group, in the writer's thread."""
        error: BaseException | None = None
        started = time.perf_counter()
        try:
            self._log.append_payloads([payload for payload, _ in group])
        except BaseException as failed:  # noqa: BLE001 - whoever waits for the group is told
            error = failed
        self._seconds += time.perf_counter() - started
        self._groups += 1
        loop.call_soon_threadsafe(self._settle, loop, [durable for _, durable in group], error)

    def _settle(
        self, loop: asyncio.AbstractEventLoop, group: Sequence[asyncio.Future[None]], error: BaseException | None
    ) -> None:
        """Tell the callers of a group, and begin the next; a caller that gave up waiting is left alone."""
        if error is None:
            self._rows += self._writing_rows
        else:
            self._refused += len(group)
        self._writing_rows = 0
        for durable in group:
            if durable.done():
                continue
            if error is None:
                durable.set_result(None)
            else:
                durable.set_exception(Overloaded(error.reason) if isinstance(error, Overloaded) else error)
        if self._waiting:
            self._begin(loop)
        elif self._idle is not None:
            self._idle.set()
