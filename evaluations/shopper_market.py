"""What recommendations do in a simulated market with a known truth: popular and item-knn as served, beside none at all.

Every figure is simulated. In each world a retailer is made, its history imported, models trained, and the real server
process answers simulated shoppers over HTTP. The same number of sessions meets three shops: one that shows
nothing, one that serves `popular`, one that serves `item-knn`. The truth also says how likely the best list would have
been clicked in the contexts that `item-knn` met (the oracle).

    python evaluations/shopper_market.py --worlds 3 --seed 1

Progress goes to stderr, one JSON document to the last line of stdout. Clicks are judged by their true probability, so
no luck of the draw is in them; intervals are over sessions (delta method), with these worlds given.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shopkeeper.cli.demo_processes import start_server
from shopkeeper.simulation.client import open_client
from shopkeeper.simulation.history import StoreHistory, write_history
from shopkeeper.simulation.live import LivePlan, browse_live
from shopkeeper.simulation.market import Market
from shopkeeper.simulation.tally import Z95, Ratio, Tally, Visit, ratio
from shopkeeper.simulation.truth import SCALES, ScaleName, Truth
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import Settings, load_settings
from shopkeeper.wiring.train import Asked, train_system
from shopkeeper.wiring.workspace_state import open_workspace_state

NONE, BASELINE, V1 = "none", "popular", "item-knn"
POLICIES = (NONE, BASELINE, V1)
SLOTS = 6
"""Shoppers at the same time."""


@dataclass(slots=True)
class Met:
    """What the shoppers of all worlds met under one policy."""

    visits: list[Visit] = field(default_factory=list)
    decisions: int = 0
    fallbacks: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    unavailable: int = 0

    def add(self, tally: Tally) -> None:
        """Take in one world."""
        self.visits += tally.visits
        self.decisions += tally.decisions
        self.fallbacks += tally.fallback_reasons
        self.failed += tally.failed + tally.refused
        self.unavailable += tally.unavailable_shown + tally.unknown_shown

    @property
    def clicked(self) -> Ratio:
        """How likely a list is clicked, by the truth."""
        return ratio([(visit.expected, visit.answers) for visit in self.visits])

    @property
    def best(self) -> Ratio:
        """How likely the best list would have been clicked, by the truth."""
        return ratio([(visit.best, visit.answers) for visit in self.visits])

    @property
    def revenue(self) -> Ratio:
        """Pounds a session."""
        return ratio([(visit.revenue, 1) for visit in self.visits])


def main() -> None:
    """Run the evaluation and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=3, help="markets, each with a seed of its own")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", choices=sorted(SCALES), default="fast", help="size of each market")
    parser.add_argument("--sessions", type=int, default=50, help=f"sessions of each of {SLOTS} places, per policy")
    chosen = parser.parse_args()
    started = time.perf_counter()
    met = {policy: Met() for policy in POLICIES}
    per_world: list[dict[str, Any]] = []
    for world in range(chosen.worlds):
        seed = chosen.seed * 1_000 + world
        found = run_world(seed, chosen.scale, chosen.sessions)
        for policy, tally in found.items():
            met[policy].add(tally)
        per_world.append({"seed": seed, **{policy: _clicked(tally) for policy, tally in found.items()}})
        say(f"world {world + 1}/{chosen.worlds}: {per_world[-1]}")
    document = summary(met) | {
        "worlds": per_world,
        "settings": vars(chosen),
        "seconds": round(time.perf_counter() - started, 1),
    }
    print(msgspec.json.encode(document).decode())


def run_world(seed: int, scale: ScaleName, sessions: int) -> dict[str, Tally]:
    """Make one retailer, learn from its history, and let the same number of sessions meet each policy."""
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    market = Truth(seed=seed, scale=scale, until=until).market()
    with tempfile.TemporaryDirectory(prefix="shopper-market-") as folder:
        workspace = Path(folder) / "shop"
        histories = write_history(market, Path(folder) / "history", until)
        settings, keys = learn(workspace, histories)
        plan = LivePlan(
            shoppers=SLOTS,
            seconds=3_600,
            seed=seed,
            rate=100_000,
            think_seconds=0,
            sessions=sessions,
            sold_out={history.store: history.sold_out for history in histories},
        )
        return asyncio.run(meet_all(market, settings, keys, plan))


def learn(workspace: Path, histories: Sequence[StoreHistory]) -> tuple[Settings, dict[str, str]]:
    """Import the history, train both models, and return settings and a key per store."""
    settings = create_workspace(workspace)
    for history in histories:
        import_into(settings, history.folder, history.store)
    for model in (BASELINE, V1):
        train_system(settings, "recommendations", Asked(model, folds=0), who="shopper_market", say=lambda _: None)
    with open_workspace_state(settings) as state:
        keys = {history.store: state.keys.create(history.store, ["events", "decide"], "shopper_market")[1]
                for history in histories}  # fmt: skip
    return settings, keys


