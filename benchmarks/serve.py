"""How many recommendations one core serves, beside an empty route on the same core with the same client.

    python benchmarks/serve.py [--products 20000] [--seconds 4] [--seed 7]

The shop is filled and trained through the public interface: products and events over HTTP, then `shopkeeper train`.
Uncached: every request asks the model. Cached: four of five requests were asked before. Peers (LitServe, BentoML,
MLflow) come with a later issue: `peers` is empty and `ratio_best_peer` null. One JSON document on the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from shopkeeper.testing.load import LoadResult, load
from shopkeeper.testing.server_process import ServerProcess, start_empty_server, start_server
from shopkeeper.testing.trained_shop import SHOPPERS, ask_for, fill_and_train, make_workspace


def main() -> None:
    """Fill, train, measure, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--products", type=int, default=20_000)
    options.add_argument("--seconds", type=float, default=4.0)
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    server_core, client_core = cores[0], cores[-1]
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        key = make_workspace(workspace)
        fill_and_train(workspace, key, chosen.products, chosen.seed)
        os.sched_setaffinity(0, {client_core})
        document = measure(workspace, key, chosen.products, chosen.seconds, server_core)
    print(json.dumps({**document, "products": chosen.products, "seed": chosen.seed, "simulated": True}))


def measure(workspace: Path, key: str, products: int, seconds: float, core: int) -> dict[str, Any]:
    """Return the figures of one machine."""
    settings = workspace / "shopkeeper.toml"
    settings.write_text("[serving]\ncache_entries = 0\n", "utf-8")
    server = start_server(workspace, core)
    run(server, uncached(key), 8, 1.0)
    many, one = run(server, uncached(key), 32, seconds), run(server, uncached(key), 1, seconds / 2)
    answer, degraded = sample(server, key), fallback_share(server)
    server.stop()
    settings.write_text("", "utf-8")
    server = start_server(workspace, core)
    run(server, mixed(key, products, hits=1.0), 8, 1.0)
    cached = run(server, mixed(key, products, hits=0.8), 32, seconds)
    server.stop()
    empty = start_empty_server(core)
    run(empty, mixed(key, products, hits=1.0), 8, 0.5)
    limit = run(empty, mixed(key, products, hits=1.0), 32, seconds / 2)
    empty.stop()
    return {
        "uncached_rps": round(many.rps),
        "uncached_p99_ms_32": round(many.percentile_ms(0.99), 2),
        "uncached_p50_ms_32": round(many.percentile_ms(0.50), 2),
        "uncached_p99_ms_1": round(one.percentile_ms(0.99), 2),
        "cached_rps": round(cached.rps),
        "cached_p99_ms_32": round(cached.percentile_ms(0.99), 2),
        "limit_rps": round(limit.rps),
        "uncached_share_of_limit": round(many.rps / limit.rps, 3),
        "cached_share_of_limit": round(cached.rps / limit.rps, 3),
        "peers": {},
        "ratio_best_peer": None,
        "errors": many.errors + one.errors + cached.errors + limit.errors,
        "uncached_fallback_share": round(degraded, 4),
        "model": answer.get("model"),
    }


def run(server: ServerProcess, requests: Iterator[bytes], connections: int, seconds: float) -> LoadResult:
    """Put one load on a server."""
    return asyncio.run(load(server.host, server.port, requests, connections, seconds))


def sample(server: ServerProcess, key: str) -> dict[str, Any]:
    """Ask once and read the answer, to say what was measured."""
    body = json.dumps({"store": "shop", "visitor": "v1", "k": 20}).encode()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    asked = Request(f"http://{server.host}:{server.port}/v1/recommendations", body, headers)
    with urlopen(asked, timeout=10) as answer:  # noqa: S310 - our server
        document: dict[str, Any] = json.loads(answer.read())
    return document


def fallback_share(server: ServerProcess) -> float:
    """Return which share of the decisions so far the rules answered instead of the model."""
    with urlopen(f"http://{server.host}:{server.port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    rows = [line.rsplit(" ", 1) for line in lines if line.startswith("shopkeeper_decisions_total{")]
    total = sum(float(value) for _, value in rows)
    return sum(float(value) for name, value in rows if 'fallback=""' not in name) / total


def uncached(key: str) -> Iterator[bytes]:
    """Yield requests of shoppers with a past, one after the other."""
    requests = [ask_for(key, {"store": "shop", "visitor": f"v{n}", "k": 20}) for n in range(SHOPPERS)]
    while True:
        yield from requests


def mixed(key: str, products: int, hits: float) -> Iterator[bytes]:
    """Yield requests of which the share `hits` has been asked before."""
    known = [ask_for(key, {"store": "shop", "visitor": f"v{n}", "k": 20}) for n in range(200)]
    fresh = hit = 0
    while True:
        if hit < hits * (fresh + hit + 1):
            yield known[hit % len(known)]
            hit += 1
        else:
            page = f"p{fresh % products}"
            asked = {
                "store": "shop",
                "visitor": f"v{fresh % SHOPPERS}",
                "k": 20,
                "products": [page],
                "surface": "product",
            }
            yield ask_for(key, asked)
            fresh += 1


if __name__ == "__main__":
    main()
