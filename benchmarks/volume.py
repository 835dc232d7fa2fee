"""The blueprint's volume, ten million recommendations a day: how long a tenth of it takes on all cores of this machine.

    python benchmarks/volume.py [--answers 1000000] [--workers 1] [--connections 32] [--products 100000]
                                [--shoppers 100000] [--keep DIR] [--seed 7]

The shop is `session_shop.py`'s. Of five requests four were asked before, as pages are loaded again and lists are asked
for by several places of one page; the fifth asks V3 anew. One worker has a core and the client the other, as in
`serve.py`; several have all cores together with the client, and share a Valkey of their own. `ten_million_minutes` is
ten million over the measured rate: an extrapolation, as is `ten_million_core_minutes`, which counts the processor time
of the servers alone.
One JSON document on the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.serve import proportional_mb
from benchmarks.session_shop import Shop, shop_in
from benchmarks.shop_requests import mixed_hits, primed

from shopkeeper.testing.load import LoadResult, load
from shopkeeper.testing.server_process import ServerProcess, start_server
from shopkeeper.testing.valkey_process import valkey

TEN_MILLION = 10_000_000
SLICES = 20


def main() -> None:
    """Make the shop, ask, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--answers", type=int, default=1_000_000)
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--connections", type=int, default=32)
    options.add_argument("--products", type=int, default=100_000)
    options.add_argument("--shoppers", type=int, default=100_000)
    options.add_argument("--keep", type=Path, help="where shops are kept for the next time")
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shop = shop_in(chosen.keep or Path(folder), chosen.products, chosen.shoppers, "blend", chosen.seed)
        with contextlib.ExitStack() as stack:
            cache = stack.enter_context(valkey(Path(folder))) if chosen.workers > 1 else ""
            document = measured(shop, chosen, cache)
    print(json.dumps(document))


def measured(shop: Shop, chosen: argparse.Namespace, cache_url: str) -> dict[str, Any]:
    """Ask so often, and return what came of it."""
    settings = f'[engines]\ncache_url = "{cache_url}"\n' if cache_url else ""
    (shop.workspace / "shopkeeper.toml").write_text(settings, "utf-8")
    cores = sorted(os.sched_getaffinity(0))
    server = start_server(shop.workspace, cores[0] if chosen.workers == 1 else None, chosen.workers)
    if chosen.workers == 1:
        os.sched_setaffinity(0, {cores[-1]})
    counted(server)  # a page: it comes once all pages are loaded
    for _ in range(4):  # each connection stays with one worker, and each worker is to know them
        asyncio.run(load(server.host, server.port, iter(primed(shop)), 8, 120))
    before, memory = cpu_seconds(server), memory_mb(server)
    result, asked = LoadResult(), mixed_hits(shop)
    for number in range(SLICES):
        most = chosen.answers // SLICES
        one = asyncio.run(load(server.host, server.port, asked, chosen.connections, 3_600, most))
        result.add(one)
        print(f"{(number + 1) * most} answers, {one.rps:.0f}/s, p99 {one.percentile_ms(0.99):.1f} ms", file=sys.stderr)
    cpu, grown = cpu_seconds(server) - before, memory_mb(server) / memory - 1.0
    decisions = counted(server)
    server.stop(120)
    answered = len(result.milliseconds)
    return {
        "answers": answered, "seconds": round(result.seconds, 1), "rps": round(result.rps, 1),
        "p50_ms": round(result.percentile_ms(0.50), 2), "p99_ms": round(result.percentile_ms(0.99), 2),
        "p999_ms": round(result.percentile_ms(0.999), 2), "errors": result.errors,
        "cpu_us": round(1e6 * cpu / answered), **decisions, "memory_growth": round(grown, 4),
        "ten_million_minutes": round(TEN_MILLION / result.rps / 60, 1),
        "ten_million_core_minutes": round(TEN_MILLION * cpu / answered / 60, 1),
        "workers": chosen.workers, "products": shop.products, "shoppers": shop.shoppers, "simulated": True,
    }  # fmt: skip


def processes(server: ServerProcess) -> list[int]:
    """Return the parent and its workers."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text("utf-8")
    return [server.process.pid, *map(int, children.split())]


def cpu_seconds(server: ServerProcess) -> float:
    """Return the processor time of all of them."""
    stats = [
        Path(f"/proc/{process}/stat").read_text("utf-8").rsplit(")", 1)[1].split() for process in processes(server)
    ]
    return sum(int(columns[11]) + int(columns[12]) for columns in stats) / 100


def memory_mb(server: ServerProcess) -> float:
    """Return the proportional memory of all of them, MiB."""
    return sum(proportional_mb(process) for process in processes(server))


def counted(server: ServerProcess) -> dict[str, float]:
    """Return which share of the answers came from the cache, and which from the rules."""
    with urlopen(f"http://{server.host}:{server.port}/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    rows = [line.rsplit(" ", 1) for line in lines if line.startswith("shopkeeper_decisions_total{")]
    every = max(sum(float(n) for _, n in rows), 1.0)
    cached = sum(float(n) for name, n in rows if 'cached="true"' in name)
    fallback = sum(float(n) for name, n in rows if 'fallback=""' not in name)
    return {"cached_share": round(cached / every, 4), "fallback_share": round(fallback / every, 4)}


if __name__ == "__main__":
    main()
