"""Prices over HTTP: quoted out of memory, told to the shop, steered by people, the last good ones on any failure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shopkeeper.engines.state import open_state
from shopkeeper.experiments.live_test import StopOrder
from shopkeeper.pricing.runs import run_steps
from shopkeeper.pricing.runs.ports import Seen
from shopkeeper.pricing.runs.price_run import PriceRun
from shopkeeper.testing.prices_suite import POLICY, example_price, example_run
from shopkeeper.wiring.jobs import opened_jobs

if TYPE_CHECKING:
    from tests.web.conftest import Shop


def waiting(shop: Shop, run: str = "r1", **moves: tuple[float, float]) -> PriceRun:
    """Begin a run of anna's, as a worker does."""
    rows = [example_price(product, *move) for product, move in (moves or {"p1": (11, 11.5)}).items()]
    return shop.serving.state.price_runs.begin(*example_run(run, rows, datetime.now(UTC)))


def publish(shop: Shop, run: str = "r1", **moves: tuple[float, float]) -> None:
    """Publish a run in another process's way: by the state database alone."""
    state, at = shop.serving.state, datetime.now(UTC)
    kept = waiting(shop, run, **moves)
    kept = state.price_runs.step(kept, run_steps.approve(kept, "ben", "yes", POLICY, at))
    state.prices.publish(kept, run_steps.publish(kept, "ben", "now", POLICY, at), at)


