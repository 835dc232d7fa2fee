"""An answer from top to bottom: what is in it, in which order, why, and what never is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shopkeeper.commerce.consent import NO_CONSENT, Consent
from shopkeeper.commerce.event import EventType
from shopkeeper.recommendations.answer import Reason
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.request import Filters

from .conftest import HISTORY, NOW, PRODUCTS, Past, Shop, product

Live = list[tuple[str, EventType]]


def test_what_others_looked_at_next_comes_first(shop: Shop) -> None:
    assert shop.ask(live=[("mug", "view")])[:2] == ["cup", "plate"]


def test_a_new_event_changes_the_answer(shop: Shop) -> None:
    assert shop.ask(live=[("mug", "view")])[0] == "cup"
    assert shop.ask(live=[("mug", "view"), ("fork", "view")])[0] == "knife"


def test_a_stranger_gets_what_goes_with_the_product_their_visit_began_with(shop: Shop) -> None:
    said: dict[str, Any] = {"context": {"landing": "fork"}}
    assert set(shop.ask(k=2, **said)) == {"knife", "spoon"}
    assert set(shop.ask(k=2, consent=NO_CONSENT, **said)) == {"knife", "spoon"}
    assert set(shop.ask(k=2, live=[("mug", "view")], **said)) == {"cup", "plate"}  # known by more than where they began
    reason = shop.system.answer(shop.request(**said)).items[0].reasons[0]
    assert (reason.code, reason.products) == ("because_viewed", ("fork",))


@pytest.mark.parametrize("landing", ["nothing the shop has", 7, "", None])
def test_a_landing_that_means_nothing_changes_nothing(shop: Shop, landing: object) -> None:
    assert shop.ask(context={"landing": landing}) == shop.ask()


def test_a_sensitive_landing_says_nothing(shop: Shop) -> None:
    plain = shop.ask()
    shop.put(product("fork", sensitive=True))
    assert shop.ask(context={"landing": "fork"}) == plain


def test_a_known_user_needs_no_live_event(shop: Shop) -> None:
    answer = shop.system.answer(shop.request(user="ann"))
    assert answer.items[0].product == "cup"
    assert answer.items[0].reasons == (Reason("because_viewed", "Because you viewed Mug", ("mug",)),)


def test_what_was_bought_is_named_as_bought_and_not_shown_again(shop: Shop) -> None:
    answer = shop.system.answer(shop.request(user="ben"))
    assert answer.items[0].product == "plate"
    assert answer.items[0].reasons[0].code == "because_bought"
    assert {"mug", "cup"}.isdisjoint(item.product for item in answer.items)


@pytest.mark.parametrize(("buyers", "named"), [(5, True), (4, False)])
def test_a_purchase_is_named_only_where_five_shoppers_bought_both(
    make_shop: Callable[..., Shop], buyers: int, named: bool
) -> None:
    """Others buy lamps alone, so that mug and plate in one basket are more than chance."""
    baskets: Past = [(f"b{n}", one, "purchase") for n in range(buyers) for one in ("mug", "plate")]
    others: Past = [(f"c{n}", "lamp", "purchase") for n in range(9)]
    shop = make_shop().learn([*baskets, *others, ("ben", "mug", "purchase")])
    first = shop.system.answer(shop.request(user="ben", k=3)).items[0]
    assert (first.product, first.reasons[0].code) == ("plate", "because_bought")
    named_as = Reason("because_bought", "Because you bought Mug", ("mug",))
    assert first.reasons[0] == (named_as if named else Reason("because_bought", "Because of what you bought"))
    beside = shop.system.answer(shop.request(surface="product", products=("mug",), k=3)).items[0]
    named_as = Reason("goes_with", "Goes with Mug", ("mug",))
    assert beside.product == "plate"
    assert beside.reasons[0] == (named_as if named else Reason("goes_with", "Goes with your choice"))


def test_a_purchase_just_made_bars_its_product(shop: Shop) -> None:
    assert "cup" not in shop.ask(live=[("mug", "view"), ("cup", "purchase")], k=9)


def test_what_was_bought_long_ago_may_come_back(shop: Shop) -> None:
    later = NOW + timedelta(days=400)
    assert "cup" in shop.ask(user="ben", k=10, now=later)


def test_a_shop_of_things_that_run_out_may_offer_them_again(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(RecommendParams(repurchase=True)).learn()
    assert "cup" in shop.ask(user="ben", k=10)


def test_products_of_the_page_lead_and_are_not_shown(shop: Shop) -> None:
    answer = shop.system.answer(shop.request(live=[("mug", "view")], surface="product", products=("fork",), k=4))
    names = [item.product for item in answer.items]
    assert names[0] == "knife"
    assert "fork" not in names
    assert answer.items[0].reasons == (Reason("goes_with", "Goes with your choice"),)  # nobody bought both


def test_without_consent_to_personalise_the_past_is_not_read(shop: Shop) -> None:
    for consent in (Consent(measure=True, personalise=False), NO_CONSENT, Consent()):
        personal = shop.system.answer(shop.request(live=[("fork", "view")], user="ben", consent=consent, k=5))
        nobody = shop.system.answer(shop.request(k=5))
        assert personal == nobody


def test_without_consent_the_page_still_counts(shop: Shop) -> None:
    assert shop.ask(live=[("mug", "view")], products=("fork",), consent=NO_CONSENT)[0] == "knife"


@pytest.mark.parametrize(
    "change",
    [{"status": "withdrawn"}, {"stock": 0.0}, {"kind": "service"}, {"kind": "gift_card"}, {"status": "draft"},
     {"available_from": NOW + timedelta(hours=1)}, {"available_until": NOW}],
)  # fmt: skip
def test_what_cannot_be_bought_is_never_shown(shop: Shop, change: dict[str, Any]) -> None:
    assert "cup" in shop.ask(live=[("mug", "view")], k=10)
    shop.put(product("cup", **change))
    assert "cup" not in shop.ask(live=[("mug", "view")], k=10)
    assert "cup" not in [item.product for item in shop.system.fallback(shop.request(k=10)).items]


def test_excluded_products_are_left_out(shop: Shop) -> None:
    assert "cup" not in shop.ask(live=[("mug", "view")], exclude=("cup",), k=10)


def test_only_candidates_are_ranked(shop: Shop) -> None:
    assert shop.ask(live=[("mug", "view")], candidates=("toy", "plate", "gone"), k=5) == ["plate", "toy"]


def test_filters_hold_for_every_product(shop: Shop) -> None:
    shop.put(product("lamp", price=99.0, brand="Lumen"))
    assert shop.ask(filters=Filters(categories=("Home>Light",)), k=5) == ["lamp"]
    assert shop.ask(filters=Filters(brands=("Lumen",)), k=5) == ["lamp"]
    assert shop.ask(filters=Filters(price_min=50.0), k=5) == ["lamp"]
    assert "lamp" not in shop.ask(filters=Filters(price_max=50.0), k=10)
    assert shop.ask(filters=Filters(categories=("Hom",)), k=5) == []


def test_sensitive_products_never_come_from_the_past(shop: Shop) -> None:
    shop.put(product("cup", sensitive=True))
    assert shop.ask(live=[("mug", "view")], k=2)[0] == "plate"
    assert shop.ask(products=("mug",), k=2, surface="product")[0] == "cup"


KITCHEN: dict[str, Any] = {"filters": Filters(categories=("Home",))}


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"surface": "home"}, False), ({"surface": "email", **KITCHEN}, False), ({"surface": "trending"}, False),
        ({"surface": "account"}, False), ({"surface": "category"}, False), ({"surface": "category", **KITCHEN}, True),
        ({"surface": "category", "context": {"category": "Home"}}, True),
        ({"surface": "trending", "page": "home", **KITCHEN}, False),
        ({"surface": "product", "products": ("toy",)}, False), ({"surface": "product", "products": ("new",)}, False),
        ({"surface": "cart", "products": ("toy", "mug")}, True), ({"surface": "similar", "products": ("mug",)}, True),
        ({"surface": "search", "candidates": ("toy", "cup")}, True),
    ],
)  # fmt: skip
def test_a_sensitive_product_is_shown_where_the_page_is_about_it_whatever_sells(
    shop: Shop, asked: dict[str, Any], shown: bool
) -> None:
    shop.put(product("cup", sensitive=True), product("new", categories=("Play",)))
    for _ in range(9):
        shop.trending.record("uk", "cup", ("Home > Kitchen",), "purchase", NOW)
    request = shop.request(k=20, **asked)
    for answer in (shop.system.answer(request), shop.system.fallback(request)):
        assert ("cup" in [item.product for item in answer.items]) == shown
        assert shop.system.still_holds(request, answer)


def test_what_trends_in_a_store_is_not_sensitive_but_what_trends_in_a_category_may_be(shop: Shop) -> None:
    shop.put(product("toy", sensitive=True))
    shop.trending.record("uk", "toy", ("Play",), "purchase", NOW)
    assert "toy" not in [item.product for item in shop.system.trending("uk", None, 20, NOW).items]
    assert [item.product for item in shop.system.trending("uk", "Play", 20, NOW).items] == ["toy"]


def test_a_sensitive_product_gains_nothing_from_the_past(shop: Shop) -> None:
    shop.put(product("cup", sensitive=True))
    page: dict[str, Any] = {"products": ("mug",), "surface": "product", "k": 5}
    with_past = shop.system.answer(shop.request(live=[("plate", "view")], **page)).items
    without = shop.system.answer(shop.request(**page)).items
    score = {item.product: item.score for item in with_past}["cup"]
    assert score == pytest.approx({item.product: item.score for item in without}["cup"])


def test_a_sensitive_past_tells_nothing(shop: Shop) -> None:
    shop.put(product("mug", sensitive=True))
    assert shop.system.answer(shop.request(user="ann")) == shop.system.answer(shop.request())


def test_an_answer_is_filled_up_and_each_product_says_why(shop: Shop) -> None:
    shop.trending.record("uk", "toy", ("Play",), "view", NOW)
    answer = shop.system.answer(shop.request(live=[("mug", "view")], k=9))
    names = [item.product for item in answer.items]
    assert len(names) == len(set(names)) == 9
    assert all(item.reasons for item in answer.items)
    assert [item.score for item in answer.items] == sorted((item.score for item in answer.items), reverse=True)
    reasons = {item.product: item.reasons[0] for item in answer.items}
    assert reasons["toy"] == Reason("trending", "Trending now")
    assert reasons["fork"] == Reason("popular_in_category", "Popular in Kitchen")


def test_fewer_come_only_when_there_are_no_more(shop: Shop) -> None:
    assert sorted(shop.ask(k=50)) == sorted(PRODUCTS)


def test_the_same_answer_twice(shop: Shop) -> None:
    request = shop.request(live=[("mug", "view")], k=9)
    assert shop.system.answer(request) == shop.system.answer(request)


def test_live_events_the_bundle_has_already_count_once(shop: Shop) -> None:
    known = shop.request(user="ann", k=5)
    again = shop.request(user="ann", k=5, live=[("mug", "view")], now=NOW - timedelta(days=10) + timedelta(minutes=141))
    before = [(item.product, item.score) for item in shop.system.answer(known).items]
    after = [(item.product, item.score) for item in shop.system.answer(again).items]
    assert len(HISTORY) == 153  # ann's view is the 151st, 150 minutes in
    assert before == after


def test_titles_come_in_the_store_s_language(shop: Shop) -> None:
    shop.put(product("mug", title={"de": "Becher", "en": "Mug"}))
    assert shop.system.answer(shop.request(user="ann")).items[0].reasons[0].text == "Because you viewed Mug"


def test_a_reason_lists_up_to_three_products_of_its_kind_the_weightiest_first(shop: Shop) -> None:
    """Plates were seen right after cups, and those after mugs."""
    answer = shop.system.answer(shop.request(live=[("mug", "view"), ("cup", "view")], k=9))
    [reason] = [item.reasons[0] for item in answer.items if item.product == "plate"]
    assert reason == Reason("because_viewed", "Because you viewed Cup", ("cup", "mug"))
    before = ("mug", "cup", "bowl", "fork")
    shop.learn([(f"u{n}", one, "view") for n in range(30) for one in (*before, "plate")])
    answer = shop.system.answer(shop.request(live=[(one, "view") for one in before], k=9))
    [reason] = [item.reasons[0] for item in answer.items if item.product == "plate"]
    assert reason.products == ("fork", "bowl", "cup")


def test_what_carries_less_than_a_tenth_or_may_not_be_named_is_not_in_a_reason(make_shop: Callable[..., Shop]) -> None:
    """Many saw cup with plate, one in thirty mug with plate; a purchase of few buyers stays unnamed beside it."""
    seen: Past = [(f"u{n}", one, "view") for n in range(300) for one in ("cup", "plate")]
    alone: Past = [(f"v{n}", "mug", "view") for n in range(300)]
    shop = make_shop().learn([*seen, *alone, ("w", "mug", "view"), ("w", "plate", "view")])
    for kind in ("view", "purchase"):
        live: Live = [("mug", kind), ("cup", "view")]
        answer = shop.system.answer(shop.request(live=live, k=9))
        [reason] = [item.reasons[0] for item in answer.items if item.product == "plate"]
        assert (reason.code, reason.products) == ("because_viewed", ("cup",))
