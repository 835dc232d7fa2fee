"""The page Rules: what holds in words, a change tried before it holds, and saved under the name of who signed in."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from tests.web.test_sign_in import Browser, browser, cheap, staffed

from shopkeeper.commerce.store import Store
from shopkeeper.recommendations.rules.merchandising import read_rules
from shopkeeper.web.control_room_rule_words import rule_views

__all__ = ["browser", "cheap", "staffed"]
P4_FIRST: dict[str, Any] = {"do": "pin", "name": "p4 <first>", "product": "p4", "position": 1}


def form(visitor: Browser, rules: object, do: str, store: str = "uk", **fields: str) -> tuple[int, str]:
    """Send the editor; return the status and the page one ends on."""
    page = visitor.get("/rules?store=uk").text
    sent = {name: re.findall(f'name="{name}" value="([^"]*)"', page)[-1] for name in ("form_token", "version")}
    text = rules if isinstance(rules, str) else msgspec.json.encode({"rules": rules}).decode()
    answer = visitor.post("/rules", {**sent, "store": store, "rules": text, "do": do, "why": "a test", **fields})
    if answer.status_code != 303:
        return answer.status_code, html.unescape(answer.text)
    return 303, html.unescape(visitor.get(answer.headers["location"].removeprefix("/control-room")).text)


@pytest.fixture
def bob(browser: Callable[..., Browser]) -> Browser:
    """A merchandiser of the store uk."""
    visitor = browser()
    assert visitor.sign_in("bob@shop.example").status_code == 303
    return visitor


def test_a_merchandiser_tries_a_rule_and_saves_it_under_their_name(bob: Browser, staffed: Any) -> None:  # noqa: ANN401
    assert "uk has no rules of its own yet" in bob.get("/rules?store=uk").text
    status, page = form(bob, [P4_FIRST], "try")
    assert (status, "the list changes" in page, "pinned to place 1 by 'p4 <first>'" in page) == (200, True, True)
    assert staffed.serving.state.rules.get("uk").version == 0
    status, page = form(bob, [P4_FIRST], "save", why="the fair <b>")
    assert status == 303
    assert re.search(r"1 rule holds in uk: version 1, by Bob[^:]*: the fair <b>", page)
    assert "puts p4 at place 1" in page
    assert staffed.shown(k=2)[0] == "p4"
    raw = bob.get("/rules?store=uk").text
    assert ("the fair <b>" in raw, "the fair &lt;b&gt;" in raw, "p4 &lt;first&gt;" in raw) == (False, True, True)
    kept = staffed.serving.state.rules.get("uk")
    assert kept.who.startswith("Bob (person ")
    [entry] = staffed.serving.state.audit.found(None, "rules.", 5)
    assert (entry["action"], entry["detail"]["why"]) == ("rules.put", "the fair <b>")


def test_what_is_wrong_is_named_and_what_was_written_stays(bob: Browser) -> None:
    wrong = [{**P4_FIRST, "position": 0}, {"do": "exclude", "name": "all"}]
    status, page = form(bob, wrong, "save")
    assert (status, "rules[1].position" in page, "rules[2].where" in page, "p4 <first>" in page) == (
        422,
        True,
        True,
        True,
    )
    status, page = form(bob, "{", "try")
    assert (status, "The rules cannot be read" in page) == (422, True)
    assert form(bob, [P4_FIRST], "save", why=" ")[0] == 422


def test_a_change_made_on_an_old_version_is_refused_and_stays_one(bob: Browser) -> None:
    assert form(bob, [P4_FIRST], "save")[0] == 303
    status, page = form(bob, [], "save", version="0")
    assert (status, "at version 1, not 0" in page, 'name="version" value="0"' in page) == (409, True, True)


def test_an_older_version_lies_in_the_editor_to_be_brought_back(bob: Browser) -> None:
    form(bob, [P4_FIRST], "save")
    form(bob, [], "save")
    page = html.unescape(bob.get("/rules?store=uk&version=1").text)
    assert "Version 1 lies in the editor; to save it makes version 3" in page
    assert '"product": "p4"' in page


def test_who_may_not_change_rules_tries_them_and_is_told_what_it_takes(browser: Callable[..., Browser]) -> None:
    cleo = browser()
    cleo.sign_in("cleo@shop.example")
    page = cleo.get("/rules?store=uk").text
    assert ("To save takes the role" in page, 'value="save"' in page) == (True, False)
    assert form(cleo, [P4_FIRST], "try")[0] == 200
    status, page = form(cleo, [P4_FIRST], "save")
    assert (status, "Cleo may not edit rules" in page) == (403, True)


def test_a_merchandiser_of_one_store_does_not_change_another(bob: Browser) -> None:
    assert form(bob, [P4_FIRST], "save", store="de")[0] == 403


def test_where_nobody_can_sign_in_yet_the_page_shows_rules_and_how_else_they_are_changed(shop: Any) -> None:  # noqa: ANN401
    page = Browser(shop, client=("127.0.0.1", 1), base="http://127.0.0.1:8000").get("/rules?store=uk").text
    assert "makes the first" in page
    assert "<textarea" not in page


def test_rules_are_said_in_words() -> None:
    rules = read_rules([
        {"do": "quota", "name": "a", "per": "brand", "at_most": 2,
         "where": {"categories": ["x", "y"], "margin_max": 0.1}},
        {"do": "boost", "name": "b", "by": 1.5, "where": {"age_days_max": 30}, "when": {"surfaces": ["home"]}},
        {"do": "bought", "name": "c", "days": 30, "where": {"same_as_page": ["brand"]}, "from": "2030-01-01T00:00:00Z"},
        {"do": "exclude", "name": "d", "where": {"products": ["1", "2", "3", "4", "5"]}, "on": False},
    ])  # fmt: skip
    views = rule_views(rules, Store(store="uk"), datetime(2026, 6, 1, tzinfo=UTC))
    assert [(view.does, view.about) for view in views] == [
        ("shows at most 2 per brand of", "category x or y, margin up to 10.0%"),
        ("multiplies the score by 1.5 of", "age in days up to 30"),
        ("keeps for 30 days from who bought it", "same brand as the page"),
        ("never shows", "products 1 or 2 or 3 or 4 and 1 more"),
    ]
    assert [view.state for view in views] == ["holds", "holds", "later", "off"]
    assert views[1].pages == "home"