def quoted(shop: Shop, *products: str, **body: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the body
    answer = shop.call("POST", "/v1/prices", {"store": "uk", "products": products or ["p1"], **body})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def price(shop: Shop, **body: Any) -> tuple[float | None, int, str]:  # noqa: ANN401 - fields of the body
    [found] = quoted(shop, **body)["prices"]
    return found["price"], found["version"], found["source"]


def follow(shop: Shop) -> None:
    shop.run(shop.serving.prices.follow())


def test_what_no_run_decided_costs_what_the_shops_feed_says(shop: Shop) -> None:
    found = quoted(shop, "p1", "nowhere")
    assert [(one["price"], one["version"], one["source"]) for one in found["prices"]] == [
        (11, 0, "shop"), (None, 0, "none"),
    ]  # fmt: skip
    assert (found["currency"], found["version"], found["fallback"]) == ("GBP", 0, None)
    assert price(shop, price_list="trade") == (None, 0, "none")


def test_a_published_price_holds_in_every_process_that_follows(shop: Shop) -> None:
    publish(shop)
    assert price(shop) == (11, 0, "shop")
    follow(shop)
    assert price(shop) == (11.5, 1, "run")
    assert quoted(shop)["version"] == 1


def test_a_server_that_starts_knows_every_price_and_what_carts_may_keep(
    open_shop: Callable[..., Shop], shop: Shop
) -> None:
    publish(shop)
    shop.close()
    again = open_shop()
    assert price(again) == (11.5, 1, "run")
    assert price(again, carts={"p1": 0}) == (11, 0, "cart")


def test_a_cart_keeps_its_price_for_the_policys_time_but_gets_a_lower_one_at_once(shop: Shop) -> None:
    publish(shop, p1=(11, 11.5), p2=(12, 11.5))
    follow(shop)
    assert price(shop, carts={"p1": 0}) == (11, 0, "cart")
    assert price(shop, products=["p2"], carts={"p2": 0}) == (11.5, 2, "run")
    assert price(shop, carts={"p1": 1}) == (11.5, 1, "run")
    assert price(shop, carts={"p1": 77}) == (11.5, 1, "run")
    [kept] = quoted(shop, carts={"p1": 0})["prices"]
    until = datetime.fromisoformat(kept["kept_until"])
    shop.serving.now = lambda: until - timedelta(seconds=1)
    assert price(shop, carts={"p1": 0})[2] == "cart"
    shop.serving.now = lambda: until
    assert price(shop, carts={"p1": 0})[2] == "run"


def test_the_last_good_prices_go_on_while_the_state_database_is_away(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(shop)
    follow(shop)

    def away() -> int:
        raise OSError("no route to the database")

    monkeypatch.setattr(shop.serving.state.prices, "revision", away)
    follow(shop)
    found = quoted(shop)
    assert (found["prices"][0]["price"], found["fallback"]) == (11.5, "stale")
    assert b"shopkeeper_prices_unread_total 1.0" in shop.call("GET", "/metrics").content


def test_a_mistake_in_the_policy_keeps_no_price_from_changing(shop: Shop) -> None:
    (shop.settings.workspace / "price-policy.yaml").write_text("version: 7", "utf-8")
    publish(shop)
    follow(shop)
    assert price(shop) == (11.5, 1, "run")


def test_while_pricing_is_stopped_the_last_price_the_shop_confirmed_comes(shop: Shop) -> None:
    publish(shop)
    follow(shop)
    shop.serving.arms.stop([StopOrder(system="pricing", store="uk", person="carl", reason="odd", at="now")])
    found = quoted(shop, carts={"p1": 0})
    assert (found["prices"][0]["price"], found["fallback"]) == (11, "stopped")
    shop.serving.arms.stop([])
    shop.serving.state.prices.saw([Seen(1, "confirmed", 11.5, datetime.now(UTC))])
    publish(shop, "r2", p1=(11.5, 11.8))
    follow(shop)
    shop.serving.arms.stop([StopOrder(system="", store="", person="carl", reason="odd", at="now")])
    assert price(shop) == (11.5, 2, "run")


def test_a_price_the_shop_changed_itself_since_is_quoted(shop: Shop) -> None:
    publish(shop)
    shop.serving.state.prices.saw([Seen(1, "changed", 12.5, datetime.now(UTC))])
    follow(shop)
    assert price(shop) == (12.5, 1, "run")
    assert b'shopkeeper_prices{outcome="changed"} 1.0' in shop.call("GET", "/metrics").content


def test_changes_come_in_order_from_where_one_was_and_count_as_handed_over(shop: Shop) -> None:
    publish(shop, p1=(11, 11.5), p2=(12, 11.5), p3=(13, 13.1))
    key = shop.key("uk", "manage")
    first = shop.call("GET", "/v1/prices/changes?limit=2", key=key).json()
    assert ([one["product"] for one in first["changes"]], first["version"], first["more"]) == (["p1", "p2"], 2, True)
    assert [one.number for one in shop.serving.state.prices.not_handed()] == [3]
    rest = shop.call("GET", f"/v1/prices/changes?since={first['version']}", key=key).json()
    assert ([one["price"] for one in rest["changes"]], rest["version"], rest["more"]) == ([13.1], 3, False)
    assert shop.call("GET", "/v1/prices/changes?since=3", key=key).json() == {
        "changes": [], "version": 3, "more": False,
    }  # fmt: skip
    assert shop.serving.state.prices.not_handed() == []


def test_a_key_of_another_store_gets_no_prices(shop: Shop) -> None:
    key = shop.key("de", "decide")
    body = {"store": "uk", "products": ["p1"]}
    assert shop.call("POST", "/v1/prices", body, key=key).status_code == 403
    assert shop.call("GET", "/v1/prices/changes?store=uk", key=shop.key("de", "manage")).status_code == 403
    pages = shop.key("uk", "decide")  # in every browser
    assert shop.call("GET", "/v1/prices/changes", key=pages).status_code == 403
    assert shop.call("POST", "/v1/prices", body | {"price_list": "trade"}, key=pages).status_code == 403
    assert shop.call("POST", "/v1/prices", body, key=pages).status_code == 200
    assert shop.call("POST", "/v1/prices", body, key=shop.key("uk", "events")).status_code == 403
    assert shop.call("GET", "/v1/prices/changes").status_code == 422  # a key for all stores names one


@pytest.mark.parametrize("products", [[], ["p"] * 1_001, [""], "p1"])
def test_a_body_that_cannot_be_used_is_named(shop: Shop, products: object) -> None:
    assert shop.call("POST", "/v1/prices", {"store": "uk", "products": products}).status_code == 422


def test_a_run_is_approved_published_and_taken_back_by_those_who_may(shop: Shop) -> None:
    waiting(shop)
    pricing, key = shop.person("pricing"), shop.key("uk", "manage")
    assert shop.call("POST", "/v1/price-runs/r1/approve", {"why": "go"}, key=key).status_code == 403
    approved = shop.call("POST", "/v1/price-runs/r1/approve", {"why": "go"}, key=pricing)
    assert (approved.status_code, approved.json()["run"]["status"]) == (200, "approved")
    done = shop.call("POST", "/v1/price-runs/r1/publish", {"why": "now"}, key=pricing).json()
    assert (done["changed"], done["version"]) == (1, 1)
    assert price(shop) == (11.5, 1, "run")  # here at once
    assert shop.call("POST", "/v1/price-runs/r1/publish", {"why": "again"}, key=pricing).status_code == 422
    back = shop.call("POST", "/v1/price-runs/r1/revert", {"why": "complaints"}, key=key)
    assert (back.status_code, back.json()["run"]["status"]) == (200, "reverted")
    assert price(shop) == (11, 2, "run")
    steps = [one["detail"].get("to") for one in shop.serving.state.audit.found(None, "price_run", 9)]
    assert steps == ["reverted", "published", "approved", None]


def test_a_run_is_scheduled_for_a_moment_with_an_offset(shop: Shop) -> None:
    waiting(shop)
    pricing = shop.person("pricing")
    shop.call("POST", "/v1/price-runs/r1/approve", {"why": "go"}, key=pricing)
    at = (datetime.now(UTC) + timedelta(hours=3)).replace(microsecond=0)
    sent = {"why": "at night", "at": at.isoformat()}
    done = shop.call("POST", "/v1/price-runs/r1/publish", sent, key=pricing).json()
    assert (done["run"]["status"], datetime.fromisoformat(done["run"]["publish_at"])) == ("scheduled", at)
    sent["at"] = "2026-12-01T06:00:00"
    assert shop.call("POST", "/v1/price-runs/r1/publish", sent, key=pricing).status_code == 422


def test_runs_are_listed_with_their_prices_to_those_who_may_look(shop: Shop) -> None:
    waiting(shop)
    assert [one["id"] for one in shop.call("GET", "/v1/price-runs").json()["runs"]] == ["r1"]
    found = shop.call("GET", "/v1/price-runs/r1").json()
    assert (found["run"]["status"], [one["price"] for one in found["prices"]]) == ("waiting", [11.5])
    other = shop.key("de", "manage")
    assert shop.call("GET", "/v1/price-runs", key=other).json() == {"runs": []}
    assert shop.call("GET", "/v1/price-runs/r1", key=other).status_code == 403
    assert shop.call("GET", "/v1/price-runs/nowhere").status_code == 404


def test_a_run_that_is_begun_waits_for_a_worker(shop: Shop) -> None:
    body = {"prices": [{"store": "uk", "product": "p1", "price": 11.5}]}
    assert shop.call("POST", "/v1/price-runs", body).status_code == 403  # a key begins none
    pricing = shop.person("pricing", store="uk")
    begun = shop.call("POST", "/v1/price-runs", body, key=pricing)
    assert begun.status_code == 202
    with opened_jobs(shop.settings) as opened:
        status = opened.jobs.status(begun.json()["run"])
    assert (status.kind, status.subject, status.state) == ("price_run", "uk", "queued")
    assert shop.call("POST", "/v1/price-runs", {}, key=pricing).status_code == 403  # all stores are not theirs
    lost = {"prices": [{"store": "nowhere", "product": "p1", "price": 1}]}
    assert shop.call("POST", "/v1/price-runs", lost, key=shop.person("admin")).status_code == 422


def test_other_processes_follow_a_run_that_is_taken_back(shop: Shop) -> None:
    publish(shop)
    follow(shop)
    elsewhere = open_state(shop.settings.state_url)
    run, at = elsewhere.price_runs.get("r1"), datetime.now(UTC)
    elsewhere.prices.revert(run, run_steps.revert(run, "carl", "complaints", at), at)
    elsewhere.close()
    follow(shop)
    assert price(shop) == (11, 2, "run")
