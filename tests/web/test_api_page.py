"""The API page shows every route of the document with an example that works, and loads nothing from elsewhere."""

from __future__ import annotations

import html
import re
import shlex
from typing import Any

import httpx
from msgspec.structs import replace

from shopkeeper.testing.experiment_store_suite import example_record
from shopkeeper.testing.prices_suite import example_price, example_run
from shopkeeper.testing.rollouts_suite import example_judged, example_rollout
from shopkeeper.web.api_view import Operation, groups
from shopkeeper.web.openapi_examples import PARAMETERS
from shopkeeper.web.openapi_prices import EXAMPLE_RUN
from shopkeeper.web.openapi_rollouts import EXAMPLE_ROLLOUT

FIRST = ("put_stores", "put_products")
OF_A_PRICE_MODEL = ("explain_price", "price_frontier")
OF_A_PERSON = (
    "start_experiment",
    "begin_rollout",
    "lift_stop",
    "shopper_history",
    "begin_price_run",
    "steer_price_run",
    "put_rules",
    "delete_rules",
    "order_content",
    "review_content",
)


def operations(shop: Any) -> list[Operation]:  # noqa: ANN401 - the shared fixture
    return [one for group in groups(shop.app.openapi(), "http://shop") for one in group.operations]


def sent(shop: Any, command: str, key: dict[str, str]) -> httpx.Response:  # noqa: ANN401 - the shared fixture
    """Send what a curl command says, read as a shell reads it, with a key for `$KEY`."""
    words = iter(shlex.split(command.replace("\\\n", " ")))
    assert next(words) == "curl"
    method, url, headers, body = "", "", {}, None
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name.lower()] = value
        elif word == "-d":
            body = next(words)
        else:
            url = word
    if headers.get("authorization") == "Bearer $KEY":
        headers["authorization"] = key["authorization"]
    method = method or ("POST" if body is not None else "GET")
    answer: httpx.Response = shop.run(shop.client.request(method, url, headers=headers, content=body))
    return answer


def test_every_route_stands_on_the_page_with_its_scope_and_its_problems(shop: Any) -> None:  # noqa: ANN401
    text = html.unescape(shop.call("GET", "/docs", key={}).text)
    for path, item in shop.app.openapi()["paths"].items():
        for method, described in item.items():
            article = text.split(f'id="{described["operationId"]}"', 1)[1].split("</article>", 1)[0]
            assert f">{method.upper()}</span> <code>{path}</code>" in article
            scopes = [scope for need in described["security"] for own in need.values() for scope in own]
            assert all(f"scope <code>{scope}</code>" in article for scope in scopes)
            assert set(re.findall(r'<span class="chip \w+">(\d+)</span>', article)) == set(described["responses"])


def test_the_fields_of_a_body_stand_in_a_table_with_type_bounds_and_need(shop: Any) -> None:  # noqa: ANN401
    fields = {one.name: one for one in next(o for o in operations(shop) if o.id == "recommend").fields}
    assert (fields["store"].type, fields["store"].bounds, fields["store"].required) == (
        "text", "1 to 200 characters", True,
    )  # fmt: skip
    assert (fields["k"].type, fields["k"].bounds, fields["k"].required) == ("whole number", "1 to 1,000", False)
    assert fields["k"].words.endswith("Left out: 10.")
    assert fields["filters.brands"].bounds == "up to 100 entries, each up to 500 characters"
    assert fields["consent.measure"].type == "true or false"
    known = shop.app.openapi()["components"]["schemas"]
    for one in operations(shop):
        for field in (*one.fields, *one.answer):
            assert field.words, f"{one.id}: {field.name} is not explained"
    assert set(known["RecommendationBody"]["properties"]) <= set(fields)


def test_each_example_works_as_written(shop: Any) -> None:  # noqa: ANN401
    """With the key the page says to make: for the store `uk`, or for all where a version is steered."""
    keys = {False: shop.key("uk"), True: shop.key("*")}
    shown = example_record(str(PARAMETERS["experiment"]))
    shop.serving.state.experiments.begin(replace(shown, plan=replace(shown.plan, stores=("uk",))))
    shop.serving.state.rollouts.begin(under_way := example_rollout(EXAMPLE_ROLLOUT), "anna")
    for _ in range(3):
        shop.serving.state.rollouts.step(under_way, under_way, "gate", "nothing", example_judged(under_way))
    shop.serving.state.price_runs.begin(*example_run(EXAMPLE_RUN, [example_price("85123A", 2.55, 2.49)]))
    routes = {one.id: one for one in operations(shop)}
    for one in routes.values():
        for first in FIRST:  # a withdrawal before this one may have taken them away
            assert sent(shop, routes[first].curl, keys[False]).status_code == 202
        answer = sent(shop, one.curl, keys["rollout" in one.id or one.id in ("stop", "lift_stop", "explain_verdict")])
        if one.id in OF_A_PERSON:
            assert "takes a person who signed in" in answer.text
            continue
        if one.id == "take_beacon":
            assert (answer.status_code, "key=$PUBLIC_KEY" in one.curl) == (
                401,
                True,
            )  # tests/web/test_beacon.py has one
            continue
        if one.id in OF_A_PRICE_MODEL:
            assert "No model of prices serves." in answer.text
            continue
        assert answer.status_code < 300, f"{one.curl}\n{answer.text}"
        assert str(answer.status_code) == one.answers[0][0]
        if answer.status_code == 202:
            assert answer.json()["rejected"] == 0, answer.text


def test_the_page_runs_and_loads_nothing_from_elsewhere(shop: Any) -> None:  # noqa: ANN401
    answer = shop.call("GET", "/docs", key={})
    assert answer.status_code == 200
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", answer.text)
    loaded = re.findall(r'<(?:script|link|img)[^>]*?(?:src|href)="([^"]*)"', answer.text)
    assert loaded
    assert all(address.startswith("/static/") for address in loaded)
    for address in loaded:
        assert shop.call("GET", address, key={}).status_code == 200


def test_links_within_the_page_lead_somewhere(shop: Any) -> None:  # noqa: ANN401
    text = shop.call("GET", "/docs", key={}).text
    targets = re.findall(r'\sid="([^"]+)"', text)
    assert len(targets) == len(set(targets))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(targets)


def test_the_pages_of_fastapi_are_not_there(shop: Any) -> None:  # noqa: ANN401
    assert shop.call("GET", "/redoc", key={}).status_code == 404
    assert "swagger" not in shop.call("GET", "/docs", key={}).text.lower()


def test_a_host_that_would_break_out_of_the_example_is_quoted(shop: Any) -> None:  # noqa: ANN401
    answer = shop.call("GET", "/docs", key={"host": "a'$(id)<script>"})
    assert "<script>" not in answer.text
    assert "curl http://a'$(id)" not in html.unescape(answer.text)


def test_the_control_room_leads_to_the_page(shop: Any) -> None:  # noqa: ANN401
    assert '<a href="/docs">' in shop.call("GET", "http://127.0.0.1:8000/control-room").text
