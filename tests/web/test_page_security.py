"""What leaves the server cannot be framed, sniffed or scripted, and a key never shows up where it does not belong."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import httpx
import pytest
import structlog
from fastapi.routing import APIRoute

from shopkeeper.web.server import log_as_json
from shopkeeper.web.storefront_keys import KEYS_FILE

HERE = "http://127.0.0.1:8000"
XSS = '"><script>alert(1)</script>'
PARTS = {
    "store": "uk", "name": "ground.css", "product": "p1", "category": "home", "system": "recommendations",
    "version": "20260101-000000-abcdef", "run": "none",
}  # fmt: skip
POLICY = ("default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'", "form-action 'self'")


@pytest.fixture
def opened(shop: Any) -> Any:  # noqa: ANN401 - the shared fixture
    """A shop whose store `uk` is open to browsers."""
    key = shop.key("uk", "events", "decide")["authorization"].removeprefix("Bearer ")
    (shop.settings.workspace / KEYS_FILE).write_text(json.dumps({"uk": key}))
    return shop


def pages(shop: Any) -> list[str]:  # noqa: ANN401 - the shared fixture
    """Every address people can open, one of each kind."""
    found = [route for route in routes(shop.app.router.routes) if "GET" in (route.methods or ())]
    paths = [re.sub(r":path}", "}", route.path).format(**PARTS) for route in found if not route.include_in_schema]
    return [path for path in paths if not path.endswith("/stream")]


def routes(found: Any) -> list[APIRoute]:  # noqa: ANN401 - any routes
    inner = [route for one in found for route in routes(getattr(getattr(one, "original_router", None), "routes", ()))]
    return [one for one in found if isinstance(one, APIRoute)] + inner


def get(shop: Any, path: str, **headers: str) -> httpx.Response:  # noqa: ANN401 - the shared fixture
    answer: httpx.Response = shop.call("GET", f"{HERE}{path}", key=headers)
    return answer


def test_every_page_forbids_frames_sniffing_and_foreign_scripts(opened: Any) -> None:  # noqa: ANN401
    seen = 0
    for path in [*pages(opened), "/storefront/mars", "/storefront/uk/p/none", "/storefront/uk/c/none"]:
        answer = get(opened, path)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        seen += 1
        policy = answer.headers["content-security-policy"]
        assert all(part in policy for part in POLICY), path
        assert "script-src" not in policy, "scripts fall under default-src, which has no exception"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"<\w[^>]*\son\w+=|<script(?![^>]*(?: src=|application/json))", answer.text), path
    assert seen >= 12


def test_a_refused_page_is_locked_down_too(shop: Any) -> None:  # noqa: ANN401
    answer = shop.call("GET", "http://evil.example/control-room", key={})
    assert answer.status_code == 403
    assert all(part in answer.headers["content-security-policy"] for part in POLICY)


@pytest.mark.parametrize(
    "path", ["/metrics", "/openapi.json", "/static/none.css", "/v1/models", "/v1/nothing", "/livez", "/", "/livez/"]
)
def test_no_answer_may_be_sniffed(shop: Any, path: str) -> None:  # noqa: ANN401
    answer = get(shop, path)
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


def test_without_people_no_answer_sets_a_cookie(opened: Any) -> None:  # noqa: ANN401
    """Sessions live in the page's own storage and keys in a header, so no cookie can be ridden."""
    for path in [*pages(opened), "/livez", "/v1/models"]:
        assert "set-cookie" not in get(opened, path).headers
    assert "set-cookie" not in opened.call("POST", "/v1/recommendations", {"store": "uk"}).headers


@pytest.mark.parametrize("name", ["key", "api_key", "access_token", "token", "authorization"])
def test_a_key_in_an_address_opens_nothing(shop: Any, name: str) -> None:  # noqa: ANN401
    secret = shop.admin["authorization"]
    for value in (secret, secret.removeprefix("Bearer ")):
        answer = shop.run(shop.client.get("/v1/trending", params={"store": "uk", name: value}))
        assert answer.status_code == 401


def test_no_key_reaches_log_or_answer_when_something_fails(
    shop: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = io.StringIO()
    monkeypatch.setattr("sys.stderr", heard)
    before = structlog.get_config()
    log_as_json()

    def broken(*_: object) -> None:
        raise RuntimeError("on purpose")

    try:
        monkeypatch.setattr(shop.serving.events, "take_each", broken)
        event = {"event_id": "e1", "ts": 1_767_268_800, "store": "uk", "type": "view", "product": "p1"}
        answers = [shop.call("POST", "/v1/events", event)]
        monkeypatch.setattr(type(shop.serving.system), "trending", broken)
        answers.append(shop.call("GET", "/v1/trending?store=uk"))
        wrong = shop.admin["authorization"][:-1] + "x"
        answers.append(shop.call("POST", "/v1/events", event, key={"authorization": wrong}))
    finally:
        structlog.configure(**before)
    assert [answer.status_code for answer in answers] == [500, 500, 401]
    logged = heard.getvalue()
    assert logged.count("on purpose") >= 2
    secret = shop.admin["authorization"].split("_", 2)[2]
    assert len(secret) > 20
    for text in (logged, *(answer.text for answer in answers)):
        assert secret[:-1] not in text


@pytest.mark.parametrize(
    "path",
    [
        f"/storefront/uk/search?q={'a' * 201}",
        "/storefront/uk?page=100001",
        "/storefront/uk?order=random",
        "/storefront/uk/cards?" + "&".join(["product=p1"] * 51),
        f"/control-room/data?store={'a' * 201}",
    ],
)
def test_a_parameter_out_of_bounds_is_a_short_problem(opened: Any, path: str) -> None:  # noqa: ANN401
    answer = get(opened, path)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert len(answer.content) < 1_000


@pytest.mark.parametrize("path", [f"/{'a' * 5_000}", f"/storefront/uk/search?q={'a' * 5_000}"])
def test_what_was_sent_is_not_sent_back_in_full(opened: Any, path: str) -> None:  # noqa: ANN401
    assert len(get(opened, path).content) < 1_000


@pytest.mark.parametrize(
    "path", ["/storefront/{}", "/storefront/uk/p/{}", "/storefront/uk/c/{}", "/storefront/uk/search?q={}", "/{}"]
)
def test_what_an_address_says_cannot_run(opened: Any, path: str) -> None:  # noqa: ANN401
    answer = get(opened, path.format(XSS))
    html = answer.headers["content-type"].startswith("text/html")
    assert not html or "<script>alert" not in answer.text


def test_what_a_catalogue_says_cannot_run(opened: Any) -> None:  # noqa: ANN401
    shelf = "<b onclick=alert(1) x="  # a category path is split at every `>`
    words = {"title": XSS, "description": XSS, "brand": XSS, "categories": [shelf], "attributes": {"colour": XSS}}
    assert opened.call("PUT", "/v1/products", {"product": XSS, "store": "uk", "price": 1, **words}).status_code == 202
    for path in ("", f"/p/{XSS}", f"/c/{shelf}", "/search?q=script", f"/cards?product={XSS}"):
        answer = get(opened, f"/storefront/uk{path}")
        assert answer.status_code == 200, path
        assert "script&gt;" in answer.text or "script\\u003e" in answer.text, path
        assert "<script>alert" not in answer.text, path
        assert "<b onclick" not in answer.text, path
