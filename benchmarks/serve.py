"""How many recommendations one core serves, beside an empty route on the same core with the same client.

    python benchmarks/serve.py [--products 100000] [--shoppers 100000] [--seconds 3] [--runs 3] [--v2] [--keep DIR]
                               [--soak MINUTES] [--flame FILE] [--peers-python FILE] [--seed 7]

The server has one core and the client the other. Every run asks the empty route first, so a figure and its limit are
of the same minute; figures are medians over the runs. `*_share_of_limit` compares requests a second,
`*_cpu_share_of_limit` processor time a request, which a busy machine moves less.

Uncached: every request asks V3 (session encoder and item-knn) for 20 products, with rules and reasons, `cache_entries`
being 0. Cached: four of five were asked before. Mix: 70% browse events, 20% recommendations, 10% prices. Open loop: 70%
of the uncached rate, each answer timed from when its request was due. The shop is `session_shop.py`'s, kept in
`--keep` if that is given. `--v2` adds the two-stage ranker, `--flame` a picture by py-spy, if installed.

Peers are `implicit` behind other servers, with the Python of `--peers-python`; see `peers/measure.py`.
`ratio_best_peer` compares requests a second with the fastest of them, `p99_share_of_best_peer` the 99th percentiles, at
32 connections. `uncached_fallback_share_N` is how many the rules answered, as the model's turn came too late.
One JSON document on the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there

from benchmarks.peers.measure import PEERS, best_peer, measured_peers
from benchmarks.session_shop import STORE, Shop, shop_in
from benchmarks.shop_requests import K, mixed_hits, primed, traffic_of, uncached

from shopkeeper.testing.load import LoadResult, load, load_at
from shopkeeper.testing.server_process import ServerProcess, start_empty_server, start_server

CONNECTIONS = (1, 8, 32, 128)
OPEN_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Measured:
    """One load on one server."""

    result: LoadResult
    cpu_us: float


def main() -> None:
    """Make the shop, measure, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--products", type=int, default=100_000)
    options.add_argument("--shoppers", type=int, default=100_000)
    options.add_argument("--seconds", type=float, default=3.0, help="of one load, below 5; see `alone`")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument(
        "--v2", action="store_true", help="measure the two-stage ranker too; training it takes minutes"
    )
    options.add_argument("--keep", type=Path, help="where shops are kept for the next time")
    options.add_argument("--soak", type=float, default=0.0, metavar="MINUTES", help="open loop for so long")
    options.add_argument("--flame", type=Path, help="write a flame graph of the uncached load")
    options.add_argument("--peers-python", type=Path, help="an interpreter that has implicit and the peers")
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        shops = chosen.keep or Path(folder)
        shop = shop_in(shops, chosen.products, chosen.shoppers, "blend", chosen.seed)
        v2 = shop_in(shops, chosen.products, chosen.shoppers, "hybrid", chosen.seed) if chosen.v2 else None
        os.sched_setaffinity(0, {cores[-1]})
        document = measure(shop, chosen, cores[0])
        if v2 is not None:
            document["v2"] = of_v2(v2, chosen.seconds, cores[0], document["limit_rps"])
    print(json.dumps(document))


def measure(shop: Shop, chosen: argparse.Namespace, core: int) -> dict[str, Any]:
    """Return the figures of one machine."""
    empty = start_empty_server(core)
    cold = started(shop, core, "[serving]\ncache_entries = 0\n")
    warm = started(shop, core, "")
    ask = uncached(shop)
    run(cold, ask, 8, 1.5)
    run(warm, iter(primed(shop)), 8, 60)
    with cold.asleep(), warm.asleep():
        run(empty, ask, 8, 0.5)
    rounds = [one_round(shop, empty, cold, warm, ask, chosen.seconds) for _ in range(chosen.runs)]
    document: dict[str, Any] = {name: median([one[name] for one in rounds]) for name in rounds[0]}
    with empty.asleep(), warm.asleep():
        answer = sample(cold, shop)
        pace = OPEN_SHARE * document["uncached_rps"]
        opened = asyncio.run(load_at(cold.host, cold.port, ask, pace, 64, 2 * chosen.seconds))
        document["open"] = open_figures(opened, pace)
        if chosen.soak:
            document["soak"] = soak(cold, ask, pace, chosen.soak)
        if chosen.flame:
            document["flame"] = flame(cold, ask, chosen.flame, chosen.seconds)
    errors = sum(one["errors"] for one in rounds) + opened.errors
    for server in (empty, cold, warm):
        server.stop()
    return {
        **document, **beside_peers(document, chosen.peers_python, core, chosen.seconds), "errors": errors,
        "model": answer.get("model"),
        "reasons": len({item["reasons"][0]["code"] for item in answer["items"]}), "items": len(answer["items"]),
        "products": shop.products, "shoppers": shop.shoppers, "seed": chosen.seed, "runs": chosen.runs,
        "simulated": True,
    }  # fmt: skip