async def meet_all(market: Market, settings: Settings, keys: Mapping[str, str], plan: LivePlan) -> dict[str, Tally]:
    """Let shoppers meet each policy, each in a copy of the workspace, so that none profits from another's events."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(silent_shop()), base_url="http://shop") as http:
        found = {NONE: await meet(market, http, keys, plan)}
    for policy in (BASELINE, V1):
        copy = settings.workspace.with_name(f"{settings.workspace.name}-{policy}")
        shutil.copytree(settings.workspace, copy)
        own = load_settings(copy)
        make_champion(own, policy)
        server, url = start_server(copy, 0)
        try:
            async with open_client(url) as http:
                found[policy] = await meet(market, http, keys, plan)
        finally:
            server.close()
    return found


async def meet(market: Market, http: httpx.AsyncClient, keys: Mapping[str, str], plan: LivePlan) -> Tally:
    """Let shoppers browse one shop over HTTP."""
    tally = Tally()
    await browse_live(market, http, keys, plan, tally)
    return tally


def make_champion(settings: Settings, model: str) -> None:
    """Point the champion at the newest version of a model."""
    with open_workspace_state(settings) as state:
        newest = next(one.version for one in state.registry.versions("recommendations") if one.model == model)
        state.registry.point("recommendations", "champion", newest, "shopper_market", f"judge {model}")


def silent_shop() -> Starlette:
    """Return a shop that shows no recommendations and takes every event."""

    async def nothing(_: Request) -> Response:
        return JSONResponse({"decision_id": "none", "items": [], "model": NONE, "fallback": None})

    async def take(request: Request) -> Response:
        return JSONResponse({"accepted": len(await request.json())}, 202)

    return Starlette(
        routes=[Route("/v1/recommendations", nothing, methods=["POST"]), Route("/v1/events", take, methods=["POST"])]
    )


def summary(met: Mapping[str, Met]) -> dict[str, Any]:
    """Return the figures over all worlds. `baseline` is popular, `v1` item-knn; v2 and v3 are not built yet."""
    baseline, v1, oracle = met[BASELINE].clicked, met[V1].clicked, met[V1].best
    share = ratio([(visit.expected, visit.best) for visit in met[V1].visits])  # of the same lists, so paired
    revenue = {policy: met[policy].revenue for policy in POLICIES}
    return {
        "simulated": True,
        "unit": "share of shown lists that are clicked, by their true probability",
        "baseline": baseline.value,
        "v1": v1.value,
        "v2": None,
        "v3": None,
        "oracle": oracle.value,
        "ctr_uplift": uplift(v1, baseline)["value"],
        "share_of_oracle": share.value,
        "revenue_per_visitor": revenue[V1].value,
        "intervals": {
            "baseline": baseline.document(),
            "v1": v1.document(),
            "oracle": oracle.document(),
            "ctr_uplift": uplift(v1, baseline),
            "share_of_oracle": share.document(),
            "revenue_per_visitor": {policy: found.document() for policy, found in revenue.items()},
            "revenue_v1_less_none": less(revenue[V1], revenue[NONE]),
            "revenue_v1_less_baseline": less(revenue[V1], revenue[BASELINE]),
        },
        "sessions": {policy: len(met[policy].visits) for policy in POLICIES},
        "fallbacks": {policy: met[policy].fallbacks for policy in (BASELINE, V1)},
        "decisions": {policy: met[policy].decisions for policy in (BASELINE, V1)},
        "failed_requests": sum(met[policy].failed for policy in POLICIES),
        "unavailable_shown": sum(met[policy].unavailable for policy in POLICIES),
    }


def uplift(one: Ratio, other: Ratio) -> dict[str, float | None]:
    """Return one over the other less 1, with a 95% interval; both come from independent sessions."""
    if not one.value or not other.value or one.error is None or other.error is None:
        return {"value": None, "low": None, "high": None}
    quotient = one.value / other.value
    spread = math.exp(Z95 * math.hypot(one.error / one.value, other.error / other.value))
    return {"value": quotient - 1, "low": quotient / spread - 1, "high": quotient * spread - 1}


def less(one: Ratio, other: Ratio) -> dict[str, float | None]:
    """Return the difference of two independent means with a 95% interval."""
    if one.value is None or other.value is None or one.error is None or other.error is None:
        return {"value": None, "low": None, "high": None}
    difference, error = one.value - other.value, math.hypot(one.error, other.error)
    return {"value": difference, "low": difference - Z95 * error, "high": difference + Z95 * error}


def _clicked(tally: Tally) -> float | None:
    return ratio([(visit.expected, visit.answers) for visit in tally.visits]).value


def say(text: str) -> None:
    """Tell a person how it goes."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
