"""Questions about prices over HTTP and on their pages: who may ask, what is shown, and what is wrong said in words."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from shopkeeper.errors import InputError, NotEnoughData
from shopkeeper.pricing.diagnosis import Bin, Diagnosis, SlopesOf
from shopkeeper.pricing.explanation import Evidence, Explained, Explanation, Frontier, Point, Reached, Week
from shopkeeper.pricing.proposal import Feed, Outcome, Proposal, Span
from shopkeeper.registry.ports import ModelVersion
from shopkeeper.web.control_room_price_model import model_answer
from shopkeeper.web.control_room_price_questions import margins_of
from shopkeeper.web.control_room_price_why import why_view

if TYPE_CHECKING:
    from tests.web.conftest import Office, Shop
    from tests.web.test_sign_in import Browser

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def point(price: float, *broken: str) -> Point:
    units = 20 * (10 / price) ** 2
    spread = (0.8 * units, units, 1.25 * units)
    money = tuple(price / 1.2 * one for one in spread)
    low, middle, high = (one * 0.4 for one in money)
    return Point(price, spread, (money[0], money[1], money[2]), (low, middle, high), 0.4, middle, broken)


PROPOSAL = Proposal(
    store="uk", price_list="", product="p<1>", category="Home > Lamps", currency="GBP", current=10.0, proposed=10.5,
    tax=0.2, cost=4.0, why="objective", binding=("daily_move (key-value items)",), support="own",
    elasticity=Span(-2.5, -2.0, -1.5),
    at_proposed=Outcome(units=Span(14, 18, 23), revenue=Span(125, 158, 200), margin=Span(50, 63, 80)),
)  # fmt: skip
EXPLAINED = Explained(
    model="m1", proposal=PROPOSAL,
    why=Explanation(
        curve=(point(9.5), point(10.0), point(10.5), point(12.0, "daily_move")), current=10.0, chosen=10.5,
        binding=("daily_move",), better=12.0, elasticity=(-2.5, -2.0, -1.5), target_price=0.0, portfolio_price=0.0,
        stuck=False,
    ),
    evidence=Evidence(
        support="own", own=-2.2, own_error=0.4, category=-1.9, category_sd=0.3, settled=0.7, reaction=0.1, cross=0.2,
        rival=0.3, weeks=40, prices_seen=6, price_source="shown",
    ),
    rivals=(9.9, 10.9),
    history=tuple(
        Week(monday=date(2026, 11, 2 + 7 * n), units=20.0 - n, price=8.0 + n / 10, exposure=1.0, promo=0.0, rival=None)
        for n in range(3)
    ),
    feeds=(Feed(store="uk", feed="sales", newest=NOON, hours=3.0, rows=9),),
)  # fmt: skip
TODAY = Reached(target=None, revenue=1_000.0, profit=400.0, margin=0.4)
FRONTIER = Frontier(
    store="uk", currency="GBP", model="m1", at=NOON, today=TODAY,
    points=(
        replace(TODAY, target=0.39, revenue=1_020.0, profit=400.0, margin=0.392, moved=3, chance=0.95,
                lift=Span(0.005, 0.02, 0.03)),
        replace(TODAY, target=0.6, margin=0.45, revenue=900.0, moved=5, chance=0.2, reachable=False,
                lift=Span(-0.2, -0.1, -0.05)),
    ),
)  # fmt: skip
WHOLE = SlopesOf(
    name="", pairs=200, own=0.2, category=0.5, none=0.3, mean=-2.1, low=-3.5, high=-0.9, width=1.1, wrong=0.12, told=80,
    moved=-0.2,
)  # fmt: skip
DIAGNOSIS = Diagnosis(
    version="20261126-120000-abcdef", model="elasticity", trained_at=NOON,
    figures={
        "forecast_accuracy": {"value": 0.56, "low": 0.5, "high": 0.6}, "cases": 66,
        "baseline": {"forecast_accuracy": {"value": 0.16}},
        "difference": {"forecast_accuracy": {"value": 0.4, "low": 0.29, "high": 0.52}},
    },
    bins=(Bin(None, -2.0, 20, 60), Bin(-2.0, 0.0, 50, 80), Bin(0.0, None, 10, 0)), whole=WHOLE,
    categories=(replace(WHOLE, name="Lamps <b>", pairs=150, reaction=0.1),
                replace(WHOLE, name="Odd", pairs=50, none=1.0, own=0.0, category=0.0, mean=None, low=None, high=None)),
)  # fmt: skip


def answers(shop: Shop, name: str, found: object) -> list[Any]:
    """Let the process aside answer with what is given; return what it is asked."""
    asked: list[Any] = []

    async def answered(question: object) -> object:
        asked.append(question)
        if isinstance(found, Exception):
            raise found
        return found

    setattr(shop.serving.aside, name, answered)
    return asked


def test_a_price_is_explained_over_http_to_whoever_may_look(shop: Shop) -> None:
    asked = answers(shop, "explain", EXPLAINED)
    found = shop.call("GET", "/v1/prices/a/b/explain?store=uk").json()
    assert (found["proposal"]["proposed"], len(found["why"]["curve"]), found["evidence"]["weeks"]) == (10.5, 4, 40)
    assert [(one.product, one.store, one.price_list) for one in asked] == [("a/b", "uk", None)]
    assert shop.call("GET", "/v1/prices/p1/explain?store=uk", key=shop.key("de", "manage")).status_code == 403
    assert shop.call("GET", "/v1/prices/p1/explain?store=uk", key=shop.key("uk", "decide")).status_code == 403
    assert shop.call("GET", "/v1/prices/p1/explain?store=mars").status_code == 422
    asked = answers(shop, "frontier", FRONTIER)
    found = shop.call("GET", "/v1/price-frontier?store=uk&margin=0.39&margin=0.6").json()
    assert [one["target"] for one in found["points"]] == [0.39, 0.6]
    assert asked[0].margins == (0.39, 0.6)


def test_without_a_model_it_is_said_how_to_get_one_and_nothing_is_begun(open_shop: Callable[..., Shop]) -> None:
    bare = open_shop()
    bare.call("PUT", "/v1/stores", [{"store": "uk"}])
    answer = bare.call("GET", "/v1/prices/p1/explain?store=uk")
    assert (answer.status_code, "shopkeeper train pricing" in answer.text) == (422, True)


@pytest.fixture
def dora(pricing_office: Office) -> Browser:
    visitor: Browser = pricing_office.browser("dora")
    return visitor


@pytest.fixture
def shop(pricing_office: Office) -> Shop:
    return pricing_office.shop


def test_a_products_page_stands_at_once_and_what_is_worked_out_comes_as_a_part(dora: Browser, shop: Shop) -> None:
    page = html.unescape(dora.get("/prices/product?store=uk&product=p1").text)
    part = re.findall(r'data-part="/control-room([^"]*)"', page)
    assert part == ["/prices/product/why?store=uk&product=p1&price_list="]
    assert "no run decided its price" in page
    answers(shop, "explain", EXPLAINED)
    found = dora.get(part[0])
    assert (found.status_code, found.text.count("<svg"), "<html" in found.text) == (200, 4, False)
    said = html.unescape(found.text)
    assert "£10.00 now; £10.50 would be proposed. It brings more." in said
    assert "18.0 (14.0 to 23.0) units" in said
    assert "largest move a day (key-value items)" in said
    answers(shop, "explain", InputError("'p1' has no price in uk.", "Name another."))
    found = dora.get(part[0])
    assert (found.status_code, "has no price in uk. Name another." in html.unescape(found.text)) == (422, True)
    assert dora.get("/prices/product/why?store=de&product=p1").status_code == 403
    assert "There is no store mars." in dora.get("/prices/product?store=mars&product=p1").text


def test_targets_are_asked_in_percent_and_shown_beside_today(dora: Browser, shop: Shop) -> None:
    page = dora.get("/prices/what-if?store=uk&margin=39 60")
    assert (page.status_code, "frontier?store=uk&amp;margin=39+60" in page.text) == (200, True)
    asked = answers(shop, "frontier", FRONTIER)
    said = html.unescape(dora.get("/prices/what-if/frontier?store=uk&margin=39 60").text)
    assert asked[0].margins == (0.39, 0.6)
    assert "39.0% brings most: +2.0% (+0.5% to +3.0%) of the objective, 3 prices moved" in said
    assert "cannot be met" in said
    assert dora.get("/prices/what-if?store=uk&margin=high").status_code == 422
    answers(shop, "frontier", NotEnoughData("No price of uk can be chosen.", "Import sales."))
    assert "No price of uk can be chosen." in dora.get("/prices/what-if/frontier?store=uk").text


def test_what_the_model_believes_is_shown_category_by_category(dora: Browser, pricing_office: Office) -> None:
    cleo, shop = pricing_office.browser("cleo"), pricing_office.shop
    assert "No model of prices was trained yet" in cleo.get("/prices/model").text
    assert dora.get("/prices/model").status_code == 403  # a version is learnt from all stores
    registry = shop.serving.state.registry
    registry.register(ModelVersion("pricing", DIAGNOSIS.version, "elasticity", "x", NOON, True, {}, ""))
    registry.point("pricing", "champion", DIAGNOSIS.version, "test", "first")
    page = cleo.get("/prices/model").text
    assert f"/prices/model/slopes?version={DIAGNOSIS.version}" in page
    answers(shop, "diagnosis", DIAGNOSIS)
    text = cleo.get(f"/prices/model/slopes?version={DIAGNOSIS.version}").text
    assert ("<b>" in text, text.count("<svg")) == (False, 2)
    said = html.unescape(text)
    assert "an opinion on 70% of 200 products in a store; the prices of the other 30% stay." in said
    assert "accuracy of its level is +0.400 (+0.290 to +0.520) above a seasonal naive forecast's" in said
    assert "12.0%" in said


def test_margins_are_read_as_people_write_them() -> None:
    assert margins_of("30, 32.5;35%") == (0.3, 0.325, 0.35)
    assert margins_of("32,5") == (0.325,)
    assert margins_of(" ") == ()
    for wrong in ("1 2 3 4 5 6 7 8 9 10 11 12 13", "120", "nan"):
        with pytest.raises(InputError):
            margins_of(wrong)


def test_a_price_of_which_nothing_is_known_has_no_curve_and_says_so() -> None:
    view = why_view(replace(
        EXPLAINED, why=None, evidence=None, history=(),
        proposal=replace(PROPOSAL, why="hold", hold=("no_opinion",), proposed=10.0, support="none", at_proposed=None),
    ))  # fmt: skip
    assert (view.curves, view.elasticity, view.history) == ((), "", None)
    assert view.answer == "£10.00 now, and it would stay. It is held."
    assert [one.word for one in view.hold] == ["nobody knows its demand"]
    assert model_answer(replace(DIAGNOSIS, whole=None)).endswith("every price stays.")
