"""How soon a server is ready, and whether swapping its model fails a request.

    python benchmarks/startup.py [--products 5000] [--seconds 8] [--seed 7]

Under load the champion pointer is moved to another version and back; every request must be answered. Memory is
private memory of the serving process. Serving is one process for now: `memory_mb_next` is null until `--workers N`.
One JSON document on the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from shopkeeper.engines.state import open_state
from shopkeeper.testing.load import LoadResult, load
from shopkeeper.testing.server_process import ServerProcess, run_verb, start_server
from shopkeeper.testing.trained_shop import SHOPPERS, ask_for, fill_and_train, make_workspace

CONNECTIONS = 8


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--products", type=int, default=5_000)
    options.add_argument("--seconds", type=float, default=8.0)
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        key = make_workspace(workspace)
        fill_and_train(workspace, key, chosen.products, chosen.seed)
        run_verb(workspace, "train", "recommendations")
        started = time.perf_counter()
        server = start_server(workspace)
        ready = time.perf_counter() - started
        result, swaps = asyncio.run(swap_under_load(workspace, server, key, chosen.seconds))
        memory = private_megabytes(server.process.pid)
        server.stop()
    document: dict[str, Any] = {
        "ready_s": round(ready, 2),
        "swap_failed": result.errors,
        "swap_p99_ms": round(result.percentile_ms(0.99), 2),
        "swaps": swaps,
        "requests": len(result.milliseconds),
        "memory_mb_first": round(memory, 1),
        "memory_mb_next": None,
        "products": chosen.products,
        "simulated": True,
    }
    print(json.dumps(document))


async def swap_under_load(workspace: Path, server: ServerProcess, key: str, seconds: float) -> tuple[LoadResult, int]:
    """Move the champion pointer every second while requests run; return what came of them and how often it moved."""
    requests = [ask_for(key, {"store": "shop", "visitor": f"v{n}", "k": 20}) for n in range(SHOPPERS)]
    state = open_state(f"sqlite:///{workspace / 'state.db'}")
    versions = [version.version for version in state.registry.versions("recommendations")][:2]
    running = asyncio.create_task(load(server.host, server.port, iter(requests * 1_000), CONNECTIONS, seconds))
    swaps = 0
    for step in range(int(seconds) - 1):
        await asyncio.sleep(1)
        target = versions[step % 2]
        if state.registry.pointer("recommendations", "champion") != target:
            state.registry.point("recommendations", "champion", target, "benchmark", "swap under load")
            swaps += 1
    result = await running
    state.close()
    return result, swaps


def private_megabytes(pid: int) -> float:
    """Return the private memory of a process, MiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    private = sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))
    return private / 1024


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
