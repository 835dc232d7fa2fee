"""What stands beside the answers costs: decision log, and a challenger in the shadow. Last on stdout is one JSON line.

    python benchmarks/aside.py [--products 100000] [--shoppers 100000] [--answers 960] [--rounds 9] [--share 0.05]
                               [--keep DIR] [--seed 7]

One process, no sockets, one core, 32 requests at once, nothing cached: V3 (session encoder and item-knn) answers the
same requests by turns with nothing beside (`bare`), with the decision log as a server writes it, to disk four times a
second (`logged`), and with a second form of the same model for `--share` of them beside that (`shadowed`). `*_us` is
processor time of the process for one answer, the median of the rounds; `log_share` and `shadow_share` are the median
over the rounds of what log and shadow add to `bare`, with the least and the most; the limit of each is .05.
`shadow_thread_share` is the processor time of the shadow's own thread alone as a share of `bare`, which other work on
the machine moves less. Of the shadow a `--share` of the answers' own work is what it is asked for. `p99_ms` is how long
the slowest of a hundred answers took within their 32.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import threading
import time
from datetime import datetime
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any, TypeAlias

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there

import msgspec
from benchmarks.session_shop import STORE, Shop, shop_in

from shopkeeper.commerce.consent import FULL_CONSENT
from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.experiments.live_test import LiveTest
from shopkeeper.experiments.sticky import MemorySticky
from shopkeeper.recommendations.answer import RecommendationAnswer
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.serving.arms import LiveArms
from shopkeeper.serving.breaker import Breaker, BreakerLimits
from shopkeeper.serving.cache import AnswerCache
from shopkeeper.serving.decide import Decider, Surroundings
from shopkeeper.serving.lineup import Lineup
from shopkeeper.serving.ports import DecisionLog
from shopkeeper.serving.shadow import Shadows
from shopkeeper.serving.telemetry import Telemetry
from shopkeeper.serving.workers import Workers
from shopkeeper.wiring.serve import open_serving
from shopkeeper.wiring.serving import Serving
from shopkeeper.wiring.settings import load_settings

AT_ONCE = 32
K = 20
LIMIT = 0.05
Request: TypeAlias = RecommendationRequest
Answer: TypeAlias = RecommendationAnswer


class Nowhere:
    """A log that keeps nothing."""

    def put(self, record: DecisionRecord) -> None:
        """Take a row."""


class Way:
    """One way of answering, on the system that serves.

    Args:
        every: A challenger in the shadow answers one of so many requests too; 0 = none.
    """

    def __init__(self, serving: Serving, log: DecisionLog, every: int) -> None:
        self._serving, self._every = serving, every
        system, limits = serving.system, BreakerLimits(10, 0.5, 10.0, 5.0)
        lineup: Lineup[Request, Answer] = Lineup(system, lambda: Breaker(limits, time.monotonic), 60.0)
        lineup.champion.renew(serving.decider.lineup.champion.pace)
        arms, turn = LiveArms(MemorySticky()), count(1)
        if every:
            lineup.field({}, {"challenger": system.with_settings({})})
            told = {"kind": "rollout", "system": system.name, "seed": "s", "shadow_version": "challenger"}
            arms.run([msgspec.convert({"test": "t", "shadow_share": 0.5, **told}, LiveTest)])
        self.shadows: Shadows[Request, Answer] = Shadows(
            lineup, serving.shadow_log.put, time.perf_counter, lambda: float(next(turn) % every > 0)
        )
        cache: AnswerCache[Answer] = AnswerCache(0, 0.0, time.monotonic, lambda: 0.0)
        ids = count()
        around = Surroundings(
            arms, Workers(1), log, Telemetry(time.time), time.perf_counter, serving.now, lambda: f"d{next(ids)}"
        )
        self.decider: Decider[Request, Answer] = Decider(lineup, cache, around, 60.0, self.shadows)

    async def answer(self, requests: list[Request]) -> tuple[float, list[float]]:
        """Return the process's processor time for one answer, us, all beside it waited for, and what each took, ms."""
        begun, shadowed, took = time.process_time(), self.shadows.counts["answered"], []
        for first in range(0, len(requests), AT_ONCE):
            some = requests[first : first + AT_ONCE]
            decisions = await asyncio.gather(*(self.decider.decide(one) for one in some))
            if failed := {one.fallback for one in decisions} - {None}:
                raise SystemExit(f"not the model answered: {failed}")
            took += [one.took_ms for one in decisions]
        while self._every and self.shadows.counts["answered"] < shadowed + len(requests) // self._every:
            await asyncio.sleep(0.001)
        await self._serving.decision_log.flush()
        await self._serving.shadow_log.flush()
        return (time.process_time() - begun) / len(requests) * 1e6, took


