"""How many recommendations one core serves, beside an empty route on the same core with the same client.

    python benchmarks/serve.py [--products 20000] [--seconds 4] [--seed 7]

The shop is filled and trained through the public interface: products and events over HTTP, then `shopkeeper train`.
Uncached: every request asks the model. Cached: four of five requests were asked before. Peers (LitServe, BentoML, MLflow)
come with a later issue, so `peers` is empty and `ratio_best_peer` is null. One JSON document on the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shopkeeper.testing.load import LoadResult, http_request, load
from shopkeeper.testing.server_process import ServerProcess, run_verb, start_empty_server, start_server

SHOPPERS = 5_000
EVENTS_EACH = 12
CATEGORIES = 100
ROWS = 1_000


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
        (workspace / "shopkeeper.toml").touch()
        key = run_verb(workspace, "keys", "create", "--store", "*", "--scopes", "events,decide,manage")["key"]
        prepare(workspace, key, chosen.products, chosen.seed)
        os.sched_setaffinity(0, {client_core})
        document = measure(workspace, key, chosen.products, chosen.seconds, server_core)
    print(json.dumps({**document, "products": chosen.products, "seed": chosen.seed, "simulated": True}))


def prepare(workspace: Path, key: str, products: int, seed: int) -> None:
    """Fill a shop over HTTP and train its model."""
    chance = random.Random(seed)  # noqa: S311 - a seeded load
    server = start_server(workspace)
    now = time.time()
    shelf = [
        {"product": f"p{n}", "store": "shop", "price": 5 + n % 90, "categories": [f"c{n % CATEGORIES}"]}
        for n in range(products)
    ]
    events = []
    for shopper in range(SHOPPERS):
        category = chance.randrange(CATEGORIES)
        for step in range(EVENTS_EACH):
            product = category + CATEGORIES * int(chance.paretovariate(0.6) % (products // CATEGORIES))
            ts = now - 3600 * 24 * chance.random() - 60 * step
            kind = "purchase" if step % 4 == 3 else "view"
            events.append(
                {"event_id": f"{shopper}-{step}", "ts": ts, "store": "shop", "type": kind, "product": f"p{product}",
                 "visitor": f"v{shopper}"}
            )  # fmt: skip
    bodies = [("PUT", "/v1/stores", [{"store": "shop"}])]
    bodies += [("PUT", "/v1/products", shelf[start : start + ROWS]) for start in range(0, len(shelf), ROWS)]
    bodies += [("POST", "/v1/events", events[start : start + ROWS]) for start in range(0, len(events), ROWS)]
    requests = [http_request(method, path, json.dumps(body).encode(), key) for method, path, body in bodies]
    filled = asyncio.run(load(server.host, server.port, iter(requests), 1, 60))
    server.stop()
    if filled.errors:
        raise SystemExit(f"The shop could not be filled: {filled.statuses}")
    print(f"filled with {products} products and {len(events)} events in {filled.seconds:.1f} s", file=sys.stderr)
    run_verb(workspace, "train", "recommendations")


def measure(workspace: Path, key: str, products: int, seconds: float, core: int) -> dict[str, Any]:
    """Return the figures of one machine."""
    settings = workspace / "shopkeeper.toml"
    settings.write_text("[serving]\ncache_entries = 0\n", "utf-8")
    server = start_server(workspace, core)
    run(server, uncached(key), 8, 1.0)
    many, one = run(server, uncached(key), 32, seconds), run(server, uncached(key), 1, seconds / 2)
    answer = sample(server, key)
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
        "model": answer.get("model"),
        "fallback": answer.get("fallback"),
    }


def run(server: ServerProcess, requests: Iterator[bytes], connections: int, seconds: float) -> LoadResult:
    """Put one load on a server."""
    return asyncio.run(load(server.host, server.port, requests, connections, seconds))


def sample(server: ServerProcess, key: str) -> dict[str, Any]:
    """Ask once and read the answer, to say what was measured."""
    from urllib.request import Request, urlopen  # noqa: PLC0415 - one request of one run

    body = json.dumps({"store": "shop", "visitor": "v1", "k": 20}).encode()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    asked = Request(f"http://{server.host}:{server.port}/v1/recommendations", body, headers)  # noqa: S310 - our server
    with urlopen(asked, timeout=10) as answer:  # noqa: S310 - our server
        document: dict[str, Any] = json.loads(answer.read())
    return document


def uncached(key: str) -> Iterator[bytes]:
    """Yield requests of shoppers with a past, one after the other."""
    requests = [body(key, {"store": "shop", "visitor": f"v{n}", "k": 20}) for n in range(SHOPPERS)]
    while True:
        yield from requests


def mixed(key: str, products: int, hits: float) -> Iterator[bytes]:
    """Yield requests of which the share `hits` has been asked before."""
    known = [body(key, {"store": "shop", "visitor": f"v{n}", "k": 20}) for n in range(200)]
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
            yield body(key, asked)
            fresh += 1


def body(key: str, asked: dict[str, Any]) -> bytes:
    """Return one request for recommendations."""
    return http_request("POST", "/v1/recommendations", json.dumps(asked).encode(), key)


if __name__ == "__main__":
    main()
