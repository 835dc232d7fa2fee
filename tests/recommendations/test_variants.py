"""A variant that is sold out leaves its place to a sibling; no list holds two of one parent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from shopkeeper.commerce.consent import NO_CONSENT
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.commerce.store import Store
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.request import Filters, RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.rules.merchandising import RuleSet, read_rules
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.serving.catalogue import Catalogue

from .batch.test_nightly import Night, nightly, shown
from .conftest import NOW, Shop, product


def with_family(shop: Shop, **sibling: Any) -> Shop:  # noqa: ANN401 - fields of a product, whatever they are
    """Put a sold-out cup on the shelf with one sibling, `cup-red`, which no model knows."""
    shop.put(product("cup", parent="cups", stock=0.0), product("cup-red", **{"parent": "cups", **sibling}))
    return shop


def test_a_sibling_has_the_place_the_score_and_the_reason_of_what_is_sold_out(shop: Shop) -> None:
    request = shop.request(live=[("mug", "view")], k=2)
    before = shop.system.answer(request).items
    after = with_family(shop).system.answer(request).items
    assert {item.product for item in before} == {"cup", "plate"}
    expected = [("cup-red" if one.product == "cup" else one.product, one.score, one.reasons) for one in before]
    assert [(one.product, one.score, one.reasons) for one in after] == expected


def test_of_several_siblings_the_most_like_it_stands_in(shop: Shop) -> None:
    with_family(shop, price=14.0)
    shop.put(product("cup-tall", parent="cups", price=11.0), product("cup-xl", parent="cups", price=30.0))
    assert "cup-tall" in shop.ask(live=[("mug", "view")], k=2)
    shop.put(product("cup", parent="cups", stock=0.0, attributes={"colour": "red"}))
    shop.put(product("cup-red", parent="cups", price=14.0, attributes={"colour": "Red"}))
    # 0.25 * 10/14 + 0.15 beats 0.25 * 10/11
    assert "cup-red" in shop.ask(live=[("mug", "view")], k=2)


def test_many_sold_out_variants_leave_one_place(shop: Shop) -> None:
    for name in ("cup", "plate", "bowl"):
        shop.put(product(name, parent="set", stock=0.0))
    shop.put(product("new", parent="set"))
    answer = shop.ask(live=[("mug", "view")], k=10)
    assert answer[0] == "new"
    assert not {"cup", "plate", "bowl"} & set(answer)
    assert len(answer) == len(set(answer)) == 10 + 1 - 3


@pytest.mark.parametrize(
    "sibling",
    [{"stock": 0.0}, {"status": "withdrawn"}, {"price": None}, {"sensitive": True}, {"brand": "barred"}],
)
def test_what_may_not_be_shown_stands_in_for_nothing(shop: Shop, sibling: dict[str, Any]) -> None:
    rules = read_rules([{"name": "out", "do": "exclude", "where": {"brands": ["barred"]}}])
    shop.system.shop_rules.replace([RuleSet(store="uk", version=1, rules=rules)])
    with_family(shop, **sibling)
    assert shop.ask(live=[("mug", "view")], k=2)[0] == "plate"
    assert "cup-red" not in shop.ask(live=[("mug", "view")], k=2)


def test_no_sibling_comes_in_where_the_request_keeps_it_out(shop: Shop) -> None:
    with_family(shop, price=40.0)
    live: Any = [("mug", "view")]
    assert "cup-red" in shop.ask(live=live, k=2)
    for asked in (
        {"filters": Filters(price_max=20.0)}, {"exclude": ("cup-red",)}, {"exclude": ("cups",)}, {"products": ("cup",)},
        {"candidates": ("cup", "plate", "fork")},
    ):  # fmt: skip
        assert "cup-red" not in shop.ask(live=live, k=9, **asked), asked
    assert "cup-red" in shop.ask(live=live, k=2, candidates=("cup", "cup-red"))


def test_what_the_shopper_refused_is_not_shown_in_the_shape_of_a_sibling(shop: Shop) -> None:
    with_family(shop)
    answer = shop.ask(live=[("mug", "view"), ("cup", "dismiss")], k=2)
    assert answer[0] == "plate"


def test_lists_of_the_night_replace_what_sold_out_since_and_keep_the_family_of_the_page_out(shop: Shop) -> None:
    night = Night({"ann": [("toy", 0.9), ("cup", 0.5), ("pan", 0.4), ("lamp", 0.3)]})
    system = nightly(with_family(shop), night)
    assert shown(system, shop, user="ann") == ["toy", "cup-red", "pan"]
    assert shown(system, shop, user="ann", products=("cup",)) == ["toy", "pan", "lamp"]


def test_trending_and_the_fallback_show_a_sibling_of_what_is_wanted_most(shop: Shop) -> None:
    for name, count in (("cup", 9.0), ("pan", 5.0)):
        shop.trending.add("uk", name, ("Home > Kitchen",), count, NOW)
    with_family(shop)
    for answer in (shop.system.trending("uk", None, 3, NOW), shop.system.fallback(shop.request(k=3))):
        assert [item.product for item in answer.items][:2] == ["cup-red", "pan"]
        assert answer.items[0].reasons[0].code == "trending"


def test_what_the_shopper_saw_is_shown_as_it_is_or_not_at_all(shop: Shop) -> None:
    with_family(shop)
    assert shop.ask(live=[("cup", "view"), ("pan", "view")], k=5, surface="recently_viewed") == ["pan"]


SHELF = tuple(f"v{n:02d}" for n in range(24))
"""Eight families of three, in the order they are wanted."""


@settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(some.sets(some.sampled_from(SHELF)), some.integers(1, 10))
def test_families_stand_in_the_order_of_what_is_wanted_as_long_as_any_variant_is_there(
    sold_out: set[str], k: int
) -> None:
    catalogue, trending = Catalogue(), Trending()
    rows: list[Store | Product] = [Store(store="uk")]
    for n, name in enumerate(SHELF):
        stock = 0.0 if name in sold_out else 1.0
        rows.append(Product(product=name, store="uk", parent=f"f{n % 8}", price=1.0 + n, stock=stock))
        trending.add("uk", name, (), 100.0 - n, NOW)
    catalogue.apply(SourcedRow(row, NOW) for row in rows)
    system = RecommendationSystem(catalogue, trending)
    request = RecommendationRequest(RecommendationBody(store="uk", k=k), Shopper("uk"), NO_CONSENT, NOW)
    there = [f for f in range(8) if not {SHELF[f], SHELF[f + 8], SHELF[f + 16]} <= sold_out]
    for answer in (system.trending("uk", None, k, NOW), system.fallback(request)):
        names = [item.product for item in answer.items]
        assert [SHELF.index(name) % 8 for name in names] == there[:k]
        assert not sold_out & set(names)
