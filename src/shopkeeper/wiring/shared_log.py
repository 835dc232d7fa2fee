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
from shopkeeper.engines.running_marks import marked_as_running, running_processes
from shopkeeper.engines.segment_follower import SegmentFollower
from shopkeeper.engines.segment_log import SegmentLog, writer_name
from shopkeeper.engines.segment_recovery import live_names
from shopkeeper.engines.sole_duty import SoleDuty

WRITERS: Final = "serve-"
"""How serving processes are called in the log."""
SEEN_SECONDS: Final = 5.0
"""For how long a serving process that is not alone keeps a segment open, so that the others have seen it."""
_DUTY: Final = "duty.lock"


@dataclass(frozen=True, slots=True)
class SharedLog:
    """What a serving process writes, and what it reads of the others.

    Attributes:
        process: How this one is called.
        duty: What one serving process does for all: compaction, the mirror, judging behaviour, retention.
        seconds: Seconds that never go back.
    """

    folder: Path
    process: str
    live: GroupCommit
    follower: SegmentFollower
    duty: SoleDuty
    seconds: Callable[[], float] = time.monotonic

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
    stack.enter_context(marked_as_running(folder))
    process = f"{WRITERS}{os.getpid()}-{secrets.token_hex(4)}"
    live = GroupCommit(SegmentLog(folder, process))
    stack.push_async_callback(live.close)
    follower = SegmentFollower(folder, process, WRITERS)
    stack.callback(follower.close)
    duty = SoleDuty(folder / _DUTY)
    stack.callback(duty.close)
    follower.begin()
    return SharedLog(folder, process, live, follower, duty)
