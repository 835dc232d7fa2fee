"""How fast the event log makes rows durable: the last line of stdout is one JSON object.

    python benchmarks/append_log.py [--rows N] [--batch N] [--callers N] [--folder DIR]

`group_events_per_s`: that many asyncio callers of `GroupCommit`, each awaiting one batch after the other.
`alone_events_per_s`: one caller of `SegmentLog`, one fdatasync a batch.
`limit_events_per_s`: bare writes of the same bytes in the group's sizes with one fdatasync each, on the same disk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.group_commit import CommitCounts, GroupCommit
from shopkeeper.engines.segment_log import SegmentLog


def rows_of(batch: int) -> list[bytes]:
    """Return one batch of events as they come over HTTP."""
    ts = datetime(2026, 3, 1, tzinfo=UTC)
    events = (
        Event(event_id=f"event-{n:08d}", ts=ts, store="uk", type="view", visitor=f"v{n}", product=f"p{n}")
        for n in range(batch)
    )
    return [msgspec.json.encode(event) for event in events]


async def grouped(
    folder: Path, rows: list[bytes], batches: int, callers: int
) -> tuple[float, list[float], CommitCounts]:
    """Return seconds in all, seconds of each call, and what the log counted."""
    log = GroupCommit(SegmentLog(folder, "bench"))
    took: list[float] = []

    async def caller() -> None:
        for _ in range(batches // callers):
            begun = time.perf_counter()
            await log.append(EVENTS, rows)
            took.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    seconds = time.perf_counter() - begun
    counts = log.counts
    await log.close()
    return seconds, sorted(took), counts


def alone(folder: Path, rows: list[bytes], batches: int) -> float:
    """Return seconds for batches one after the other, each with its own sync."""
    log = SegmentLog(folder, "bench")
    begun = time.perf_counter()
    for _ in range(batches):
        log.append(EVENTS, rows)
    seconds = time.perf_counter() - begun
    log.close()
    return seconds


def bare(path: Path, rows: list[bytes], batches: int, groups: int) -> float:
    """Return seconds for the same bytes by the operating system alone."""
    block = (b"\n".join(rows) + b"\n") * max(batches // groups, 1)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    begun = time.perf_counter()
    for _ in range(groups):
        os.write(handle, block)
        os.fdatasync(handle)
    seconds = time.perf_counter() - begun
    os.close(handle)
    return seconds


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--folder", type=Path, default=None, help="where to write; a temporary folder by default")
    args = parser.parse_args()
    rows, batches = rows_of(args.batch), args.rows // args.batch
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        seconds, took, counts = asyncio.run(grouped(Path(name) / "group", rows, batches, args.callers))
        single = alone(Path(name) / "alone", rows, batches // 10)
        limit = bare(Path(name) / "bare", rows, batches, counts.groups)
    result = {
        "group_events_per_s": counts.rows / seconds,
        "alone_events_per_s": batches // 10 * args.batch / single,
        "limit_events_per_s": batches * args.batch / limit,
        "rows_a_sync": counts.rows / counts.groups,
        "p50_ms": took[len(took) // 2] * 1e3,
        "p99_ms": took[len(took) * 99 // 100] * 1e3,
        "callers": args.callers,
        "batch": args.batch,
    }
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