def one_round(
    shop: Shop, empty: ServerProcess, cold: ServerProcess, warm: ServerProcess, ask: Iterator[bytes], seconds: float
) -> dict[str, float]:
    """Return one run of everything, the limit first."""
    found: dict[str, float] = {}
    limit = alone(empty, (cold, warm), ask, 32, seconds / 2)
    found["limit_rps"], found["limit_cpu_us"] = limit.result.rps, limit.cpu_us
    errors = limit.result.errors
    for connections in CONNECTIONS:
        before = decisions(cold)
        one = alone(cold, (warm,), ask, connections, seconds if connections == 32 else seconds / 2)
        found[f"uncached_p99_ms_{connections}"] = one.result.percentile_ms(0.99)
        found[f"uncached_p50_ms_{connections}"] = one.result.percentile_ms(0.50)
        found[f"uncached_rps_{connections}"] = one.result.rps
        errors += one.result.errors
        if connections == 32:
            found["uncached_rps"], found["uncached_cpu_us"] = one.result.rps, one.cpu_us
        found[f"uncached_fallback_share_{connections}"] = fallback_share(before, decisions(cold))
    cached = alone(warm, (cold,), mixed_hits(shop), 32, seconds)
    traffic = alone(warm, (cold,), traffic_of(shop), 32, seconds)
    found["cached_rps"], found["cached_cpu_us"] = cached.result.rps, cached.cpu_us
    found["cached_p99_ms_32"] = cached.result.percentile_ms(0.99)
    found["mix_rps"], found["mix_p99_ms_32"] = traffic.result.rps, traffic.result.percentile_ms(0.99)
    for name in ("uncached", "cached"):
        found[f"{name}_share_of_limit"] = found[f"{name}_rps"] / found["limit_rps"]
        found[f"{name}_cpu_share_of_limit"] = found["limit_cpu_us"] / found[f"{name}_cpu_us"]
    found["errors"] = errors + cached.result.errors + traffic.result.errors
    return found


def of_v2(shop: Shop, seconds: float, core: int, limit: float) -> dict[str, Any]:
    """Return what the two-stage ranker does."""
    server = started(shop, core, "[serving]\ncache_entries = 0\n")
    ask = uncached(shop)
    run(server, ask, 8, 1.5)
    before = decisions(server)
    many = loaded(server, ask, 32, seconds)
    by_rules = fallback_share(before, decisions(server))
    one = loaded(server, ask, 1, seconds / 2)
    server.stop()
    return {
        "uncached_rps": round(many.result.rps, 1), "uncached_p99_ms_32": round(many.result.percentile_ms(0.99), 2),
        "uncached_cpu_us": round(many.cpu_us), "uncached_share_of_limit": round(many.result.rps / limit, 4),
        "uncached_fallback_share_32": round(by_rules, 4), "uncached_p99_ms_1": round(one.result.percentile_ms(0.99), 2),
        "uncached_cpu_us_1": round(one.cpu_us), "errors": many.result.errors + one.result.errors,
    }  # fmt: skip


def started(shop: Shop, core: int, settings: str) -> ServerProcess:
    """Start a server of the shop with some settings."""
    (shop.workspace / "shopkeeper.toml").write_text(settings, "utf-8")
    return start_server(shop.workspace, core)


def run(server: ServerProcess, requests: Iterator[bytes], connections: int, seconds: float) -> LoadResult:
    """Put one load on a server."""
    return asyncio.run(load(server.host, server.port, requests, connections, seconds))


def loaded(server: ServerProcess, requests: Iterator[bytes], connections: int, seconds: float) -> Measured:
    """Put one load on a server and say what a request cost its processor."""
    before = server.cpu_seconds()
    result = run(server, requests, connections, seconds)
    return Measured(result, 1e6 * (server.cpu_seconds() - before) / max(len(result.milliseconds), 1))


