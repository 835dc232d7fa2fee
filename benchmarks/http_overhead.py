"""What HTTP adds to an answer: processor of the server for each answer over HTTP, less the same work in one process.

    python benchmarks/http_overhead.py [--rounds 15] [--seconds 0.5] [--products 100000] [--shoppers 100000]
                                       [--keep DIR] [--seed 7]

The work is the answer to a body that was read already, up to the JSON that is sent: `Serving.recommend` where the model
answers, `Serving.recommended` where the cache does, each 32 at once. Over HTTP the same bodies come by 32 connections.
What is left is HTTP: sockets and loop, the head, the key, the body, the head of the answer. Both have the same core by
turns, a round of each; the median of the rounds' differences counts, with the quartiles, as machines are never quiet.
The shop is `session_shop.py`'s; one process serves it, this one works on a copy of the workspace.
One JSON document on the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there

from benchmarks.session_shop import Shop, shop_in
from benchmarks.shop_requests import fresh_requests, primed

from shopkeeper.recommendations.request import RecommendationBody, read_body
from shopkeeper.testing.load import load
from shopkeeper.testing.server_process import ServerProcess, start_server
from shopkeeper.web.recommendations import rendered
from shopkeeper.wiring.serve import open_serving
from shopkeeper.wiring.serving import Serving
from shopkeeper.wiring.settings import load_settings

AT_ONCE = 32
ANSWERS = {"new": 256, "cached": 2_048}
"""Answers of one turn in process."""


def main() -> None:
    """Make the shop, measure, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--seconds", type=float, default=0.5, help="of one turn over HTTP")
    options.add_argument("--products", type=int, default=100_000)
    options.add_argument("--shoppers", type=int, default=100_000)
    options.add_argument("--keep", type=Path, help="where shops are kept for the next time")
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="http-overhead-") as folder:
        shop = shop_in(chosen.keep or Path(folder), chosen.products, chosen.shoppers, "blend", chosen.seed)
        (shop.workspace / "shopkeeper.toml").write_text("", "utf-8")
        own = shutil.copytree(shop.workspace, Path(folder) / "own", ignore=shutil.ignore_patterns("lake", "log"))
        core, client = min(os.sched_getaffinity(0)), max(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {client})
        server = start_server(shop.workspace, core)
        try:
            document = asyncio.run(measured(shop, own, server, (core, client), chosen.rounds, chosen.seconds))
        finally:
            server.stop(120)
    print(json.dumps(document))


async def measured(
    shop: Shop, own: Path, server: ServerProcess, cores: tuple[int, int], rounds: int, seconds: float
) -> dict[str, Any]:
    """Ask both by turns; the first round warms them."""
    found: dict[str, list[tuple[float, float]]] = {"new": [], "cached": []}
    errors = 0
    async with open_serving(load_settings(own)) as serving:
        fresh = fresh_requests(shop)
        for turn in range(rounds + 1):
            for kind, pairs in found.items():
                asked = fresh if kind == "new" else cycle(primed(shop))
                inside = await in_process(serving, asked, kind, cores, server)
                begun = server.cpu_seconds()
                result = await load(server.host, server.port, asked, AT_ONCE, seconds)
                over = (server.cpu_seconds() - begun) / max(1, len(result.milliseconds)) * 1e6
                errors += result.errors
                if turn:
                    pairs.append((over, inside))
    return {
        "bench": "http_overhead", "products": shop.products, "rounds": rounds, "errors": errors, "simulated": True,
        **{f"{kind}_{name}": value for kind, pairs in found.items() for name, value in told(pairs).items()},
    }  # fmt: skip


async def in_process(
    serving: Serving, asked: Iterator[bytes], kind: str, cores: tuple[int, int], server: ServerProcess
) -> float:
    """Return the processor time of one answer in this process, us, on the server's core while that is stopped."""
    bodies = [read_body(request.split(b"\r\n\r\n", 1)[1]) for request in islice(asked, ANSWERS[kind])]
    if kind == "cached":
        await answered(serving, bodies[:500])  # kept from now on, if it was not
    await serving.decision_log.flush()
    os.sched_setaffinity(0, {cores[0]})
    with server.asleep():
        begun = time.process_time()
        await answered(serving, bodies)
        took = time.process_time() - begun
    os.sched_setaffinity(0, {cores[1]})
    return took / len(bodies) * 1e6


async def answered(serving: Serving, bodies: list[RecommendationBody]) -> None:
    """Answer all, as many at once as there are connections."""
    for first in range(0, len(bodies), AT_ONCE):
        waiting = []
        for body in bodies[first : first + AT_ONCE]:
            decision = serving.recommended(body)
            if decision is None:
                waiting.append(serving.recommend(body))
            else:
                rendered(decision)
        for made in await asyncio.gather(*waiting):
            rendered(made)


def told(pairs: list[tuple[float, float]]) -> dict[str, float]:
    """Return the medians of both, and of the differences with their quartiles, us."""
    differences = [over - inside for over, inside in pairs]
    low, middle, high = statistics.quantiles(differences, n=4)
    return {
        "over_http_us": round(statistics.median(over for over, _ in pairs), 1),
        "in_process_us": round(statistics.median(inside for _, inside in pairs), 1),
        "http_us": round(middle, 1), "http_us_low": round(low, 1), "http_us_high": round(high, 1),
    }  # fmt: skip


if __name__ == "__main__":
    main()
