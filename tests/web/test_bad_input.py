"""Bad input gets a clear problem that names field and remedy, on every way in, and nothing is taken or lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.web.conftest import Shop

EVENT = {"event_id": "e1", "ts": "2026-01-01T12:00:00Z", "store": "uk", "type": "view", "product": "p1"}
LATER = (datetime.now(UTC) + timedelta(days=2)).isoformat()
RECOMMEND, EVENTS, PRODUCTS = ("POST", "/v1/recommendations"), ("POST", "/v1/events"), ("PUT", "/v1/products")

CASES: dict[str, tuple[tuple[str, str], Any, int, str]] = {
    "wrong type, event": (EVENTS, {**EVENT, "quantity": "many"}, 422, "quantity"),
    "wrong type, product": (PRODUCTS, {"product": "p9", "store": "uk", "price": "cheap"}, 422, "price"),
    "wrong type, request": (RECOMMEND, {"store": "uk", "k": "ten"}, 422, "k"),
    "unknown store, event": (EVENTS, {**EVENT, "store": "mars"}, 422, "store"),
    "unknown store, product": (PRODUCTS, {"product": "p9", "store": "mars"}, 422, "store"),
    "unknown store, request": (RECOMMEND, {"store": "mars"}, 422, "store"),
    "missing key, event": (EVENTS, {"store": "uk", "type": "view", "product": "p1"}, 422, "ts"),
    "missing key, product": (PRODUCTS, {"store": "uk", "price": 3}, 422, "product"),
    "missing key, request": (RECOMMEND, {"k": 3}, 422, "store"),
    "missing product, event": (EVENTS, {k: v for k, v in EVENT.items() if k != "product"}, 422, "product"),
    "unknown type, event": (EVENTS, {**EVENT, "type": "stare"}, 422, "type"),
    "future date, event": (EVENTS, {**EVENT, "ts": LATER}, 422, "ts"),
    "future date, product": (PRODUCTS, {"product": "p9", "store": "uk", "source_ts": LATER}, 422, "source_ts"),
    "NaN price, event": (EVENTS, b'{"store":"uk","ts":1767268800,"type":"view","product":7,"price":NaN}', 422, "price"),
    "NaN price, product": (PRODUCTS, b'{"product":"p9","store":"uk","price":NaN}', 422, "price"),
    "endless price, product": (PRODUCTS, b'{"product":"p9","store":"uk","price":1e999}', 422, "price"),
    "invalid UTF-8, event": (EVENTS, b'{"store":"uk","type":"view","product":"\xff"}', 422, "$"),
    "invalid UTF-8, request": (RECOMMEND, b'{"store":"\xff"}', 422, "$"),
    "not JSON, event": (EVENTS, b"store=uk&type=view", 422, "$"),
    "nested without end": (EVENTS, b"[" * 100_000, 422, "$"),
    "empty body": (EVENTS, b"", 422, "$"),
    "no rows": (EVENTS, [], 422, "$"),
    "a number for a row": (EVENTS, [7], 422, "$"),
    "unknown column, request": (RECOMMEND, {"store": "uk", "colour": "red"}, 422, "colour"),
    "unknown word beside rows": (EVENTS, {"events": [EVENT], "colour": "red"}, 422, "colour"),
    "k too large": (RECOMMEND, {"store": "uk", "k": 201}, 422, "k"),
    "k zero": (RECOMMEND, {"store": "uk", "k": 0}, 422, "k"),
}  # fmt: skip


@pytest.mark.parametrize(("way", "body", "status", "field"), CASES.values(), ids=CASES.keys())
def test_bad_input_names_field_and_remedy(
    shop: Shop,
    way: tuple[str, str],
    body: Any,  # noqa: ANN401 - any body
    status: int,
    field: str,
) -> None:
    method, path = way
    answer = shop.call(method, path, content=body) if isinstance(body, bytes) else shop.call(method, path, body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert {"type", "title", "status", "detail", "remedy", "errors"} <= set(document)
    assert document["status"] == status
    assert field in [error["field"] for error in document["errors"]]
    assert all(error["reason"] for error in document["errors"])
    assert document["remedy"] or all(error["remedy"] for error in document["errors"])
    assert shop.serving.catalogue.card("uk", "p9") is None
    assert shop.serving.telemetry.totals().events == {}


@pytest.mark.parametrize(("sent", "said"), [(b"NaN", "NaN"), (b"Infinity", "Infinity"), (b"-1e999", "-Infinity")])
def test_a_price_that_is_no_number_is_named_in_the_reason(shop: Shop, sent: bytes, said: str) -> None:
    event = b'{"store":"uk","ts":1767268800,"type":"view","product":7,"price":' + sent + b"}"
    item = b'{"product":"p9","store":"uk","price":' + sent + b"}"
    for method, path, body in (("POST", "/v1/events", event), ("PUT", "/v1/products", item)):
        (problem,) = shop.call(method, path, content=body).json()["errors"]
        assert problem["field"] == "price"
        assert problem["reason"].endswith(f", got {said}")


@pytest.mark.parametrize("path", ["/v1/events", "/v1/recommendations", "/v1/products"])
def test_a_body_of_ten_megabytes_is_refused(shop: Shop, path: str) -> None:
    method = "PUT" if path == "/v1/products" else "POST"
    answer = shop.call(method, path, content=b" " * 10_000_000)
    assert (answer.status_code, answer.json()["title"]) == (413, "Request Entity Too Large")
    assert "4,000,000 bytes" in answer.json()["detail"]


def test_an_unknown_column_of_a_row_is_kept_as_attribute(shop: Shop) -> None:
    answer = shop.call("PUT", "/v1/products", {"product": "p9", "store": "uk", "colour": "red"})
    assert answer.status_code == 202
    card = shop.serving.catalogue.card("uk", "p9")
    assert card is not None
    assert card.product.attributes == {"colour": "red"}


def test_a_body_that_is_not_of_its_encoding_is_refused(shop: Shop) -> None:
    for encoding, status in (("br", 415), ("gzip", 400), ("zstd", 400)):
        headers = {**shop.admin, "content-encoding": encoding}
        answer = shop.call("POST", "/v1/events", content=b"\x1f\x8b", key=headers)
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/events", 405),
        ("DELETE", "/v1/recommendations", 405),
        ("POST", "/v1/products", 405),
    ],
)
def test_unknown_routes_and_methods_are_problems_too(shop: Shop, method: str, path: str, status: int) -> None:
    answer = shop.call(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/v1/products/p1/similar", 422, "store"),
        ("/v1/products/p1/similar?store=uk&k=many", 422, "k"),
        ("/v1/products/p1/similar?store=uk&k=201", 422, "k"),
        ("/v1/products/p1/similar?store=mars", 404, "store"),
        ("/v1/products/p9/similar?store=uk", 404, "product"),
        ("/v1/trending?store=mars", 404, "store"),
    ],
)
def test_bad_parameters_name_the_parameter(shop: Shop, path: str, status: int, field: str) -> None:
    answer = shop.call("GET", path)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field)


def test_an_unexpected_error_shows_an_id_and_nothing_else(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(shop.serving.events, "take_each", broken)
    answer = shop.call("POST", "/v1/events", EVENT)
    assert answer.status_code == 500
    assert "error id" in answer.json()["detail"]
    assert "secret detail" not in answer.text
    assert shop.serving.telemetry.errors == 1
