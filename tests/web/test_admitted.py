"""The door of the routes that decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from shopkeeper.serving.admission import MEMORY

if TYPE_CHECKING:
    from tests.web.conftest import Shop

DECIDES = ("/v1/recommendations", "/v1/rerank", "/v1/prices")


@pytest.fixture
def full(open_shop: Callable[..., Shop]) -> Shop:
    """A shop that knows what an answer costs, with one inside, where nobody may wait for as long as one takes."""
    shop = open_shop(wait_ms=0.001, allowed_origins=["https://shop.example"])
    shop.call("PUT", "/v1/stores", [{"store": "uk"}])
    for _ in range(MEMORY):
        shop.recommend()
    shop.serving.admission.enter()
    return shop


@pytest.mark.parametrize("path", DECIDES)
def test_who_cannot_be_answered_in_time_is_told_when_to_come_back(full: Shop, path: str) -> None:
    answer = full.call("POST", path, {"store": "uk"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "wait_ms" in answer.json()["remedy"]


def test_a_page_may_read_that_it_was_turned_away(full: Shop) -> None:
    asked = {**full.admin, "origin": "https://shop.example"}
    answer = full.run(full.client.post(DECIDES[0], json={"store": "uk"}, headers=asked))
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (503, "https://shop.example")


def test_it_is_counted_and_the_server_stays_ready(full: Shop) -> None:
    for _ in range(3):
        full.call("POST", DECIDES[0], {"store": "uk"})
    ready = full.call("GET", "/readyz")
    assert (ready.status_code, ready.json()["turned_away"]) == (200, 3)
    lines = full.call("GET", "/metrics").text.splitlines()
    assert {"shopkeeper_turned_away_total 3.0", "shopkeeper_requests_inside 1.0"} <= set(lines)


def test_events_are_taken_and_whoever_is_answered_makes_room(full: Shop) -> None:
    event = {"event_id": "e1", "ts": "2026-01-01T12:00:00Z", "store": "uk", "type": "view", "product": "p1"}
    assert full.call("POST", "/v1/events", {**event, "visitor": "ann"}).status_code == 202
    assert full.call("POST", DECIDES[0], {"store": "uk"}).status_code == 503
    full.serving.admission.leave(None)
    assert full.call("POST", DECIDES[0], {"store": "uk"}).status_code == 200


@pytest.mark.parametrize("path", DECIDES)
def test_a_request_that_fails_leaves_as_well(open_shop: Callable[..., Shop], path: str) -> None:
    shop = open_shop()
    assert shop.call("POST", path, content=b"{").status_code == 422
    assert shop.serving.admission.inside == 0