async def measured(shop: Shop, answers: int, rounds: int, share: float) -> dict[str, Any]:
    """Let each way answer the same requests by turns."""
    async with open_serving(load_settings(shop.workspace)) as serving:
        log = serving.decision_log
        ways = {"bare": Way(serving, Nowhere(), 0), "logged": Way(serving, log, 0)}
        ways["shadowed"] = Way(serving, log, round(1 / share))
        us: dict[str, list[float]] = {name: [] for name in ways}
        thread_us: list[float] = []
        took: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(rounds + 1):
            asked = [request(shop, 7_919 * n, serving.now()) for n in range(turn * answers, (turn + 1) * answers)]
            for name in list(ways)[:: 1 if turn % 2 else -1]:
                before = shadow_seconds()
                one, each = await ways[name].answer(asked)
                if turn:  # the first of each warms it
                    if name == "shadowed":
                        thread_us.append((shadow_seconds() - before) / answers * 1e6)
                    us[name].append(one)
                    took[name] += each
        dropped = log.dropped + ways["shadowed"].shadows.counts["dropped"]
    return {
        "bench": "aside", "products": shop.products, "answers": answers, "rounds": rounds, "share": share,
        **{f"{name}_us": round(median(found)) for name, found in us.items()},
        **{f"{name}_p99_ms": round(quantiles(found, n=100)[98], 1) for name, found in took.items()},
        **added("log", us["logged"], us["bare"], us["bare"]),
        **added("shadow", us["shadowed"], us["logged"], us["bare"]),
        "shadow_thread_share": round(median(thread_us) / median(us["bare"]), 4),
        "dropped": dropped, "limit": LIMIT,
    }  # fmt: skip


def shadow_seconds() -> float:
    """Return the processor time that the threads of challengers have taken."""
    shadows = (one for one in threading.enumerate() if one.name == "shadow" and one.ident is not None)
    return sum(time.clock_gettime(time.pthread_getcpuclockid(one.ident or 0)) for one in shadows)


def added(name: str, with_it: list[float], without: list[float], bare: list[float]) -> dict[str, float]:
    """Return what something adds to a bare answer: the median of the rounds, the least, the most."""
    shares = [(one - other) / all_of for one, other, all_of in zip(with_it, without, bare, strict=True)]
    found = {"share": median(shares), "share_least": min(shares), "share_most": max(shares)}
    return {f"{name}_{what}": round(value, 4) for what, value in found.items()}


def request(shop: Shop, shopper: int, now: datetime) -> Request:
    """Return one request of a shopper with a past."""
    name = f"v{shopper % shop.shoppers}"
    body = RecommendationBody(store=STORE, visitor=name, k=K)
    return RecommendationRequest(body, Shopper(STORE, visitor=name), FULL_CONSENT, now)


def main() -> None:
    """Measure what the options say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--shoppers", type=int, default=100_000)
    parser.add_argument("--answers", type=int, default=960)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aside-") as made:
        shop = shop_in(chosen.keep or Path(made), chosen.products, chosen.shoppers, "blend", chosen.seed)
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        document = asyncio.run(measured(shop, chosen.answers, chosen.rounds, chosen.share))
    print(json.dumps(document))


if __name__ == "__main__":
    main()
