"""Live shoppers against a small shop of the test's own, spoken to over real ASGI HTTP."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shopkeeper.simulation.live import LIST_LENGTH, LivePlan, browse_live
from shopkeeper.simulation.market import Market, StoreMarket
from shopkeeper.simulation.tally import Tally

Answer = Callable[[StoreMarket, dict[str, Any]], Response]
NO_TIME = LivePlan(shoppers=6, seconds=30, seed=1, rate=5_000, think_seconds=0, sessions=6)


class Shop:
    """Keeps what it was asked and sent."""

    def __init__(self, market: Market, recommend: Answer) -> None:
        self.market, self.recommend = market, recommend
        self.asked: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.app = Starlette(
            routes=[
                Route("/v1/recommendations", self._recommendations, methods=["POST"]),
                Route("/v1/events", self._events, methods=["POST"]),
            ]
        )

    async def _recommendations(self, request: Request) -> Response:
        body = msgspec.json.decode(await request.body())
        self.asked.append(body)
        self.keys.add(request.headers["authorization"])
        store = self.market.store(body["store"])
        assert store is not None
        return self.recommend(store, body)

    async def _events(self, request: Request) -> Response:
        rows = msgspec.json.decode(await request.body())
        self.events.extend(rows)
        return JSONResponse({"accepted": len(rows), "duplicates": 0, "rejected": 0, "errors": []}, 202)


def browse(shop: Shop, plan: LivePlan = NO_TIME) -> Tally:
    tally = Tally()
    keys = {store.name: f"key-{store.name}" for store in shop.market.stores}

    async def run() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(shop.app), base_url="http://shop") as http:
            await browse_live(shop.market, http, keys, plan, tally)

    asyncio.run(run())
    return tally


def listed(products: list[str], model: str | None = "m1", fallback: str | None = None) -> Response:
    items = [{"product": product, "score": 1.0, "reasons": []} for product in products]
    return JSONResponse({"decision_id": "d", "items": items, "model": model, "fallback": fallback, "took_ms": 1.0})


def best(store: StoreMarket, body: dict[str, Any]) -> Response:
    """Answer with what everyone likes best, without the page's own product."""
    liked = np.where(store.shelf.sellable & ~store.shelf.withdrawn, store.taste.mean(axis=0), -99.0)
    order = [store.shelf.ids[n] for n in np.argsort(-liked)[: LIST_LENGTH + 1]]
    return listed([product for product in order if product not in body["products"]][: body["k"]])


@pytest.fixture(scope="module")
def visited(market: Market) -> tuple[Shop, Tally]:
    shop = Shop(market, best)
    return shop, browse(shop)


def test_every_store_with_a_key_is_visited_with_its_own_key(visited: tuple[Shop, Tally]) -> None:
    shop, tally = visited
    assert shop.keys == {f"Bearer key-{store.name}" for store in shop.market.stores}
    assert set(tally.stores) == {store.name for store in shop.market.stores}
    assert len(tally.visits) == 6 * 6


def test_what_was_shown_is_reported_with_decision_surface_and_position(visited: tuple[Shop, Tally]) -> None:
    shop, tally = visited
    shown = [event for event in shop.events if event["type"] == "impression"]
    assert len(shown) == sum(visit.impressions for visit in tally.visits) > 0
    assert all(event["decision_id"] == "d" and event["surface"] in ("home", "product") for event in shown)
    assert {event["position"] for event in shown} == set(range(1, LIST_LENGTH + 1))


def test_a_click_is_followed_by_a_view_of_the_clicked_product(visited: tuple[Shop, Tally]) -> None:
    shop, _ = visited
    pairs = [(a, b) for a, b in zip(shop.events, shop.events[1:], strict=False) if a["type"] == "click"]
    assert pairs
    for click, view in pairs:
        assert (view["type"], view["product"], view["decision_id"]) == ("view", click["product"], "d")


def test_clicks_agree_with_the_known_truth(visited: tuple[Shop, Tally]) -> None:
    """The drawn clicks lie within four standard errors of the sum of their true chances."""
    _, tally = visited
    expected = sum(visit.expected for visit in tally.visits)
    clicks = sum(visit.clicks for visit in tally.visits)
    assert abs(clicks - expected) < 4 * np.sqrt(expected) + 1
    assert expected < sum(visit.best for visit in tally.visits)


