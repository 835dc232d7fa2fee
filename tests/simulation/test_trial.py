"""Days of shoppers in minutes: their events carry their own time, and lists may draw them on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shopkeeper.simulation.behaviour import HABITS, Habits
from shopkeeper.simulation.clock import ShopperClock
from shopkeeper.simulation.market import Market, make_market
from shopkeeper.simulation.retailer import PLANS, Scale
from shopkeeper.simulation.tally import Tally
from shopkeeper.simulation.trial import SLOTS, TrialPlan, browse_days

START = datetime(2026, 11, 2, tzinfo=UTC)
PLAN = TrialPlan(start=START, days=2, visits=3 * SLOTS, seed=1)


def small_market(habits: Habits = HABITS) -> Market:
    return make_market(1, Scale(products=150, shoppers=60, days=10), PLANS[:1], habits)


def browse(market: Market, varied: bool = True) -> tuple[list[dict[str, Any]], list[datetime], list[date]]:
    """Return the events sent, the server's time at each answer, and the nights, of a shop with one list for all."""
    clock, events, asked, nights = ShopperClock(START), list[dict[str, Any]](), list[datetime](), list[date]()
    store = market.stores[0]
    first_of = {int(store.shelf.family[n]): n for n in range(store.shelf.size - 1, -1, -1)}
    one_family = [n for n in range(store.shelf.size) if store.shelf.family[n] == store.shelf.family[0]]
    listed = [store.shelf.ids[n] for n in (list(first_of.values()) if varied else one_family)[:8]]

    async def recommend(_: Request) -> Response:
        asked.append(clock.now())
        return JSONResponse({"decision_id": f"d{len(asked)}", "items": [{"product": one} for one in listed]})

    async def take(request: Request) -> Response:
        rows = msgspec.json.decode(await request.body())
        events.extend(rows)
        return JSONResponse({"accepted": len(rows)}, 202)

    async def night(day: date) -> None:
        nights.append(day)

    async def run() -> None:
        routes = [
            Route("/v1/recommendations", recommend, methods=["POST"]),
            Route("/v1/events", take, methods=["POST"]),
        ]
        transport = httpx.ASGITransport(Starlette(routes=routes))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
            await browse_days(market, http, {store.name: "key"}, PLAN, clock, Tally(), night)

    asyncio.run(run())
    return events, asked, nights


def test_events_carry_the_time_of_their_shopper_and_the_server_reads_the_same() -> None:
    events, asked, nights = browse(small_market())
    times = [datetime.fromisoformat(one["ts"]) for one in events]
    assert nights == [START.date(), START.date() + timedelta(days=1)]
    assert START + timedelta(hours=7) <= min(times)
    assert max(times) < START + timedelta(days=2)
    assert {moment.date() for moment in asked} == set(nights)
    impressions = {one["ts"] for one in events if one["type"] == "impression"}
    assert impressions <= {moment.isoformat() for moment in asked}


def test_the_time_of_one_visit_goes_on_with_every_page() -> None:
    visits: dict[str, list[str]] = {}
    for one in browse(small_market())[0]:
        visits.setdefault(one["session"], []).append(one["ts"])
    assert len(visits) == PLAN.days * PLAN.visits
    assert all(times == sorted(times) for times in visits.values())
    assert any(len(set(times)) > 3 for times in visits.values())


def test_the_same_seed_gives_the_same_visits() -> None:
    first, again = (browse(small_market())[0] for _ in range(2))
    assert [one["ts"] for one in first] == [one["ts"] for one in again]


@pytest.mark.parametrize(("curiosity", "grows"), [(0.0, False), (0.8, True)])
def test_only_curious_shoppers_stay_longer_for_lists_of_many_families(curiosity: float, grows: bool) -> None:
    market = small_market(replace(HABITS, curiosity=curiosity))
    varied, alike = (len(browse(market, varied)[1]) for varied in (True, False))
    assert (varied > 1.05 * alike) == grows
