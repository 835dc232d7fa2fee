"""How soon a server is ready, and whether swapping its model fails a request.

    python benchmarks/startup.py [--products 100000] [--shoppers 100000] [--seconds 10] [--keep DIR] [--seed 7]

Ready: from the start of the process to the line that says it answers, median of three, with V3 over the whole shelf;
`ready_cpu_s` is the processor time of it, which a busy machine changes less. Modules are compiled before, as
`pip install` does it.
Then, under as much load as 32 connections bring, the champion pointer is moved to another version and back every three
seconds; every request must be answered. `swap_p99_ms` is of requests that were answered within 1.75 seconds after a
move, which the opening and the rehearsal of the version take, `calm_p99_ms` of those before it, `load_p99_ms` of all.
Memory is private memory of the serving process after the load: `memory_mb_first` with the pages of the model's files
that nobody else has open, `memory_mb_own` without; `memory_mb_next` is that of a further worker when two are ready
(with a Valkey of their own; `workers.py` looks closer). One JSON document on the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import compileall
import json
import os
import statistics
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there

from benchmarks.session_shop import STORE, Shop, shop_in
from benchmarks.workers import serving_pids

import shopkeeper
from shopkeeper.engines.state import State, open_state
from shopkeeper.testing.load import LoadResult, load
from shopkeeper.testing.server_process import ServerProcess, start_server
from shopkeeper.testing.trained_shop import ask_for
from shopkeeper.testing.valkey_process import valkey

CONNECTIONS = 32
STARTS = 3
PAUSE_SECONDS = 1.5
NEAR_SECONDS = 1.5
"""Answers so soon after a move of the pointer are those of the swap; it is seen within a quarter of a second."""


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--products", type=int, default=100_000)
    options.add_argument("--shoppers", type=int, default=100_000)
    options.add_argument("--seconds", type=float, default=15.0)
    options.add_argument("--keep", type=Path, help="where shops are kept for the next time")
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        shop = shop_in(chosen.keep or Path(folder), chosen.products, chosen.shoppers, "blend", chosen.seed)
        (shop.workspace / "shopkeeper.toml").write_text("[serving]\ncache_entries = 0\n", "utf-8")
        os.sched_setaffinity(0, {cores[-1]})
        compileall.compile_dir(Path(shopkeeper.__file__).parent, quiet=2)
        ready, spent = [], []
        for number in range(STARTS):
            server, seconds = timed_start(shop, cores[0])
            ready.append(seconds)
            spent.append(server.cpu_seconds())
            if number < STARTS - 1:
                server.stop()
        result, swaps, calm, near = asyncio.run(swap_under_load(shop, server, chosen.seconds))
        memory, own = private_megabytes(server.process.pid), private_megabytes(server.process.pid, "Private_Dirty")
        server.stop()
        further = further_megabytes(shop)
    document: dict[str, Any] = {
        "ready_s": round(statistics.median(ready), 2),
        "ready_cpu_s": round(statistics.median(spent), 2),
        "swap_failed": result.errors,
        "swap_p99_ms": round(near.percentile_ms(0.99), 2),
        "calm_p99_ms": round(calm.percentile_ms(0.99), 2),
        "load_p99_ms": round(result.percentile_ms(0.99), 2),
        "swaps": swaps,
        "requests": len(result.milliseconds),
        "memory_mb_first": round(memory, 1),
        "memory_mb_own": round(own, 1),
        "memory_mb_next": round(further, 1),
        "products": chosen.products,
        "simulated": True,
    }
    print(json.dumps(document))


def timed_start(shop: Shop, core: int) -> tuple[ServerProcess, float]:
    """Start the server; return it and the seconds until it answered."""
    started = time.perf_counter()
    server = start_server(shop.workspace, core)
    return server, time.perf_counter() - started


async def swap_under_load(
    shop: Shop, server: ServerProcess, seconds: float
) -> tuple[LoadResult, int, LoadResult, LoadResult]:
    """Move the champion pointer while requests run; return what came of all, how often it moved, what came of those
    before a move, and of those near one."""
    state = open_state(f"sqlite:///{shop.workspace / 'state.db'}")
    asked = [ask_for(shop.key, {"store": STORE, "visitor": f"v{n * 7}", "k": 20}) for n in range(10_000)]
    await load(server.host, server.port, iter(asked), 8, 1.0)
    result, calm, near, swaps = LoadResult(), LoadResult(), LoadResult(), 0
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        calm.add(await load(server.host, server.port, cycle(asked), CONNECTIONS, PAUSE_SECONDS))
        moved = asyncio.create_task(load(server.host, server.port, cycle(asked), CONNECTIONS, NEAR_SECONDS + 0.25))
        await asyncio.to_thread(_move, state, shop.versions[(swaps + 1) % 2])
        swaps += 1
        near.add(await moved)
    state.close()
    result.add(calm)
    result.add(near)
    return result, swaps, calm, near


def _move(state: State, target: str) -> None:
    state.registry.point("recommendations", "champion", target, "benchmark", "swap under load")


def further_megabytes(shop: Shop) -> float:
    """Return the private memory of the larger of two workers that are ready, MiB: what one more costs."""
    settings = shop.workspace / "shopkeeper.toml"
    with tempfile.TemporaryDirectory() as folder, valkey(Path(folder)) as url:
        settings.write_text(f'[engines]\ncache_url = "{url}"\n', "utf-8")
        server = start_server(shop.workspace, workers=2)
        try:
            return max(map(private_megabytes, serving_pids(server, 2)))
        finally:
            server.stop(60)
            settings.write_text("", "utf-8")


def private_megabytes(pid: int, kind: str = "Private_") -> float:
    """Return the private memory of a process, MiB; `Private_Dirty` is what no file has."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    private = sum(int(line.split()[1]) for line in lines if line.startswith(kind))
    return private / 1024


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
