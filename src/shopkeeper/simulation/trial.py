"""Days of shoppers in minutes: they meet a server in their own time, day after day, as in a test of several weeks."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import httpx
import numpy as np

from shopkeeper.simulation.client import Pace, ShopApi
from shopkeeper.simulation.clock import ShopperClock
from shopkeeper.simulation.live import LivePlan, LiveShop
from shopkeeper.simulation.market import Market
from shopkeeper.simulation.tally import Tally

TRIAL_STREAM = 3_000
"""Keeps the random numbers of trials apart from those of market, history and live shoppers."""
SLOTS = 4
"""Shoppers in the shop at the same time."""
_OPEN_FROM, _OPEN_HOURS = 7.0, 15.0
_NEVER = 1e12
"""Requests a second: nobody is held back."""


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """How many visits, over which days.

    Attributes:
        start: Midnight of the first day, UTC.
        visits: Visits a day, over all stores.
        think_seconds: Mean time a shopper looks at a page.
        sold_out: Products of each store that nobody can buy.
    """

    start: datetime
    days: int
    visits: int
    seed: int
    think_seconds: float = 45.0
    sold_out: Mapping[str, frozenset[str]] = field(default_factory=dict)


async def browse_days(
    market: Market,
    http: httpx.AsyncClient,
    keys: Mapping[str, str],
    plan: TrialPlan,
    clock: ShopperClock,
    tally: Tally,
    night: Callable[[date], Awaitable[None]],
) -> None:
    """Let shoppers browse a server that reads the same clock.

    Args:
        keys: API key of each store; stores without one are not visited.
        night: Awaited after each day, with that day.
    """
    stores = [store for store in market.stores if store.name in keys]
    api = ShopApi(http, keys, Pace(_NEVER), tally)
    live = LivePlan(
        shoppers=SLOTS, seconds=math.inf, seed=plan.seed, think_seconds=plan.think_seconds, sold_out=plan.sold_out
    )
    shops = [LiveShop(store, live, tally, clock) for store in stores]

    async def visits(day: int, slot: int) -> None:
        rng = np.random.default_rng([plan.seed, TRIAL_STREAM, day, slot])
        for number in range(slot, plan.visits, SLOTS):
            hour = _OPEN_FROM + _OPEN_HOURS * float(rng.random())
            clock.at(plan.start + timedelta(days=day, hours=hour))
            await shops[number % len(shops)].visit(time.monotonic() + _NEVER, api, f"trial-{day}-{number}", rng)

    for day in range(plan.days):
        async with asyncio.TaskGroup() as group:
            for slot in range(SLOTS):
                group.create_task(visits(day, slot))
        await night((plan.start + timedelta(days=day)).date())
