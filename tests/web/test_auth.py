"""Every route of the API wants a key that is valid, has the scope, and is for the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shopkeeper.serving.ports import SCOPES, Scope

if TYPE_CHECKING:
    from tests.web.conftest import Shop

ROUTES: list[tuple[str, str, object, Scope]] = [
    ("POST", "/v1/events", {"store": "uk", "type": "search", "ts": 1_767_268_800}, "events"),
    ("POST", "/v1/recommendations", {"store": "uk"}, "decide"),
    ("GET", "/v1/products/p1/similar?store=uk", None, "decide"),
    ("GET", "/v1/trending?store=uk", None, "decide"),
    ("PUT", "/v1/products", {"product": "p8", "store": "uk"}, "manage"),
    ("DELETE", "/v1/products", {"product": ["p8"], "store": "uk"}, "manage"),
]
NAMES = [f"{method} {path.split('?')[0]}" for method, path, _, _ in ROUTES]


@pytest.mark.parametrize(("method", "path", "body", "scope"), ROUTES, ids=NAMES)
def test_only_the_scope_opens_the_route(shop: Shop, method: str, path: str, body: object, scope: Scope) -> None:
    assert shop.call(method, path, body, key=shop.key("uk", scope)).status_code < 300
    others: list[Scope] = [other for other in SCOPES if other != scope]
    refused = shop.call(method, path, body, key=shop.key("uk", *others))
    assert refused.status_code == 403
    assert scope in refused.json()["detail"]


@pytest.mark.parametrize(("method", "path", "body", "scope"), ROUTES, ids=NAMES)
def test_a_key_of_another_store_opens_nothing(shop: Shop, method: str, path: str, body: object, scope: Scope) -> None:
    refused = shop.call(method, path, body, key=shop.key("de"))
    assert refused.status_code == 403
    assert "'de'" in refused.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Basic abc"}, {"authorization": "Bearer nothing"}, {"authorization": "Bearer \u00ff"}],
    ids=["none", "other scheme", "unknown", "strange bytes"],
)
def test_without_a_valid_key_nothing_opens(shop: Shop, headers: dict[str, str]) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    for method, path, body, _ in (*ROUTES, ("GET", "/v1/models", None, None)):
        answer = shop.run(shop.client.request(method, path, json=body, headers=raw))
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_revoked_key_stops_at_the_next_refresh(shop: Shop) -> None:
    key = shop.key("uk")
    assert shop.call("POST", "/v1/recommendations", {"store": "uk"}, key=key).status_code == 200
    shop.serving.state.keys.revoke(key["authorization"].split("_")[1], "test")
    shop.run(shop.serving.keys.refresh())
    assert shop.call("POST", "/v1/recommendations", {"store": "uk"}, key=key).status_code == 401


def test_a_key_of_one_store_is_the_store_of_rows_that_name_none(shop: Shop) -> None:
    assert shop.call("PUT", "/v1/products", {"product": "p8"}, key=shop.key("uk")).status_code == 202
    assert shop.serving.catalogue.card("uk", "p8") is not None
    assert shop.serving.catalogue.card("de", "p8") is None


def test_one_row_of_another_store_refuses_the_whole_batch(shop: Shop) -> None:
    rows = [{"product": "p7", "store": "uk"}, {"product": "p8", "store": "de"}]
    answer = shop.call("PUT", "/v1/products", rows, key=shop.key("uk"))
    assert (answer.status_code, answer.json()["errors"][0]["row"]) == (403, 2)
    assert shop.serving.catalogue.card("uk", "p7") is None


def test_a_key_of_one_store_cannot_join_another_stores_customer_group(shop: Shop) -> None:
    shop.call("PUT", "/v1/stores", [{"store": "uk", "customer_group": "europe"}])
    key = shop.key("de")
    answer = shop.call("PUT", "/v1/stores", {"store": "de", "customer_group": "europe"}, key=key)
    assert answer.status_code == 403
    assert shop.call("PUT", "/v1/stores", {"store": "de", "currency": "EUR"}, key=key).status_code == 202