def test_nothing_unavailable_goes_into_a_cart(visited: tuple[Shop, Tally]) -> None:
    shop, _ = visited
    for event in shop.events:
        if event["type"] in ("cart", "purchase"):
            store = shop.market.store(event["store"])
            assert store is not None
            assert not store.shelf.withdrawn[store.number(event["product"])]


def test_events_have_ids_of_their_own_that_say_simulated(visited: tuple[Shop, Tally]) -> None:
    shop, tally = visited
    ids = Counter(event["event_id"] for event in shop.events)
    assert len(ids) == len(shop.events) == tally.events_accepted == tally.events_sent
    assert all(name.startswith("sim-live-") for name in ids)


def test_a_shopper_who_refuses_says_so_on_requests_and_events(market: Market) -> None:
    shop = Shop(market, best)
    browse(shop, LivePlan(shoppers=9, seconds=30, seed=5, rate=5_000, think_seconds=0, sessions=7))
    refusing = {event["visitor"] for event in shop.events if "consent" in event}
    assert refusing
    for row in shop.asked + shop.events:
        assert ("consent" in row) == (row["visitor"] in refusing)


def test_failing_and_refusing_servers_are_counted_and_stop_nobody(market: Market) -> None:
    for status, failed, refused in ((503, True, False), (422, False, True)):
        shop = Shop(market, lambda _store, _body, status=status: JSONResponse({"detail": "no"}, status))  # type: ignore[misc]
        document = browse(shop).document()
        assert document["sessions"] == 6 * 6
        assert document["decisions"] == 0
        assert (document["failed_requests"] > 0, document["refused_requests"] > 0) == (failed, refused)
        assert document["events_accepted"] > 0
        assert str(status) in next(iter(document["troubles"]))


def test_an_answer_of_another_shape_counts_as_failed(market: Market) -> None:
    document = browse(Shop(market, lambda _store, _body: JSONResponse({"hello": 1}))).document()
    assert document["failed_requests"] > 0
    assert document["decisions"] == 0


def test_unknown_and_unavailable_products_in_an_answer_are_counted(market: Market) -> None:
    def odd(store: StoreMarket, _: dict[str, Any]) -> Response:
        withdrawn = store.shelf.ids[int(np.flatnonzero(store.shelf.withdrawn)[0])]
        return listed(["nobody-made-this", withdrawn, store.shelf.ids[0]])

    plan = LivePlan(
        shoppers=2, seconds=30, seed=2, rate=5_000, think_seconds=0, sessions=2,
        sold_out={store.name: frozenset({store.shelf.ids[0]}) for store in market.stores},
    )  # fmt: skip
    document = browse(Shop(market, odd), plan).document()
    assert document["unknown_shown"] == document["decisions"]
    assert document["unavailable_shown"] == 2 * document["decisions"]


def test_answers_of_the_rules_are_counted_as_fallbacks(market: Market) -> None:
    document = browse(Shop(market, lambda store, _body: listed([store.shelf.ids[0]], None, "deadline"))).document()
    assert document["fallbacks"] == document["decisions"] > 0
    assert document["models"] == {"rules": document["decisions"]}
    assert document["fallback_reasons"] == {"deadline": document["decisions"]}


def test_all_shoppers_together_keep_to_the_rate(market: Market) -> None:
    """At 100 requests a second one goes out at once, then one each 10 ms, however long a busy machine takes."""
    plan = LivePlan(shoppers=20, seconds=0.1, seed=3, rate=100, think_seconds=0, sessions=1)
    shop = Shop(market, best)

    async def run() -> tuple[int, float]:
        tally = Tally()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(shop.app), base_url="http://shop") as http:
            started = time.monotonic()
            task = asyncio.create_task(browse_live(market, http, {"home-uk": "k"}, plan, tally))
            await asyncio.sleep(0.1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            elapsed = time.monotonic() - started
        requests = len(shop.asked) + len({event["event_id"].rsplit("-", 1)[0] for event in shop.events})
        return requests, elapsed

    requests, elapsed = asyncio.run(run())
    assert 2 <= requests <= 1 + elapsed * plan.rate
