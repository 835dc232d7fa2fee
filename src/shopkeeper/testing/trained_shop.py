"""A shop filled and trained through the public interface, for benchmarks; its data are simulated."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from shopkeeper.testing.load import http_request, load
from shopkeeper.testing.server_process import run_verb, start_server

SHOPPERS = 5_000
EVENTS_EACH = 12
CATEGORIES = 100
ROWS = 1_000


def make_workspace(folder: Path) -> str:
    """Make a workspace with default settings and return a key for everything in it."""
    (folder / "shopkeeper.toml").touch()
    key: str = run_verb(folder, "keys", "create", "--store", "*", "--scopes", "events,decide,manage")["key"]
    return key


def fill_and_train(workspace: Path, key: str, products: int, seed: int) -> None:
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
    bodies: list[tuple[str, str, list[dict[str, Any]]]] = [("PUT", "/v1/stores", [{"store": "shop"}])]
    bodies += [("PUT", "/v1/products", shelf[start : start + ROWS]) for start in range(0, len(shelf), ROWS)]
    bodies += [("POST", "/v1/events", events[start : start + ROWS]) for start in range(0, len(events), ROWS)]
    requests = [http_request(method, path, json.dumps(body).encode(), key) for method, path, body in bodies]
    filled = asyncio.run(load(server.host, server.port, iter(requests), 1, 60))
    server.stop()
    if filled.errors:
        raise SystemExit(f"The shop could not be filled: {filled.statuses}")
    print(f"filled with {products} products and {len(events)} events in {filled.seconds:.1f} s", file=sys.stderr)
    run_verb(workspace, "train", "recommendations", "--ignore-quality", "a simulated load without orders")


def ask_for(key: str, asked: dict[str, Any]) -> bytes:
    """Return one request for recommendations."""
    return http_request("POST", "/v1/recommendations", json.dumps(asked).encode(), key)
