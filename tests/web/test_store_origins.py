"""Who may read an answer in a browser: pages of the store whose key asked, and of nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.web.conftest import Shop

UK, NL, HOUSE, STRANGER = "https://uk.example", "https://nl.example", "https://house.example", "https://evil.example"
ROUTES = ("/v1/recommendations", "/v1/prices", "/v1/events", "/v1/trending?store=uk")


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    shop = open_shop(allowed_origins=[HOUSE], store_origins={"uk": [UK], "nl": [NL]})
    shop.call("PUT", "/v1/stores", [{"store": "uk"}, {"store": "nl"}])
    return shop


def may_read(shop: Shop, path: str, origin: str, headers: dict[str, str]) -> bool:
    """Ask from a page; say whether its browser hands the page the answer."""
    method = "GET" if "?" in path else "POST"
    answer = shop.run(shop.client.request(method, path, headers={**headers, "origin": origin}, content=b"{}"))
    assert "access-control-allow-credentials" not in answer.headers
    assert "origin" in answer.headers["vary"].lower(), "a cache would hand one page's answer to another"
    allowed: str | None = answer.headers.get("access-control-allow-origin")
    assert allowed in (None, origin)
    return allowed == origin


@pytest.mark.parametrize("path", ROUTES)
def test_a_stores_key_is_answered_to_pages_of_that_store(shop: Shop, path: str) -> None:
    uk, nl = shop.key("uk"), shop.key("nl")
    assert [may_read(shop, path, page, uk) for page in (UK, HOUSE, NL, STRANGER)] == [True, True, False, False]
    assert [may_read(shop, path, page, nl) for page in (UK, HOUSE, NL, STRANGER)] == [False, True, True, False]


@pytest.mark.parametrize("path", ROUTES)
def test_a_key_of_all_stores_is_answered_to_pages_of_each(shop: Shop, path: str) -> None:
    assert [may_read(shop, path, page, shop.admin) for page in (UK, NL, HOUSE, STRANGER)] == [True, True, True, False]


@pytest.mark.parametrize("path", ROUTES)
def test_what_is_wrong_is_told_to_every_known_page_unless_a_key_is_nobodys(shop: Shop, path: str) -> None:
    assert [may_read(shop, path, page, {}) for page in (UK, NL, STRANGER)] == [True, True, False]
    nobodys = {"authorization": "Bearer sk-nobodys"}
    assert [may_read(shop, path, page, nobodys) for page in (UK, NL, HOUSE)] == [False, False, True]


def test_a_public_key_in_the_address_counts_as_the_key(shop: Shop) -> None:
    secret = shop.serving.state.keys.create("uk", ("beacon",), "test")[1]
    path = f"/v1/beacon?key={secret}"
    answers = [shop.run(shop.client.post(path, content=b"[]", headers={"origin": page})) for page in (UK, NL)]
    assert [answer.headers.get("access-control-allow-origin") for answer in answers] == [UK, None]


@pytest.mark.parametrize("path", ROUTES)
def test_a_preflight_carries_no_key_and_is_answered_to_pages_of_any_store(shop: Shop, path: str) -> None:
    for page, allowed in ((UK, UK), (NL, NL), (STRANGER, None)):
        asked = {"origin": page, "access-control-request-method": "POST"}
        answer = shop.run(shop.client.options(path, headers=asked))
        assert answer.headers.get("access-control-allow-origin") == allowed


def test_a_page_may_send_a_packed_body_with_its_key_and_read_when_to_come_again(shop: Shop) -> None:
    asked = {
        "origin": UK, "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-encoding,content-type",
    }  # fmt: skip
    assert shop.run(shop.client.options("/v1/events", headers=asked)).status_code == 200
    for origin, shown in ((UK, "Retry-After"), (NL, None)):
        answer = shop.run(shop.client.post("/v1/events", headers={**shop.key("uk"), "origin": origin}, content=b"{}"))
        assert answer.headers.get("access-control-expose-headers") == shown


def test_where_every_page_is_allowed_no_key_is_looked_at(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(allowed_origins=["*"], store_origins={"uk": [UK]})
    shop.call("PUT", "/v1/stores", [{"store": "uk"}])
    for path in ROUTES[:3]:
        answer = shop.run(shop.client.post(path, headers={**shop.key("uk"), "origin": STRANGER}, content=b"{}"))
        assert answer.headers["access-control-allow-origin"] == "*"
