"""What an answer of the shop of `serve.py` costs without HTTP: the same work in one process, with nobody to send it to.

    python benchmarks/in_process.py WORKSPACE [--shoppers 100000] [--answers 4000] [--together 32]

A body is decoded, decided and rendered, as behind the route; no key, no socket. As many are asked at once as a server
with so many connections finds in one turn of its loop. Nothing is cached. Processor time of the whole process, so what
a server does beside its requests is in it, as it is in what `serve.py` measures.
One JSON document on the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from time import process_time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.session_shop import STORE

from shopkeeper.recommendations.request import read_body
from shopkeeper.web.recommendations import rendered
from shopkeeper.wiring.serve import open_serving
from shopkeeper.wiring.serving import Serving
from shopkeeper.wiring.settings import load_settings

K = 20


async def answer(serving: Serving, body: bytes) -> bytes:
    """Answer one request."""
    return rendered(await serving.recommend(read_body(body))).body


async def cost_us(workspace: Path, shoppers: int, answers: int, together: int) -> float:
    """Return the processor time of an answer, microseconds, after a quarter of them were answered to warm up."""
    asked = [{"store": STORE, "visitor": f"v{7_919 * n % shoppers}", "k": K} for n in range(answers)]
    bodies = [json.dumps(one).encode() for one in asked]
    async with open_serving(load_settings(workspace)) as serving:
        begun, counted_from = process_time(), answers // 4 // together * together
        for start in range(0, answers, together):
            if start == counted_from:
                begun = process_time()
            await asyncio.gather(*(answer(serving, body) for body in bodies[start : start + together]))
        return 1e6 * (process_time() - begun) / (answers - counted_from)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("workspace", type=Path)
    options.add_argument("--shoppers", type=int, default=100_000)
    options.add_argument("--answers", type=int, default=4_000)
    options.add_argument("--together", type=int, default=32)
    chosen = options.parse_args()
    found = asyncio.run(cost_us(chosen.workspace, chosen.shoppers, chosen.answers, chosen.together))
    print(json.dumps({"cpu_us": round(found, 1), "answers": chosen.answers, "together": chosen.together}))


if __name__ == "__main__":
    main()
