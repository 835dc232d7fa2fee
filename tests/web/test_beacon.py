"""`POST /v1/beacon`: a public key opens so much and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from pydantic import ValidationError

from shopkeeper.commerce.shopper import Shopper
from shopkeeper.wiring.settings_serving import ServingSettings

if TYPE_CHECKING:
    from tests.web.conftest import Shop

PAGE = "https://shop.example"


def event(number: int = 1, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    at = datetime.now(UTC) - timedelta(minutes=1)
    return {
        "event_id": f"web-{number}",
        "ts": at.isoformat(),
        "type": "view",
        "product": "p1",
        "visitor": "ann",
        **fields,
    }


class Page:
    """A web page of the store `uk`, and its public key."""

    def __init__(self, open_shop: Callable[..., Shop], **serving: Any) -> None:  # noqa: ANN401 - any setting
        self.shop = open_shop(store_origins={"uk": [PAGE], "nl": ["https://winkel.example"]}, **serving)
        self.shop.call("PUT", "/v1/stores", [{"store": "uk"}, {"store": "nl"}])
        self.secret = self.shop.serving.state.keys.create("uk", ("beacon",), "test")[1]

    def send(self, body: object, *, origin: str | None = PAGE, secret: str | None = None) -> httpx.Response:
        """Send text, as `navigator.sendBeacon(url, text)` does."""
        headers = {"content-type": "text/plain;charset=UTF-8", "user-agent": "Mozilla/5.0 (iPhone) Safari/604.1"}
        address = f"/v1/beacon?key={self.secret if secret is None else secret}"
        origins = {} if origin is None else {"origin": origin}
        return self.shop.run(
            self.shop.client.post(address, content=msgspec.json.encode(body), headers=headers | origins)
        )


@pytest.fixture
def page(open_shop: Callable[..., Shop]) -> Page:
    return Page(open_shop)


def test_a_page_tells_what_its_shopper_does_and_the_next_answer_knows_it(page: Page) -> None:
    answer = page.send([event(1), event(2, type="cart")])
    assert (answer.status_code, answer.json()["accepted"]) == (202, 2)
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "access-control-allow-credentials" not in answer.headers
    assert len(page.shop.serving.profiles.local.read(Shopper("uk", visitor="ann")).events) == 2
    assert page.send(event(1)).json()["duplicates"] == 1


@pytest.mark.parametrize(
    "origin", [None, "https://evil.example", "https://winkel.example", "null", f"{PAGE}.evil.example"]
)
def test_only_pages_of_the_store_may_send(page: Page, origin: str | None) -> None:
    answer = page.send(event(), origin=origin)
    assert (answer.status_code, "store_origins" in answer.json()["remedy"]) == (403, True)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"type": "purchase"}, "type"), ({"type": "refund"}, "type"), ({"type": "identify"}, "type"),
        ({"user": "bob"}, "user"), ({"event_id": "order-1"}, "event_id"), ({"type": "stare"}, "type"),
    ],
)  # fmt: skip
def test_what_a_browser_may_not_say_is_named_and_neither_taken_nor_kept(
    page: Page, fields: dict[str, Any], named: str
) -> None:
    answer = page.send([event(1), event(2, **fields)]).json()
    assert (answer["accepted"], answer["rejected"]) == (1, 1)
    assert [(error["row"], error["field"]) for error in answer["errors"]] == [(2, named)]
    assert page.send(event(3, **fields)).status_code == 422
    assert page.shop.serving.quarantine.count() == 0
    assert page.shop.serving.telemetry.rejected["beacon", named] == 2


def test_a_store_may_let_its_pages_say_more(open_shop: Callable[..., Shop]) -> None:
    page = Page(open_shop, beacon_types=["purchase"])
    assert page.send(event(type="purchase")).status_code == 202
    assert page.send(event(2)).status_code == 422


def test_rows_of_another_store_or_too_many_or_too_large_are_refused_whole(page: Page) -> None:
    assert page.send([event(1), event(2, store="nl")]).status_code == 403
    assert page.send([event(n) for n in range(101)]).status_code == 413
    assert page.send(event(query="x" * 70_000)).status_code == 413
    assert page.send("text").status_code == 422


def test_one_address_sends_so_many_events_a_minute(open_shop: Callable[..., Shop]) -> None:
    page = Page(open_shop, beacon_per_minute=100)
    assert page.send([event(n) for n in range(100)]).status_code == 202
    answer = page.send([event(n) for n in range(200, 220)])
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert page.shop.serving.telemetry.rejected["beacon", "rate"] == 20


def test_a_public_key_opens_nothing_else(page: Page) -> None:
    key = {"authorization": f"Bearer {page.secret}"}
    asked: list[tuple[str, str, object]] = [
        ("POST", "/v1/events", event(store="uk")), ("POST", "/v1/recommendations", {"store": "uk"}),
        ("PUT", "/v1/products", {"product": "p9"}), ("GET", "/v1/models", None), ("GET", "/v1/trending?store=uk", None),
    ]  # fmt: skip
    for method, path, body in asked:
        assert page.shop.call(method, path, body, key=key).status_code == 403, path


def test_no_other_key_opens_the_beacon(page: Page) -> None:
    secret = page.shop.serving.state.keys.create("uk", ("events", "decide", "manage"), "test")[1]
    assert page.send(event(), secret=secret).status_code == 403
    assert page.send(event(), secret="unknown").status_code == 401
    assert page.send(event(), secret="").status_code == 401


def test_preflights_are_answered_to_pages_of_any_store_and_to_no_others(page: Page) -> None:
    for origin, allowed in (
        (PAGE, PAGE),
        ("https://winkel.example", "https://winkel.example"),
        ("https://evil.example", None),
    ):
        asked = {
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type",
        }
        answer = page.shop.run(page.shop.client.options("/v1/beacon", headers=asked))
        assert answer.headers.get("access-control-allow-origin") == allowed


@pytest.mark.parametrize(
    "origin", ["*", "shop.example", "https://shop.example/", "https://shop.example/path", "ftp://x"]
)
def test_an_origin_is_a_scheme_and_a_host(origin: str) -> None:
    with pytest.raises(ValidationError, match="is no origin"):
        ServingSettings.model_validate({"store_origins": {"uk": [origin]}})