def alone(
    server: ServerProcess, others: Sequence[ServerProcess], requests: Iterator[bytes], connections: int, seconds: float
) -> Measured:
    """Put one load on a server while the others of its core are stopped.

    They turn for a moment in between: a server that stood still for five seconds reads its shelf anew, which is no part
    of what is measured.
    """
    time.sleep(0.3)
    with ExitStack() as naps:
        for one in others:
            naps.enter_context(one.asleep())
        return loaded(server, requests, connections, seconds)


def open_figures(opened: LoadResult, pace: float) -> dict[str, float]:
    """Return what came of an open loop."""
    return {
        "rate": round(pace, 1), "answered_rps": round(opened.rps, 1), "p50_ms": round(opened.percentile_ms(0.50), 2),
        "p99_ms": round(opened.percentile_ms(0.99), 2), "p999_ms": round(opened.percentile_ms(0.999), 2),
        "errors": opened.errors, "requests": len(opened.milliseconds),
    }  # fmt: skip


def soak(server: ServerProcess, ask: Iterator[bytes], pace: float, minutes: float) -> dict[str, Any]:
    """Return an open loop of minutes, and how the server's memory grew after the first tenth of it."""
    first = asyncio.run(load_at(server.host, server.port, ask, pace, 64, 6 * minutes))
    before = proportional_mb(server.process.pid)
    rest = asyncio.run(load_at(server.host, server.port, ask, pace, 64, 54 * minutes))
    after = proportional_mb(server.process.pid)
    found: dict[str, Any] = {**open_figures(rest, pace), "warm_up_errors": first.errors}
    return {**found, "memory_mb": round(after, 1), "memory_growth": round(after / before - 1.0, 4), "minutes": minutes}


def proportional_mb(process: int) -> float:
    """Return the proportional memory of a process, MiB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text("utf-8").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def flame(server: ServerProcess, ask: Iterator[bytes], file: Path, seconds: float) -> str | None:
    """Write a flame graph of a load; None where py-spy is not installed."""
    spy = shutil.which("py-spy")
    if spy is None:
        print("py-spy is not installed: no flame graph", file=sys.stderr)
        return None
    command = [
        spy,
        "record",
        "--pid",
        str(server.process.pid),
        "--duration",
        str(round(seconds)),
        "--output",
        str(file),
    ]
    with subprocess.Popen(command) as recording:  # noqa: S603 - our own command
        while recording.poll() is None:
            run(server, ask, 32, 1.0)
    return str(file)


def beside_peers(document: dict[str, Any], python: Path | None, core: int, seconds: float) -> dict[str, Any]:
    """Return what other servers do, and how ours compare with the fastest of them."""
    peers, missing = ({}, list(PEERS)) if python is None else measured_peers(python, core, 32, seconds)
    best = best_peer(peers)
    return {
        "peers": peers, "peers_missing": missing,
        "ratio_best_peer": best and round(document["uncached_rps"] / best["rps"], 2),
        "p99_share_of_best_peer": best and round(document["uncached_p99_ms_32"] / best["p99_ms"], 4),
    }  # fmt: skip


def metrics(server: ServerProcess) -> dict[str, float]:
    """Return the server's own counters."""
    with urlopen(f"http://{server.host}:{server.port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    rows = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in rows}


def decisions(server: ServerProcess) -> dict[str, float]:
    """Return how many decisions there were so far, by kind."""
    return {name: n for name, n in metrics(server).items() if name.startswith("shopkeeper_decisions_total{")}


def fallback_share(before: dict[str, float], after: dict[str, float]) -> float:
    """Return which share of the decisions in between the rules answered instead of the model."""
    grown = {name: n - before.get(name, 0.0) for name, n in after.items()}
    return sum(n for name, n in grown.items() if 'fallback=""' not in name) / max(sum(grown.values()), 1.0)


def sample(server: ServerProcess, shop: Shop) -> dict[str, Any]:
    """Ask once and read the answer, to say what was measured."""
    body = json.dumps({"store": STORE, "visitor": "v1", "k": K}).encode()
    headers = {"authorization": f"Bearer {shop.key}", "content-type": "application/json"}
    asked = Request(f"http://{server.host}:{server.port}/v1/recommendations", body, headers)
    with urlopen(asked, timeout=10) as answer:  # noqa: S310 - our server
        document: dict[str, Any] = json.loads(answer.read())
    return document


def median(values: list[float]) -> float:
    """Return the median, to four digits after the point."""
    return round(statistics.median(values), 4)


if __name__ == "__main__":
    main()
