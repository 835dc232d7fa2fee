"""The demo shop's pages: what they show, who may open them, and that nothing from data runs in them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from shopkeeper.web.storefront_keys import KEYS_FILE

XSS = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def opened(shop: Any) -> Any:  # noqa: ANN401 - the shared fixture
    """A shop whose store `uk` has a browser key."""
    key = shop.key("uk", "events", "decide")["authorization"].removeprefix("Bearer ")
    (shop.settings.workspace / KEYS_FILE).write_text(json.dumps({"uk": key}))
    return shop


def put(shop: Any, **product: Any) -> None:  # noqa: ANN401 - fields of a product
    taken = shop.call("PUT", "/v1/products", [{"store": "uk", "categories": ["home > lamps"], **product}])
    assert taken.status_code == 202, taken.text


def test_the_front_door_leads_to_the_shop_where_one_is_open(opened: Any) -> None:  # noqa: ANN401
    assert opened.call("GET", "/").headers["location"] == "/storefront"


def test_the_front_door_leads_to_the_control_room_where_none_is(shop: Any) -> None:  # noqa: ANN401
    assert shop.call("GET", "/").headers["location"] == "/control-room"


def test_without_a_key_the_page_teaches_the_command_that_makes_one(shop: Any) -> None:  # noqa: ANN401
    for path in ("/storefront", "/storefront/uk"):
        page = shop.call("GET", path).text
        assert "shopkeeper keys create --store uk --scopes events,decide" in page
        assert KEYS_FILE in page


def test_a_key_that_may_do_more_or_less_than_a_browser_should_is_never_handed_out(shop: Any) -> None:  # noqa: ANN401
    for store, scopes, word in (
        ("uk", ("events", "decide", "manage"), "manage"),
        ("de", ("events", "decide"), "is for store"),
        ("uk", ("decide",), "lacks the scope events"),
    ):
        key = shop.key(store, *scopes)["authorization"].removeprefix("Bearer ")
        (shop.settings.workspace / KEYS_FILE).write_text(json.dumps({"uk": key}))
        page = shop.call("GET", "/storefront/uk")
        assert page.status_code == 404
        assert word in page.text
        assert key not in page.text


def test_a_keys_file_that_is_no_json_is_named(shop: Any) -> None:  # noqa: ANN401
    (shop.settings.workspace / KEYS_FILE).write_text("{")
    assert f"{KEYS_FILE} cannot be read" in shop.call("GET", "/storefront").text


def test_a_store_nobody_declared_is_no_page(opened: Any) -> None:  # noqa: ANN401
    page = opened.call("GET", "/storefront/%3Cb%3E")
    assert page.status_code == 404
    assert "<b>" not in page.text


def test_the_shelf_shows_what_can_be_bought_and_leaves_out_the_rest(opened: Any) -> None:  # noqa: ANN401
    put(opened, product="gone", title="Withdrawn lamp", price=1, status="withdrawn")
    put(opened, product="out", title="Sold-out lamp", price=1, stock=0)
    page = opened.call("GET", "/storefront/uk").text
    assert page.count('data-product="p') == 5
    assert "£10.00" in page
    assert "Withdrawn lamp" not in page
    assert "Sold-out lamp" not in page


def test_a_product_page_names_price_stock_and_place(opened: Any) -> None:  # noqa: ANN401
    put(opened, product="few", title="Rare lamp", price=1234.5, stock=3)
    page = opened.call("GET", "/storefront/uk/p/few").text
    assert "£1,234.50" in page
    assert "Only 3 left" in page
    assert page.index(">home<") < page.index(">lamps<")


def test_a_sold_out_product_cannot_be_put_in_the_cart(opened: Any) -> None:  # noqa: ANN401
    put(opened, product="out", title="Sold-out lamp", price=1, stock=0)
    page = opened.call("GET", "/storefront/uk/p/out").text
    assert re.search(r'id="buy"[^>]*disabled', page)


def test_a_product_id_may_hold_any_sign(opened: Any) -> None:  # noqa: ANN401
    put(opened, product="a/b c?d#e", title="Odd lamp", price=1)
    page = opened.call("GET", "/storefront/uk/search?q=odd").text
    href = re.search(r'href="(/storefront/uk/p/[^"]*)"', page)
    assert href is not None
    assert "Odd lamp" in opened.call("GET", href[1]).text


def test_a_product_the_store_does_not_sell_is_said_to_be_missing(opened: Any) -> None:  # noqa: ANN401
    page = opened.call("GET", "/storefront/uk/p/none")
    assert page.status_code == 404
    assert "does not sell" in page.text


def test_words_from_data_never_become_markup(opened: Any) -> None:  # noqa: ANN401
    put(opened, product="evil", title=XSS, brand=XSS, description=XSS, price=1, attributes={"note": XSS})
    for path in ("", "/p/evil", "/search?q=script", "/cards?product=evil"):
        page = opened.call("GET", f"/storefront/uk{path}").text
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page
        assert "<img" not in page


def test_words_of_a_search_never_become_markup(opened: Any) -> None:  # noqa: ANN401
    page = opened.call("GET", '/storefront/uk/search?q="><script>alert(1)</script>').text
    assert "<script>alert" not in page


def test_a_shop_page_loads_nothing_from_elsewhere_and_runs_nothing_written_in_it(opened: Any) -> None:  # noqa: ANN401
    for path in ("/storefront", "/storefront/uk", "/storefront/uk/p/p1", "/storefront/uk/cart"):
        answer = opened.call("GET", path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        for tag in re.findall(r"<script[^>]*>", answer.text):
            assert 'src="/static/' in tag or 'type="application/json"' in tag
        assert not re.search(r'\s(style|on\w+)="', answer.text)
        assert not re.search(r'(src|href)="(https?:)?//', answer.text)


def test_cards_come_in_the_asked_order_without_what_may_not_be_shown(opened: Any) -> None:  # noqa: ANN401
    put(opened, product="out", title="Sold-out lamp", price=1, stock=0)
    page = opened.call("GET", "/storefront/uk/cards?product=p3&product=out&product=none&product=p1").text
    assert re.findall(r'data-product="([^"]*)"', page) == ["p3", "p1"]


def test_prices_order_the_shelf_both_ways(opened: Any) -> None:  # noqa: ANN401
    def order(name: str) -> list[str]:
        return re.findall(r'data-product="(p\d)"', opened.call("GET", f"/storefront/uk?order={name}").text)

    assert order("price-up") == ["p0", "p1", "p2", "p3", "p4"]
    assert order("price-down") == ["p4", "p3", "p2", "p1", "p0"]


def test_search_wants_every_word_and_takes_its_start(opened: Any) -> None:  # noqa: ANN401
    put(opened, product="desk", title="Green desk lamp", price=1)
    for words, found in (("gre lam", True), ("green sofa", False), ("een", False)):
        assert ("Green desk lamp" in opened.call("GET", f"/storefront/uk/search?q={words}").text) is found


def test_the_panel_tells_a_shopper_what_is_remembered_of_them(opened: Any) -> None:  # noqa: ANN401
    key = opened.key("uk", "events", "decide")
    seen = {"store": "uk", "type": "view", "product": "p2", "visitor": "me", "event_id": "e1", "ts": 1_795_000_000}
    consent = {"personalise": True, "measure": True}
    assert (
        opened.call("POST", "/v1/events", {**seen, "ts": "2026-11-01T00:00:00Z", "consent": consent}).status_code == 202
    )
    told = opened.call("POST", "/storefront/uk/known", {"visitor": "me", "consent": consent}, key=key).json()
    assert [(event["type"], event["product"]) for event in told["events"]] == [("view", "p2")]


def test_who_does_not_allow_it_is_told_that_nothing_is_read(opened: Any) -> None:  # noqa: ANN401
    asked = {"visitor": "me", "consent": {"personalise": False}}
    told = opened.call("POST", "/storefront/uk/known", asked, key=opened.key("uk", "events", "decide")).json()
    assert told == {"read": False, "events": [], "limit": 50}


def test_what_is_remembered_is_told_only_with_the_stores_key(opened: Any) -> None:  # noqa: ANN401
    assert opened.call("POST", "/storefront/uk/known", {"visitor": "me"}, key={}).status_code == 401
    other = opened.key("de", "events", "decide")
    assert opened.call("POST", "/storefront/uk/known", {"visitor": "me"}, key=other).status_code == 403
    assert opened.call("POST", "/storefront/uk/known", {"nobody": 1}).status_code == 422
