"""`POST /v1/recommendations` and the lists beside it, as a shop page sees them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from shopkeeper.commerce.shopper import Shopper
from shopkeeper.engines.stop_file import StopFile
from shopkeeper.experiments.live_test import LiveTest, StopOrder, TestArm
from shopkeeper.recommendations.answer import Reason, Recommendation, RecommendationAnswer
from shopkeeper.serving.decide import Decision
from shopkeeper.serving.ports import Profile
from shopkeeper.web.recommendations import rendered

if TYPE_CHECKING:
    from tests.web.conftest import Shop

PRODUCTS = {f"p{n}" for n in range(5)}


def test_the_answer_has_exactly_the_published_fields(shop: Shop) -> None:
    answer = shop.recommend(k=3)
    assert set(answer) == {"decision_id", "items", "model", "variant", "fallback", "took_ms"}
    assert len(answer["items"]) == 3
    assert set(answer["items"][0]) == {"product", "score", "reasons"}
    assert (answer["model"], answer["variant"], answer["fallback"]) == (None, "champion", "no_model")


def test_a_kept_answer_reads_as_it_did_when_it_was_new() -> None:
    items = (Recommendation("p1", 0.5, (Reason("popular", "Beliebt überall", ("p2",)),)), Recommendation("p3", 0.25))
    new = Decision("d1", RecommendationAnswer(items), "v1", "champion", None, False, 1.25)
    assert rendered(msgspec.structs.replace(new, cached=True)) == rendered(new)


def test_products_of_one_store_are_never_shown_in_another(shop: Shop) -> None:
    assert set(shop.shown(k=10)) <= PRODUCTS
    assert shop.shown(store="de") == []


def test_even_an_internal_error_gives_the_rules_answer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(type(shop.serving.system), "version", property(lambda _: "v1"))
    monkeypatch.setattr(shop.serving.system, "answer", broken)
    answer = shop.recommend(k=3)
    assert (answer["fallback"], len(answer["items"])) == ("error", 3)


def test_every_decision_is_in_the_log_with_what_it_said(shop: Shop) -> None:
    said = shop.recommend(k=2, visitor="ann", surface="home")
    hidden = shop.recommend(k=2, visitor="zoe", consent={"measure": False})
    records = {record.decision_id: record for record in shop.serving.decision_log.recent}
    kept = records[said["decision_id"]]
    assert (kept.unit, kept.surface, kept.results) == ("ann", "home", 2)
    assert [item["product"] for item in kept.answer["items"]] == [item["product"] for item in said["items"]]
    forgotten = records[hidden["decision_id"]]
    assert (forgotten.unit, forgotten.answer, forgotten.results) == (None, {}, 2)


def test_without_personalise_the_profile_is_not_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    event = {"event_id": "e", "ts": datetime.now(UTC).isoformat(), "store": "uk", "type": "view", "product": "p4"}
    before = shop.shown(k=5, visitor="ann", consent={"personalise": False})
    shop.call("POST", "/v1/events", {**event, "visitor": "ann"})
    reads: list[Shopper] = []
    read = shop.serving.profiles.local.read

    def watched(shopper: Shopper) -> Profile:
        reads.append(shopper)
        return read(shopper)

    monkeypatch.setattr(shop.serving.profiles.local, "read", watched)
    shop.recommend(k=5, visitor="ann", consent={"personalise": False})
    assert reads == []
    shop.recommend(k=5, visitor="ann")
    assert len(reads) == 1
    assert len(before) == 5


def test_trending_shows_live_interest_that_may_be_shown(shop: Shop) -> None:
    ts = datetime.now(UTC).isoformat()
    rows = [
        {"event_id": f"{product}{n}", "ts": ts, "store": "uk", "type": "view", "product": product, "visitor": f"v{n}"}
        for product, times in (("p3", 3), ("p2", 2), ("p4", 4))
        for n in range(times)
    ]
    shop.call("POST", "/v1/events", rows)
    shop.call("DELETE", "/v1/products", {"store": "uk", "product": ["p4"]})
    items = shop.call("GET", "/v1/trending?store=uk&k=5").json()["items"]
    assert [item["product"] for item in items] == ["p3", "p2", "p0", "p1"]
    assert [item["reasons"][0]["code"] for item in items] == ["trending", "trending", "range", "range"]
    assert shop.call("GET", "/v1/trending?store=uk&category=garden").json()["items"] == []


def test_similar_never_shows_the_product_itself(shop: Shop) -> None:
    answer = shop.call("GET", "/v1/products/p1/similar?store=uk&k=10").json()
    assert {item["product"] for item in answer["items"]} == PRODUCTS - {"p1"}


def test_health_says_when_requests_may_come(shop: Shop) -> None:
    assert shop.call("GET", "/livez", key={}).json() == {"alive": True}
    ready = shop.call("GET", "/readyz", key={})
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    shop.serving.draining = True
    draining = shop.call("GET", "/readyz", key={})
    assert (draining.status_code, draining.json()["checks"]["not_draining"]) == (503, False)


def test_a_champion_that_cannot_be_opened_is_said_while_the_server_stays_ready(shop: Shop) -> None:
    assert shop.call("GET", "/readyz", key={}).json()["champion_not_served"] is None
    assert "shopkeeper_champion_not_served 0.0" in shop.call("GET", "/metrics", key={}).text
    shop.serving.release.error = "v2: a library is missing"
    ready = shop.call("GET", "/readyz", key={}).json()
    assert ready["ready"]
    assert ready["champion_not_served"] == "v2: a library is missing"
    assert "shopkeeper_champion_not_served 1.0" in shop.call("GET", "/metrics", key={}).text


def test_what_is_stopped_and_what_arms_cannot_be_served_is_said_everywhere(shop: Shop) -> None:
    arms = (TestArm(name="control", share=0.5), TestArm(name="treatment", share=0.5, version="no-such-version"))
    test = LiveTest(test="x1", kind="experiment", system="recommendations", seed="s", arms=arms)
    shop.serving.state.live_tests.put(test, "test", "test")
    StopFile(shop.serving.settings.workspace).give(
        StopOrder(system="recommendations", store="uk", person="ann", reason="odd <lists>", at="")
    )
    shop.run(shop.serving.following.begin())
    ready = shop.call("GET", "/readyz", key={}).json()
    assert ready["ready"]
    assert ready["stopped"] == ["recommendations in uk: odd <lists>"]
    assert "no-such-version" in ready["arms_by_rules"]["x1 treatment"]
    assert shop.recommend()["fallback"] == "stopped"
    text = shop.call("GET", "/metrics", key={}).text
    for line in ("shopkeeper_stop_orders 1.0", "shopkeeper_arms_by_rules 1.0", "shopkeeper_tests_running 1.0"):
        assert line in text
    page = shop.call("GET", "http://127.0.0.1:8000/control-room").text
    assert "Stopped: recommendations in uk" in page
    assert "odd &lt;lists&gt;" in page
    assert "The rules answer arm x1 treatment" in page


def test_metrics_count_what_was_served(shop: Shop) -> None:
    shop.recommend()
    text = shop.call("GET", "/metrics", key={}).text
    name = (
        'shopkeeper_decisions_total{cached="false",fallback="no_model",system="recommendations",variant="champion"} 1.0'
    )
    assert name in text
    assert 'shopkeeper_breaker_state{state="closed",system="recommendations"} 1.0' in text


def test_the_description_names_every_route_with_schema_and_problems(shop: Shop) -> None:
    document = shop.call("GET", "/openapi.json", key={}).json()
    assert document["openapi"].startswith("3.1")
    for path in ("/v1/events", "/v1/recommendations", "/v1/trending", "/v1/competitor-prices", "/v1/models", "/readyz"):
        assert path in document["paths"], path
    body = document["paths"]["/v1/recommendations"]["post"]["requestBody"]["content"]["application/json"]
    name = body["schema"]["$ref"].rsplit("/", 1)[1]
    assert "surface" in document["components"]["schemas"][name]["properties"]
    assert shop.call("POST", "/v1/recommendations", body["example"]).status_code == 200
    event = document["paths"]["/v1/events"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert shop.call("POST", "/v1/events", event).status_code == 202


def test_every_reference_in_the_description_leads_somewhere(shop: Shop) -> None:
    document = shop.call("GET", "/openapi.json", key={}).json()
    schemas = document["components"]["schemas"]

    def references(part: object) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            return own + [found for value in part.values() for found in references(value)]
        return [found for value in part for found in references(value)] if isinstance(part, list) else []

    assert {name.removeprefix("#/components/schemas/") for name in references(document)} <= set(schemas)


def test_browsers_of_allowed_origins_may_call_the_hot_routes(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(allowed_origins=["https://shop.example"])
    asked = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    for path in ("/v1/recommendations", "/v1/events", "/v1/trending"):
        answer = shop.run(shop.client.options(path, headers=asked))
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    stranger = shop.run(shop.client.options("/v1/events", headers={**asked, "origin": "https://evil.example"}))
    assert "access-control-allow-origin" not in stranger.headers
    answer = shop.run(
        shop.client.post("/v1/recommendations", json={"store": "uk"}, headers={**shop.admin, "origin": asked["origin"]})
    )
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
