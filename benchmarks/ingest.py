"""How many durable events a second one core takes over HTTP, beside a bare append and an empty route.

    python benchmarks/ingest.py [--seconds 3] [--runs 3] [--batch 100] [--model] [--keep DIR]

Every event is validated, on disk (fdatasync) and in its shopper's profile before its 202. The server has one core and
the client the other; every run measures the limits first, on the same core, and figures are medians over the runs.
With `--model` V3 over 100,000 products (`session_shop.py`) is open beside it, and its item-kNN grows by what comes.
`limit_events_per_s` is what the log alone makes durable of rows that are encoded already; `limit_post_rps` an empty
route. `*_cpu_us` is processor time an event, which a busy machine moves less than its rate. At the end the server is
killed (SIGKILL) under load and what it acknowledged is counted again in the lake. One JSON document on the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there

from benchmarks.session_shop import shop_in

from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.group_commit import GroupCommit
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.testing.load import LoadResult, http_request, load
from shopkeeper.testing.server_process import ServerProcess, start_empty_server, start_server
from shopkeeper.testing.trained_shop import make_workspace

CONNECTIONS = 16


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=3.0)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--batch", type=int, default=100)
    options.add_argument("--model", action="store_true", help="with a model that grows by what comes")
    options.add_argument("--keep", type=Path, help="where the shop of the model is kept for the next time")
    chosen = options.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    server_core, client_core = cores[0], cores[-1]
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        key = with_model(workspace, chosen.keep) if chosen.model else make_workspace(workspace)
        server, empty = start_server(workspace, server_core), start_empty_server(server_core)
        os.sched_setaffinity(0, {client_core})
        store = iter([http_request("PUT", "/v1/stores", b'{"store":"shop"}', key)])
        asyncio.run(load(server.host, server.port, store, 1, 5))
        rounds = []
        for number in range(chosen.runs):
            with server.asleep(), empty.asleep():
                os.sched_setaffinity(0, {server_core})
                append = asyncio.run(bare_append(chosen.batch, chosen.seconds / 2))
                os.sched_setaffinity(0, {client_core})
            rounds.append(one_round(server, empty, key, chosen.batch, chosen.seconds, number) | {"append": append})
        empty.stop()
        killed = asyncio.run(under_kill(server.host, server.port, server.process.pid, requests(key, 1, "k")))
        server.process.wait()
        acked = {
            "b": sum(int(one["batches"]) for one in rounds) * chosen.batch,
            "s": sum(int(one["singles"]) for one in rounds), "k": killed,
        }  # fmt: skip
        there = logged(workspace)
        lost = sum(max(0, n - there.get(prefix, 0)) for prefix, n in acked.items())
    middle = {name: statistics.median([one[name] for one in rounds]) for name in rounds[0]}
    shares = {
        "batch_share_of_limit": statistics.median([one["batch_rate"] / one["append"] for one in rounds]),
        "single_share_of_limit": statistics.median([one["single_rate"] / one["posts"] for one in rounds]),
        "single_cpu_share_of_limit": statistics.median([one["post_cpu_us"] / one["single_cpu_us"] for one in rounds]),
    }
    document = {
        "batch_events_per_s": round(middle["batch_rate"]),
        "single_events_per_s": round(middle["single_rate"]),
        "limit_events_per_s": round(middle["append"]),
        "limit_post_rps": round(middle["posts"]),
        **{name: round(share, 4) for name, share in shares.items()},
        "batch_cpu_us": round(middle["batch_cpu_us"], 2),
        "single_cpu_us": round(middle["single_cpu_us"], 1),
        "limit_post_cpu_us": round(middle["post_cpu_us"], 1),
        "single_p99_ms": round(middle["single_p99_ms"], 2),
        "acked": sum(acked.values()),
        "lost": lost,
        "errors": sum(int(one["errors"]) for one in rounds),
        "batch": chosen.batch,
        "model": chosen.model,
        "connections": CONNECTIONS,
        "runs": chosen.runs,
    }
    print(json.dumps(document))


def with_model(workspace: Path, keep: Path | None) -> str:
    """Give a workspace shelf and model of a made-up shop, and none of its events; return a key for everything."""
    made = workspace / "made"
    shop = shop_in(keep or made, 100_000, 100_000, "blend", 7)
    shutil.copy(shop.workspace / "state.db", workspace)
    (workspace / "models").symlink_to(shop.workspace / "models")
    (workspace / "shopkeeper.toml").touch()
    return shop.key


def one_round(
    server: ServerProcess, empty: ServerProcess, key: str, batch: int, seconds: float, number: int
) -> dict[str, float]:
    """Return what one run came to, the empty route first."""
    with server.asleep():
        posts, post_cpu = loaded(empty, requests(key, 1, "e", number), seconds / 2)
    with empty.asleep():
        batches, batch_cpu = loaded(server, requests(key, batch, "b", number), seconds)
        singles, single_cpu = loaded(server, requests(key, 1, "s", number), seconds)
    return {
        "posts": posts.rps, "post_cpu_us": post_cpu,
        "batch_rate": batches.rps * batch, "batch_cpu_us": batch_cpu / batch,
        "single_rate": singles.rps, "single_cpu_us": single_cpu, "single_p99_ms": singles.percentile_ms(0.99),
        "batches": batches.statuses.get(202, 0), "singles": singles.statuses.get(202, 0),
        "errors": batches.errors + singles.errors,
    }  # fmt: skip


def loaded(server: ServerProcess, sending: Iterator[bytes], seconds: float) -> tuple[LoadResult, float]:
    """Put one load on a server and say what a request cost its processor, microseconds."""
    before = server.cpu_seconds()
    result = asyncio.run(load(server.host, server.port, sending, CONNECTIONS, seconds))
    return result, 1e6 * (server.cpu_seconds() - before) / max(len(result.milliseconds), 1)


def requests(key: str, batch: int, prefix: str, number: int = 0) -> Iterator[bytes]:
    """Yield requests with ever new events, of ten thousand shoppers and products."""
    # Joined from templates: a client that made them one by one would be slower than the server.
    row = (
        b'{"event_id":"'
        + prefix.encode()
        + b'%d","ts":%d,"store":"shop","type":"view","product":"p%d","visitor":"v%d"}'
    )
    for first in count(number * 100_000_000, batch):
        now = int(time.time() * 1000)
        numbers = range(first, first + batch)
        products = [(n * 7 + n // 10_000) % 10_000 for n in numbers]  # a shopper meets another one each time
        events = [row % (n, now + n - first, product, n % 10_000) for n, product in zip(numbers, products, strict=True)]
        yield http_request("POST", "/v1/events", b"[" + b",".join(events) + b"]", key)


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
