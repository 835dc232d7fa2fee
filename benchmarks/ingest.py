"""How many durable events a second one core takes over HTTP, beside a bare append and an empty route.

    python benchmarks/ingest.py [--seconds 4] [--batch 100]

Every event is validated, on disk (fdatasync) and in its shopper's profile before its 202. At the end the server is
killed (SIGKILL) under load and what it acknowledged is counted again in the lake. One JSON document on the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.group_commit import GroupCommit
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.testing.load import http_request, load
from shopkeeper.testing.server_process import start_empty_server, start_server
from shopkeeper.testing.trained_shop import make_workspace

CONNECTIONS = 16


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=4.0)
    options.add_argument("--batch", type=int, default=100)
    chosen = options.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    server_core, client_core = cores[0], cores[-1]
    os.sched_setaffinity(0, {client_core})
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        key = make_workspace(workspace)
        server = start_server(workspace, server_core)
        store = iter([http_request("PUT", "/v1/stores", b'{"store":"shop"}', key)])
        asyncio.run(load(server.host, server.port, store, 1, 5))
        batches = asyncio.run(
            load(server.host, server.port, requests(key, chosen.batch, "b"), CONNECTIONS, chosen.seconds)
        )
        singles = asyncio.run(load(server.host, server.port, requests(key, 1, "s"), CONNECTIONS, chosen.seconds))
        killed = asyncio.run(under_kill(server.host, server.port, server.process.pid, requests(key, 1, "k")))
        server.process.wait()
        acked = {
            "b": batches.statuses.get(202, 0) * chosen.batch, "s": singles.statuses.get(202, 0), "k": killed
        }  # fmt: skip
        there = logged(workspace)
        lost = sum(max(0, n - there.get(prefix, 0)) for prefix, n in acked.items())
    empty = start_empty_server(server_core)
    posts = asyncio.run(load(empty.host, empty.port, requests(key, 1, "e"), CONNECTIONS, chosen.seconds / 2))
    empty.stop()
    os.sched_setaffinity(0, {server_core})
    append = asyncio.run(bare_append(chosen.batch, chosen.seconds / 2))
    document = {
        "batch_events_per_s": round(batches.rps * chosen.batch),
        "single_events_per_s": round(singles.rps),
        "limit_events_per_s": round(append),
        "limit_post_rps": round(posts.rps),
        "batch_share_of_limit": round(batches.rps * chosen.batch / append, 3),
        "single_share_of_limit": round(singles.rps / posts.rps, 3),
        "single_p99_ms": round(singles.percentile_ms(0.99), 2),
        "acked": sum(acked.values()),
        "lost": lost,
        "errors": batches.errors + singles.errors,
        "batch": chosen.batch,
        "connections": CONNECTIONS,
    }
    print(json.dumps(document))


def requests(key: str, batch: int, prefix: str) -> Iterator[bytes]:
    """Yield requests with ever new events, of ten thousand shoppers and products."""
    now = time.time()
    for first in count(0, batch):
        events = [
            {
                "event_id": f"{prefix}{n}",
                "ts": now,
                "store": "shop",
                "type": "view",
                "product": f"p{n * 7 % 10_000}",
                "visitor": f"v{n % 10_000}",
            }
            for n in range(first, first + batch)
        ]
        yield http_request("POST", "/v1/events", json.dumps(events).encode(), key)


async def under_kill(host: str, port: int, pid: int, sending: Iterator[bytes]) -> int:
    """Send events, kill the server in the midst of them, and return how many were acknowledged."""
    asyncio.get_running_loop().call_later(0.5, os.kill, pid, signal.SIGKILL)
    result = await load(host, port, sending, CONNECTIONS, 3)
    return result.statuses.get(202, 0)


def logged(workspace: Path) -> dict[str, int]:
    """Count the events of each load as any other process sees them."""
    lake = Lake(workspace / "log", workspace / "lake")
    lake.compact()
    warehouse = lake.warehouse()
    try:
        query = NamedQuery("n", "SELECT substr(event_id, 1, 1) AS load, count(*) AS n FROM events GROUP BY load")
        found = warehouse.fetch(query)
        return dict(zip(found["load"].tolist(), found["n"].tolist(), strict=True))
    finally:
        warehouse.close()


async def bare_append(batch: int, seconds: float) -> float:
    """Return events a second that the log alone makes durable, `CONNECTIONS` callers at once, encoded beforehand."""
    rows = [
        b'{"event_id":"b%d","ts":"2026-01-01T00:00:00Z","store":"shop","type":"view","product":"p1"}' % n
        for n in range(batch)
    ]
    written = 0
    with tempfile.TemporaryDirectory() as folder:
        log = GroupCommit(SegmentLog(Path(folder), "bench"))
        until = time.perf_counter() + seconds

        async def write() -> None:
            nonlocal written
            while time.perf_counter() < until:
                await log.append(EVENTS, rows)
                written += batch

        started = time.perf_counter()
        await asyncio.gather(*(write() for _ in range(CONNECTIONS)))
        took = time.perf_counter() - started
        await log.close()
    return written / took


if __name__ == "__main__":
    main()
