"""The event log as one of several serving processes of a workspace uses it."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shopkeeper.engines.group_commit import GroupCommit
from shopkeeper.engines.running_marks import marked_as_running, note_read, running_processes, unread_by
from shopkeeper.engines.segment_follower import SegmentFollower
from shopkeeper.engines.segment_log import SegmentLog, writer_name
from shopkeeper.engines.segment_recovery import live_names
from shopkeeper.engines.sole_duty import SoleDuty

WRITERS: Final = "serve-"
"""How serving processes are called in the log."""
SEEN_SECONDS: Final = 5.0
"""For how long a serving process that is not alone keeps a segment open, so that the others have seen it."""
READ_SECONDS: Final = 1.0
"""How long at most a row of a keyed table waits until the other serving processes have read it."""
_DUTY: Final = "duty.lock"


@dataclass(slots=True)
class SharedLog:
    """What a serving process writes, and what it reads of the others.

    Attributes:
        process: How this one is called.
        duty: What one serving process does for all: compaction, the mirror, judging behaviour, retention.
        mark: Counts this process among those that run.
        seconds: Seconds that never go back.
        unread: Times another process had not read what was logged here within `READ_SECONDS`.
    """

    folder: Path
    process: str
    live: GroupCommit
    follower: SegmentFollower
    duty: SoleDuty
    mark: Path
    seconds: Callable[[], float] = time.monotonic
    unread: int = 0

    def note_read(self, moment_ns: int) -> None:
        """Let others know that all they had logged before a moment counts here, nanoseconds since the epoch."""
        note_read(self.mark, moment_ns)

    async def read_by_others(self) -> None:
        """Wait until what this process has logged counts in every other one that runs; one that is stuck is not waited
        for.
        """
        moment, until = time.time_ns(), self.seconds() + READ_SECONDS
        while await asyncio.to_thread(unread_by, self.folder, self.mark, moment):
            if self.seconds() > until:
                self.unread += 1
                return
            await asyncio.sleep(0.01)

    async def seal(self) -> None:
        """End the open segment of this process, so that it can be compacted; where others follow, once they saw it."""
        begun = self.live.begun
        if begun is not None and await asyncio.to_thread(running_processes, self.folder) > 1:
            await asyncio.sleep(max(0.0, begun + SEEN_SECONDS - self.seconds()))
        await self.live.seal()

    def open_elsewhere(self) -> frozenset[str]:
        """Return the names of the segments that other serving processes hold open."""
        own = f"{writer_name(self.process)}-"
        return frozenset(name for name in live_names(self.folder, writer_name(WRITERS)) if not name.startswith(own))


def open_log(folder: Path, stack: AsyncExitStack) -> SharedLog:
    """Return the log, its segments of others held from now on; sealed and let go of when the stack closes."""
    mark = stack.enter_context(marked_as_running(folder))
    process = f"{WRITERS}{os.getpid()}-{secrets.token_hex(4)}"
    live = GroupCommit(SegmentLog(folder, process))
    stack.push_async_callback(live.close)
    follower = SegmentFollower(folder, process, WRITERS)
    stack.callback(follower.close)
    duty = SoleDuty(folder / _DUTY)
    stack.callback(duty.close)
    follower.begin()
    return SharedLog(folder, process, live, follower, duty, mark)
