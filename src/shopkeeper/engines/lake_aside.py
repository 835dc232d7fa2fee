"""Compaction beside a server: in a process of its own at low priority, so that no answer waits for it.

    python -m shopkeeper.engines.lake_aside LOG_FOLDER LAKE_FOLDER

A thread would share the interpreter's lock and the server's core with the answers, and leave the server with the memory
that DuckDB took. A process that is killed on the way has lost nothing: the next compaction goes on from there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_recovery import sealed_segments
from shopkeeper.errors import LogDamaged, ShopkeeperError, Unavailable

WORTH_BYTES: Final = 1024 * 1024
"""Below so many bytes of segments a process would cost more than the compaction."""
_NICE: Final = 10


class _Failed(Struct):
    """Why a compaction did not reach its end, as its process says it."""

    damaged: bool
    reason: str
    remedy: str


def worth_a_process(log_folder: Path) -> bool:
    """Say whether enough waits to be compacted that it should be done aside."""
    waiting = 0
    for path in sealed_segments(log_folder):
        with contextlib.suppress(FileNotFoundError):  # compacted meanwhile by somebody else
            waiting += path.stat().st_size
    return waiting >= WORTH_BYTES


async def compact_aside(log_folder: Path, lake_folder: Path) -> None:
    """Bring every segment that nobody writes any more into the lake, as `Lake.compact` does.

    Raises:
        LogDamaged: a segment is damaged; all others were taken.
        Unavailable: the disk is full or fails, memory does not suffice, or the process was killed.
    """
    process = _started([sys.executable, "-m", __name__, str(log_folder), str(lake_folder)])
    try:
        told, _ = await asyncio.to_thread(process.communicate)
    except asyncio.CancelledError:
        process.kill()
        await asyncio.to_thread(process.wait)
        raise
    if process.returncode == 0:
        return
    if not told:
        raise Unavailable(
            f"The process that compacts {log_folder} ended with code {process.returncode}.",
            "On code -9 the machine may lack memory; nothing is lost, the next compaction goes on from here.",
        )
    failed = msgspec.json.decode(told, type=_Failed)
    raise (LogDamaged if failed.damaged else Unavailable)(failed.reason, failed.remedy)


def _started(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a process at low priority.

    The event loop's own way forks: it copies the page tables of the whole server, and each page that is written to
    next, which stops the answers for 40 ms. And a process that lowers its own priority has imported DuckDB by then.
    """
    process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - our own command
    os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
    return process


def main() -> None:
    """Compact once, and say on the standard output what went wrong."""
    log_folder, lake_folder = map(Path, sys.argv[1:])
    try:
        Lake(log_folder, lake_folder, threads=1).compact()
    except ShopkeeperError as error:
        failed = _Failed(isinstance(error, LogDamaged), error.reason, error.remedy)
        sys.stdout.buffer.write(msgspec.json.encode(failed))
        sys.exit(1)


if __name__ == "__main__":
    main()
