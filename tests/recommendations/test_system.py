"""Recommendations as the rails see them: versions, cache keys, records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from shopkeeper.commerce.consent import NO_CONSENT
from shopkeeper.errors import Unavailable, UnknownModel
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.request import Filters
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.registry.bundle import Bundle

from .conftest import CATEGORY, NOW, PRODUCTS, Shop, product


def test_without_a_model_there_is_no_version_and_only_rules(shop: Shop) -> None:
    system = RecommendationSystem(shop.catalogue, Trending())
    assert system.version is None
    with pytest.raises(Unavailable, match="shopkeeper train"):
        system.answer(shop.request())
    assert len(system.fallback(shop.request()).items) == 3


def test_loading_swaps_the_version_and_back(shop: Shop) -> None:
    first = shop.system.version
    other = shop.bundle([("x", "mug", "view"), ("x", "lamp", "view")])
    shop.system.load(other)
    assert shop.system.version == other.version != first
    assert shop.ask(live=[("mug", "view")])[0] == "lamp"
    shop.system.load(None)
    assert shop.system.version is None


def test_a_bundle_of_an_unknown_model_leaves_the_old_one_serving(shop: Shop) -> None:
    good = shop.bundle([("x", "mug", "view"), ("x", "lamp", "view")])
    strange = Bundle(good.folder, msgspec.structs.replace(good.manifest, model="oracle"), good.arrays)
    before = shop.system.version
    with pytest.raises(UnknownModel, match="oracle"):
        shop.system.load(strange)
    assert shop.system.version == before


def test_similar_products_go_with_the_product(shop: Shop) -> None:
    items = shop.system.similar("uk", "mug", 3, NOW).items
    assert [item.product for item in items][:2] == ["cup", "plate"]
    assert items[0].reasons[0].text == "Goes with your choice"


def test_similar_works_by_rules_where_there_is_no_model(shop: Shop) -> None:
    shop.system.load(None)
    items = shop.system.similar("uk", "mug", 3, NOW).items
    assert {item.reasons[0].code for item in items} == {"also_in_category"}


def test_trending_shows_only_what_can_be_bought(shop: Shop) -> None:
    for name in ("mug", "cup"):
        shop.trending.record("uk", name, ("Home > Kitchen",), "view", NOW)
    shop.put(product("mug", stock=0.0))
    for category in (None, "Home"):
        shown = shop.system.trending("uk", category, 10, NOW).items
        assert "mug" not in [item.product for item in shown]
        assert [item.product for item in shown if item.reasons[0].code == "trending"] == ["cup"]
        assert shown[0].product == "cup"


def test_a_trending_list_is_filled_up_and_says_with_what(shop: Shop) -> None:
    """One live count, a model of three popular families, ten products: ten come, none twice, scores never rise."""
    shop.trending.record("uk", "toy", ("Play",), "view", NOW)
    items = shop.system.trending("uk", None, 10, NOW).items
    assert sorted(item.product for item in items) == sorted(PRODUCTS)
    codes = [item.reasons[0].code for item in items]
    assert codes[0] == "trending"
    assert set(codes[1:]) == {"popular", "range"}
    assert codes == sorted(codes, key=("trending", "popular", "range").index), "live, then popular, then the catalogue"
    scores = [item.score for item in items]
    assert scores == sorted(scores, reverse=True)


def test_a_trending_list_of_a_category_stays_in_it(shop: Shop) -> None:
    kitchen = {name for name, category in CATEGORY.items() if category == "Home > Kitchen"}
    items = shop.system.trending("uk", "Home>Kitchen", 100, NOW).items
    assert {item.product for item in items} == kitchen
    assert {item.reasons[0].code for item in items} == {"popular_in_category", "also_in_category"}
    assert shop.system.trending("uk", "Nowhere", 5, NOW).items == ()


def test_without_model_and_counts_a_trending_list_comes_from_the_catalogue(make_shop: Callable[..., Shop]) -> None:
    items = make_shop().system.trending("uk", None, 4, NOW).items
    assert [item.reasons[0].code for item in items] == ["range"] * 4


def test_the_cache_key_changes_with_whatever_changes_the_answer(shop: Shop) -> None:
    base = shop.request(user="ann")
    others = [
        shop.request(user="ben"),
        shop.request(user="ann", visitor="v"),
        shop.request(user="ann", live=[("mug", "view")]),
        shop.request(user="ann", k=4),
        shop.request(user="ann", surface="cart"),
        shop.request(user="ann", products=("mug",)),
        shop.request(user="ann", candidates=()),
        shop.request(user="ann", exclude=("mug",)),
        shop.request(user="ann", context={"page": 2}),
        shop.request(user="ann", consent=NO_CONSENT),
        shop.request(user="ann", store="de"),
    ]
    keys = {shop.system.cache_key(request) for request in (base, *others)}
    assert len(keys) == 1 + len(others)
    assert shop.system.cache_key(base) == shop.system.cache_key(shop.request(user="ann", now=NOW + timedelta(hours=1)))
    before = shop.system.cache_key(base)
    shop.system.load(shop.bundle([("x", "mug", "view"), ("x", "lamp", "view")]))
    assert shop.system.cache_key(base) != before


def test_impersonal_answers_are_shared(shop: Shop) -> None:
    one, other = (shop.request(user=user, consent=NO_CONSENT) for user in ("ann", "ben"))
    assert shop.system.cache_key(one) == shop.system.cache_key(other)


def test_long_lists_are_not_cached(shop: Shop) -> None:
    ids = tuple(f"p{n}" for n in range(51))
    for request in (shop.request(products=ids), shop.request(candidates=ids), shop.request(exclude=ids)):
        assert shop.system.cache_key(request) is None
    assert shop.system.cache_key(shop.request(context={"note": "x" * 2000})) is None


def test_a_cached_answer_holds_until_a_product_is_gone(shop: Shop) -> None:
    request = shop.request(live=[("mug", "view")])
    answer = shop.system.answer(request)
    assert shop.system.still_holds(request, answer)
    shop.put(product("cup", stock=0.0))
    assert not shop.system.still_holds(request, answer)


def test_a_cached_answer_holds_until_the_last_day_of_a_product_on_the_same_shelf(shop: Shop) -> None:
    request = shop.request(live=[("mug", "view")])
    shop.put(product("cup", available_until=request.now + timedelta(days=1)))
    answer = shop.system.answer(request)
    assert "cup" in [item.product for item in answer.items]
    assert [shop.system.still_holds(replace(request, now=request.now + timedelta(days=days)), answer)
            for days in (0, 0.5, 1)] == [True, True, False]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "changed"),
    [
        ({"filters": Filters(price_max=12.0)}, {"price": 13.0}),
        ({"filters": Filters(price_min=9.0)}, {"price": 8.0}),
        ({"filters": Filters(price_max=12.0)}, {"price": None}),
        ({"filters": Filters(categories=("Home",))}, {"categories": ("Play",)}),
        ({"filters": Filters(brands=("Potter",))}, {"brand": "Smith"}),
    ],
)
def test_a_cached_answer_holds_until_a_product_leaves_the_filters(
    shop: Shop, asked: dict[str, Any], changed: dict[str, Any]
) -> None:
    shop.put(*(product(name, brand="Potter") for name in PRODUCTS))
    request = shop.request(live=[("mug", "view")], **asked)
    answer = shop.system.answer(request)
    assert "cup" in [item.product for item in answer.items]
    assert shop.system.still_holds(request, answer)
    shop.put(product("cup", **{"brand": "Potter", **changed}))
    assert not shop.system.still_holds(request, answer)


def test_an_answer_to_another_question_does_not_hold(shop: Shop) -> None:
    answer = shop.system.answer(shop.request(live=[("mug", "view")]))
    first = answer.items[0].product
    assert not shop.system.still_holds(shop.request(exclude=(first,)), answer)
    assert not shop.system.still_holds(shop.request(products=(first,)), answer)
    assert not shop.system.still_holds(shop.request(candidates=("pan",)), answer)
    assert shop.system.still_holds(shop.request(candidates=tuple(PRODUCTS)), answer)


def test_the_record_keeps_products_scores_and_reason_codes(shop: Shop) -> None:
    answer = shop.system.answer(shop.request(user="ann"))
    count, record = shop.system.record(answer)
    kept = msgspec.json.decode(msgspec.json.encode(record))
    assert count == 3
    assert kept.keys() == {"items", "policy", "propensity"}
    assert kept["items"][0] == {
        "product": "cup", "score": answer.items[0].score, "reasons": ["because_viewed"],
    }  # fmt: skip


def test_every_product_can_be_reached(shop: Shop) -> None:
    assert sorted(shop.ask(k=100)) == sorted(PRODUCTS)
