"""Rules of the shop: hard ones are never broken, pins and quotas hold, lists are full whenever the shelf allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from tests.recommendations.conftest import HISTORY, NOW, PRODUCTS, Shop, product

from shopkeeper.commerce.consent import NO_CONSENT
from shopkeeper.commerce.event import EventType
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.commerce.store import Store
from shopkeeper.errors import RequestRejected
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.dry_run import dry_run
from shopkeeper.recommendations.found import Found
from shopkeeper.recommendations.past import Past
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.recommend import rules_for
from shopkeeper.recommendations.request import Filters, RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.rules.conditions import Condition, margin_share
from shopkeeper.recommendations.rules.merchandising import (
    Boost,
    Exclude,
    Filter,
    Pin,
    Quota,
    Rule,
    RuleSet,
    Where,
    read_rules,
)
from shopkeeper.recommendations.rules.places import within_quotas
from shopkeeper.recommendations.rules.rule_book import Plan
from shopkeeper.recommendations.rules.shop_rules import page_of
from shopkeeper.recommendations.rules.weighing import weighed
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.serving.catalogue import Card, Catalogue

BRANDS, CATEGORIES = ("acme", "bolt", "cato"), ("home > light", "home > kitchen", "play")
SHELF = [f"p{n:02}" for n in range(24)]


def rule(document: dict[str, Any]) -> Rule:
    return read_rules([document])[0]


def ruled(shop: Shop, *documents: dict[str, Any]) -> None:
    rules = read_rules([{"name": f"rule {n}", **one} for n, one in enumerate(documents)])
    shop.system.shop_rules.replace([RuleSet(store="uk", version=1, rules=rules)])


# --- what serving does with them --------------------------------------------------------------------------------


@pytest.mark.parametrize("learnt", [True, False])
def test_what_is_excluded_is_in_no_list(shop: Shop, learnt: bool) -> None:
    if not learnt:
        shop.system.load(None)
    shop.trending.record("uk", "cup", ("Home > Kitchen",), "view", NOW)
    ruled(shop, {"do": "exclude", "where": {"products": ["cup"]}})
    asked = shop.request(live=[("mug", "view")], k=10)
    lists = [
        shop.system.fallback(asked),
        shop.system.trending("uk", None, 10, NOW),
        shop.system.similar("uk", "mug", 10, NOW),
        *([shop.system.answer(asked)] if learnt else []),
    ]
    for answer in lists:
        assert "cup" not in [item.product for item in answer.items]
        assert len(answer.items) >= len(PRODUCTS) - 2


def test_many_products_are_judged_as_each_of_them_alone(shop: Shop) -> None:
    shop.put(
        product("pill", sensitive=True), product("gone", stock=0), product("green", parent="shade"),
        product("early", available_from=NOW + timedelta(days=1)),
    )  # fmt: skip
    ruled(shop, {"do": "exclude", "where": {"products": ["cup"]}})
    names = [*PRODUCTS, "pill", "gone", "green", "early", "nothing"]
    asked: list[dict[str, Any]] = [
        {}, {"exclude": ("mug",)}, {"exclude": ("shade",)}, {"candidates": ("mug", "pill")}, {"surface": "email"},
        {"filters": Filters(categories=("Home > Light",))},
    ]  # fmt: skip
    for one in asked:
        rules = rules_for(shop.request(**one), Past(), shop.system._serving[1], RecommendParams())
        alone = {name: card for name in names if (card := rules.allowed(name)) is not None}
        assert rules.all_allowed(list(alone)) == list(alone.values())
        for name in set(names) - set(alone):
            assert rules.all_allowed([*alone, name]) is None


def test_only_what_passes_every_filter_is_shown(shop: Shop) -> None:
    ruled(
        shop,
        {"do": "filter", "where": {"categories": ["Home"]}},
        {"do": "filter", "where": {"categories": ["Home > Light"]}, "when": {"surfaces": ["home"]}},
    )
    assert shop.ask(k=10) == ["lamp"]
    assert set(shop.ask(k=10, surface="cart")) == set(PRODUCTS) - {"toy"}


def test_a_pinned_product_stands_at_its_place_also_when_the_model_would_not_show_it(shop: Shop) -> None:
    ruled(shop, {"do": "pin", "product": "toy", "position": 2})
    answer = shop.system.answer(shop.request(live=[("mug", "view")], k=4))
    assert [item.product for item in answer.items][:3:2] == ["cup", "plate"]
    assert (answer.items[1].product, answer.items[1].reasons[0].code) == ("toy", "featured")
    scores = [item.score for item in answer.items]
    assert scores == sorted(scores, reverse=True)


def test_a_pin_of_what_a_hard_rule_keeps_out_or_what_is_sold_out_takes_no_place(shop: Shop) -> None:
    ruled(
        shop,
        {"do": "pin", "product": "toy", "position": 1},
        {"do": "exclude", "where": {"categories": ["Play"]}},
        {"do": "pin", "product": "lamp", "position": 1},
    )
    assert shop.ask(k=10)[0] == "lamp"
    shop.put(product("lamp", stock=0.0))
    assert not {"toy", "lamp"} & set(shop.ask(k=10))


def test_a_boost_multiplies_and_a_bury_divides_the_models_score(shop: Shop) -> None:
    plain = {item.product: item.score for item in shop.system.answer(shop.request(live=[("mug", "view")])).items}
    assert list(plain)[:2] == ["cup", "plate"]
    ruled(shop, {"do": "boost", "where": {"products": ["plate"]}, "by": 3.0})
    items = shop.system.answer(shop.request(live=[("mug", "view")])).items
    assert items[0].product == "plate"
    assert items[0].score == pytest.approx(3.0 * plain["plate"])
    ruled(shop, {"do": "bury", "where": {"products": ["cup"]}, "by": 0})
    assert shop.ask(live=[("mug", "view")], k=10)[-1] == "cup"


def test_a_rule_reads_price_and_stock_as_they_are_now(shop: Shop) -> None:
    ruled(shop, {"do": "exclude", "where": {"price_min": 20}})
    assert "lamp" in shop.ask(k=10)
    shop.put(product("lamp", price=25.0))
    assert "lamp" not in shop.ask(k=10)
    shop.put(product("lamp", price=15.0))
    assert "lamp" in shop.ask(k=10)


def test_an_include_takes_the_last_places(shop: Shop) -> None:
    before = shop.ask(live=[("mug", "view")], k=4)
    ruled(shop, {"do": "include", "where": {"products": ["lamp", "toy"]}, "at_least": 2})
    shown = shop.ask(live=[("mug", "view")], k=4)
    assert (shown[:2], set(shown[2:])) == (before[:2], {"lamp", "toy"})


def test_a_bought_product_comes_back_after_the_days_of_its_rule(shop: Shop) -> None:
    bought: dict[str, Any] = {"live": [("mug", "purchase"), ("cup", "purchase")], "k": 10, "user": "eve"}
    assert not {"mug", "cup"} & set(shop.ask(**bought))
    ruled(shop, {"do": "bought", "where": {"products": ["mug"]}, "days": 0})
    assert set(shop.ask(**bought)) & {"mug", "cup"} == {"mug"}
    ruled(shop, {"do": "bought", "where": {"categories": ["Home"]}, "days": 30})
    assert not {"mug", "cup"} & set(shop.ask(**bought))
    later = shop.request(live=bought["live"], k=10, user="eve")
    later = RecommendationRequest(later.body, later.shopper, later.consent, NOW + timedelta(days=31), later.profile)
    assert {"mug", "cup"} <= {item.product for item in shop.system.answer(later).items}


def test_rules_of_every_store_come_before_the_stores_own_and_both_hold(shop: Shop) -> None:
    everywhere = RuleSet(store="", version=4, rules=read_rules([
        {"do": "pin", "name": "a", "product": "lamp", "position": 1},
        {"do": "exclude", "name": "b", "where": {"products": ["cup"]}},
    ]))  # fmt: skip
    own = RuleSet(
        store="uk", version=2, rules=read_rules([{"do": "pin", "name": "c", "product": "toy", "position": 1}])
    )
    shop.system.shop_rules.replace([everywhere, own])
    shown = shop.ask(k=9)
    assert (shown[0], "cup" in shown) == ("lamp", False)


def test_a_campaign_begins_and_ends_by_the_stores_clock(shop: Shop) -> None:
    shop.put(Store(store="uk", time_zone="America/New_York"), at=NOW + timedelta(seconds=1))
    days = {"from": "2026-06-02T00:00:00", "until": "2026-06-03T00:00:00"}
    ruled(shop, {"do": "pin", "product": "toy", "position": 1, **days})
    midnight = datetime(2026, 6, 2, 4, tzinfo=UTC)  # New York is four hours behind in June
    keys = []
    for moment, first in ((midnight - timedelta(seconds=1), False), (midnight, True), (midnight + timedelta(1), False)):
        request = shop.request(now=moment)
        keys.append(shop.system.cache_key(request))
        assert (shop.system.answer(request).items[0].product == "toy") is first
    assert keys[0] == keys[2] != keys[1]


def test_rules_about_the_page_hold_on_that_page_alone(shop: Shop) -> None:
    ruled(shop, {"do": "filter", "where": {"same_as_page": ["category"]}, "when": {"page_categories": ["Home"]}})
    assert set(shop.ask(products=["mug"], surface="product", k=10)) < {p for p in PRODUCTS if p not in ("lamp", "toy")}
    assert set(shop.ask(filters=Filters(categories=("home > x",)), k=10)) == set()
    assert "lamp" in shop.ask(products=["toy"], surface="product", k=10)
    assert shop.ask(context={"category": "Home > Light"}, k=10) == ["lamp"]


def test_a_new_version_is_another_answer_for_the_cache_and_an_old_one_breaks_no_hard_rule(shop: Shop) -> None:
    request = shop.request(k=3)
    before, answer = shop.system.cache_key(request), shop.system.answer(request)
    assert shop.system.still_holds(request, answer)
    ruled(shop, {"do": "exclude", "where": {"products": [answer.items[1].product]}})
    assert shop.system.cache_key(request) != before
    assert not shop.system.still_holds(request, answer)
    ruled(shop, {"do": "quota", "where": {"categories": ["Home"]}, "at_most": 1})
    assert not shop.system.still_holds(request, answer)


def test_a_pinned_product_that_comes_back_is_another_answer_for_the_cache(shop: Shop) -> None:
    ruled(shop, {"do": "pin", "product": "toy", "position": 1})
    shop.put(product("toy", stock=0.0))
    without = shop.system.cache_key(shop.request())
    shop.put(product("toy", stock=1.0))
    assert shop.system.cache_key(shop.request()) != without


def test_one_variant_of_a_parent_is_in_a_list(shop: Shop) -> None:
    for name in ("cup", "plate", "bowl"):
        shop.put(product(name, parent="set"))
    assert len(set(shop.ask(k=10)) & {"cup", "plate", "bowl"}) == 1


# --- conditions -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "fields", "holds"),
    [
        ({"brands": ["acme"]}, {"brand": "acme"}, True),
        ({"brands": ["acme"]}, {}, False),
        ({"categories": ["a > b"]}, {"categories": ("a>b > c",)}, True),
        ({"categories": ["a > b"]}, {"categories": ("a > bc",)}, False),
        ({"products": ["set"]}, {"parent": "set"}, True),
        ({"price_max": 5}, {"price": None}, False),
        ({"stock_min": 10}, {"stock": None}, True),
        ({"stock_max": 2}, {"stock": 3.0}, False),
        ({"attributes": {"colour": ["Red", "blue"]}}, {"attributes": {"colour": ["green", "BLUE "]}}, True),
        ({"attributes": {"colour": ["red"]}}, {"attributes": {"size": "red"}}, False),
        ({"attributes": {"vegan": ["true"]}}, {"attributes": {"vegan": True}}, True),
        ({"margin_min": 0.25}, {"price": 12.0, "cost": 7.5}, True),  # 12 / 1.2 = 10; (10 - 7.5) / 10 = 0.25
        ({"margin_min": 0.25}, {"price": 12.0, "cost": 7.6}, False),
        ({"margin_min": 0.25}, {"price": 12.0}, False),
        ({"brands": ["acme"], "price_min": 5}, {"brand": "acme", "price": 4.0}, False),
    ],
)
def test_a_condition_means_what_it_says(where: dict[str, Any], fields: dict[str, Any], holds: bool) -> None:
    told = rule({"do": "exclude", "name": "x", "where": where})
    store = Store(store="uk", tax_rates={"standard": 0.2})
    row = Product(**{"product": "p", **fields})
    assert Condition(told.where, store).holds(Card(row, row.price, row.stock)) is holds


def test_margin_is_of_the_price_without_tax() -> None:
    row = Product(product="p", price=12.0, cost=6.0, tax_class="books")
    card = Card(row, 12.0, None)
    assert margin_share(card, Store(store="uk", tax_rates={"standard": 0.2})) == (12 - 6) / 12
    assert margin_share(card, Store(store="uk", tax_rates={"books": 0.2})) == (10 - 6) / 10
    assert margin_share(card, Store(store="us", tax_rates={"books": 0.2}, price_includes_tax=False)) == (12 - 6) / 12


def test_what_is_new_grows_old(shop: Shop) -> None:
    shop.put(product("toy", created_at=NOW - timedelta(days=29)))
    ruled(shop, {"do": "filter", "where": {"age_days_max": 30}})
    assert shop.ask(k=10) == ["toy"]
    old = shop.request(k=10, now=NOW + timedelta(days=2))
    assert shop.system.answer(old).items == ()


# --- properties -------------------------------------------------------------------------------------------------


def rules_over(names: Sequence[str]) -> some.SearchStrategy[list[dict[str, Any]]]:
    """Rules as they are written, of brands and categories there are and of some products."""
    wheres = some.fixed_dictionaries(
        {},
        optional={
            "brands": some.lists(some.sampled_from(BRANDS), min_size=1, max_size=2),
            "categories": some.lists(some.sampled_from((*CATEGORIES, "home")), min_size=1, max_size=2),
            "price_max": some.integers(1, 24),
            "products": some.lists(some.sampled_from(names), min_size=1, max_size=6),
        },
    ).filter(bool)
    return some.lists(
        some.one_of(
            some.builds(lambda where: {"do": "exclude", "where": where}, wheres),
            some.builds(lambda where: {"do": "filter", "where": where}, wheres),
            some.builds(lambda where, by: {"do": "boost", "where": where, "by": by}, wheres, some.floats(1.1, 20)),
            some.builds(lambda where, by: {"do": "bury", "where": where, "by": by}, wheres, some.floats(0, 0.9)),
            some.builds(
                lambda p, at: {"do": "pin", "product": p, "position": at}, some.sampled_from(names), some.integers(1, 8)
            ),
            some.builds(lambda where, n: {"do": "include", "where": where, "at_least": n}, wheres, some.integers(1, 4)),
            some.builds(lambda where, n: {"do": "quota", "where": where, "at_most": n}, wheres, some.integers(0, 3)),
            some.builds(
                lambda per, n: {"do": "quota", "per": per, "at_most": n},
                some.sampled_from(("brand", "category")), some.integers(1, 3),
            ),
        ),
        max_size=7,
    )  # fmt: skip


def shelf(sold_out: set[str]) -> tuple[Catalogue, Trending]:
    catalogue, trending = Catalogue(), Trending()
    rows: list[Store | Product] = [Store(store="uk")]
    for n, name in enumerate(SHELF):
        rows.append(
            Product(
                product=name, store="uk", brand=BRANDS[n % 3], categories=(CATEGORIES[n // 3 % 3],), price=float(n + 1),
                stock=0.0 if name in sold_out else 1.0, parent=f"family{n // 2}" if n >= 20 else None,
            )
        )  # fmt: skip
        trending.add("uk", name, (CATEGORIES[n // 3 % 3],), 1.0 + n % 7, NOW)
    catalogue.apply(SourcedRow(row, NOW) for row in rows)
    return catalogue, trending


@settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(rules_over(SHELF), some.sets(some.sampled_from(SHELF), max_size=6), some.integers(1, 12))
def test_no_hard_rule_is_ever_broken_and_the_list_is_full_whenever_the_shelf_allows(
    documents: list[dict[str, Any]], sold_out: set[str], k: int
) -> None:
    rules = read_rules([{"name": str(n), **one} for n, one in enumerate(documents)])
    catalogue, trending = shelf(sold_out)
    system = RecommendationSystem(catalogue, trending)
    system.shop_rules.replace([RuleSet(store="uk", version=1, rules=rules)])
    body = RecommendationBody(store="uk", k=k)
    request = RecommendationRequest(body, Shopper("uk"), NO_CONSENT, NOW)
    plan = system.shop_rules.plan(body, catalogue, NOW)
    for answer in (system.fallback(request), system.trending("uk", None, k, NOW)):
        cards = [catalogue.card("uk", item.product) for item in answer.items]
        shown = [card for card in cards if card is not None]
        names = [card.product.product for card in shown]
        _check_hard(rules, shown)
        assert len(set(names)) == len(names) <= k
        families = [card.product.parent for card in shown if card.product.parent]
        assert len(set(families)) == len(families)
        scores = [item.score for item in answer.items]
        assert scores == sorted(scores, reverse=True)
        assert system.still_holds(request, answer)
        _check_pins(rules, plan, names, catalogue, k)
        if len(names) < k:  # then nothing that is left would fit
            for name in set(SHELF) - set(names):
                card = catalogue.card("uk", name)
                assert card is not None
                sibling = card.product.parent is not None and card.product.parent in families
                fits = plan is None or (not plan.bars(card) and within_quotas(plan, [*shown, card]))
                assert sibling or not card.available(NOW) or not fits


PAGES = ("product", "cart", "bought_together", "complementary", "similar")
SURFACES = ("home", *PAGES, "trending", "recently_viewed", "search")


@settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(rules_over(PRODUCTS), some.sets(some.sampled_from(PRODUCTS), max_size=4), some.integers(1, 9), some.data())
def test_no_surface_of_a_shop_with_a_model_breaks_a_hard_rule_or_repeats_itself(
    learnt: Shop, documents: list[dict[str, Any]], sold_out: set[str], k: int, data: some.DataObject
) -> None:
    page = data.draw(some.sampled_from(PRODUCTS))
    asked: dict[str, dict[str, Any]] = {
        surface: {
            "surface": surface,
            "k": k,
            "products": (page,) if surface in PAGES else (),
            "candidates": PRODUCTS[::2] if surface == "search" else None,
        }
        for surface in SURFACES
    }
    earlier = {surface: learnt.system.answer(learnt.request(**asked[surface])) for surface in SURFACES}
    rules = read_rules([{"name": str(n), **one} for n, one in enumerate(documents)])
    for n, name in enumerate(PRODUCTS):
        family = "set" if name in ("cup", "plate") else None
        left = 0.0 if name in sold_out else 1.0
        learnt.put(product(name, brand=BRANDS[n % 3], price=float(n + 2), stock=left, parent=family))
    learnt.system.shop_rules.replace([RuleSet(store="uk", version=1, rules=rules)])
    kinds: tuple[EventType, ...] = ("view", "cart")
    visits = some.lists(some.tuples(some.sampled_from(PRODUCTS), some.sampled_from(kinds)), max_size=3)
    live: list[tuple[str, EventType]] = data.draw(visits)
    for surface in SURFACES:
        request = learnt.request(live, **asked[surface])
        for answer in (learnt.system.answer(request), learnt.system.renewed(request, earlier[surface])):
            shown = [card for item in answer.items if (card := learnt.catalogue.card("uk", item.product)) is not None]
            names = [card.product.product for card in shown]
            _check_hard(rules, shown)
            assert len(set(names)) == len(names) == len(answer.items) <= k
            assert sum(name in ("cup", "plate") for name in names) <= 1
            assert not sold_out & set(names)
            assert learnt.system.still_holds(request, answer)


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The small shop with a model, baskets among what it learnt from; whoever asks it puts shelf and rules first."""
    baskets: list[tuple[str, str, EventType]] = [
        (f"b{n}", name, "purchase") for n in range(8) for name in ("mug", "plate", "bowl")
    ]
    return Shop(tmp_path_factory.mktemp("learnt")).learn([*HISTORY, *baskets])


def _check_hard(rules: tuple[Rule, ...], shown: list[Card]) -> None:
    """Hard rules once more, by their words alone: no code of serving but the condition itself."""
    store = Store(store="uk")
    for one in rules:
        meant = [card for card in shown if Condition(one.where, store).holds(card)]
        if isinstance(one, Exclude):
            assert not meant
        elif isinstance(one, Filter):
            assert len(meant) == len(shown)
        elif isinstance(one, Quota):
            values = [{"brand": card.product.brand, "category": card.category, None: ""}[one.per] for card in meant]
            assert all(values.count(value) <= one.at_most for value in values)


def _check_pins(rules: tuple[Rule, ...], plan: Plan | None, names: list[str], catalogue: Catalogue, k: int) -> None:
    """The first pin stands at its place in a list that reaches it, unless a hard rule or an empty shelf forbids it."""
    pins = [one for one in rules if isinstance(one, Pin) and one.position <= k]
    for pin in pins[:1]:
        card = catalogue.card("uk", pin.product)
        assert card is not None
        assert plan is not None
        if card.available(NOW) and not plan.bars(card) and within_quotas(plan, [card]):
            assert pin.product in names
            assert names.index(pin.product) + 1 == pin.position or len(names) < pin.position


@pytest.mark.parametrize("seed", range(12))
def test_products_that_are_tried_out_break_no_rule_and_stand_at_no_place_a_rule_gave_away(
    make_shop: Callable[..., Shop], seed: int
) -> None:
    shop = make_shop(RecommendParams(exploration=0.9, new_share=0.3)).learn()
    for name in ("bowl", "cup", "plate", "toy"):
        new = {"created_at": NOW - timedelta(days=1)} if name == "toy" else {}
        shop.put(product(name, brand="acme", parent="set" if name in ("cup", "plate") else None, **new))
    ruled(
        shop,
        {"do": "pin", "product": "lamp", "position": 2},
        {"do": "quota", "where": {"brands": ["acme"]}, "at_most": 2},
        {"do": "exclude", "where": {"products": ["knife"]}},
    )
    request = shop.request(live=[("mug", "view")], k=5)
    answer = shop.system.answer(request)
    assert answer.spare
    anonymous = replace(request, shopper=Shopper("uk"))  # each decision is drawn anew
    shown = [item.product for item in shop.system.draw(anonymous, answer, str(seed)).items]
    assert (len(set(shown)), shown[1], "knife" in shown) == (5, "lamp", False)
    assert len(set(shown) & {"bowl", "cup", "plate", "toy"}) <= 2
    assert len(set(shown) & {"cup", "plate"}) <= 1


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(some.lists(some.floats(0.01, 10), min_size=1, max_size=40), some.data())
def test_a_boosted_order_is_the_order_of_all_multiplied_scores(scores: list[float], data: some.DataObject) -> None:
    lifted = data.draw(some.sets(some.integers(0, len(scores) - 1)))
    by = data.draw(some.floats(1.1, 50))
    rules = (Boost(name="b", where=Where(products=tuple(f"p{n}" for n in sorted(lifted)) or ("none",)), by=by),)
    catalogue = Catalogue()
    catalogue.apply([SourcedRow(Store(store="uk"), NOW)])
    system = RecommendationSystem(catalogue, Trending())
    system.shop_rules.replace([RuleSet(store="uk", version=1, rules=rules)])
    body = RecommendationBody(store="uk")
    plan = system.shop_rules.plan(body, catalogue, NOW)
    ranked = sorted(enumerate(scores), key=lambda pair: -pair[1])
    found: list[Found] = [(n, score, Card(Product(product=f"p{n}"), None, None)) for n, score in ranked]
    expected = sorted(((n, score * (by if n in lifted else 1.0)) for n, score, _ in found), key=lambda pair: -pair[1])
    assert [(n, score) for n, score, _ in weighed(iter(found), plan, 10)] == expected


# --- dry run ----------------------------------------------------------------------------------------------------


def test_a_dry_run_shows_before_and_after_and_what_each_rule_did_and_changes_nothing(shop: Shop) -> None:
    rules = read_rules(
        [
            {"do": "exclude", "name": "no cups", "where": {"products": ["cup"]}},
            {"do": "pin", "name": "cup first", "product": "cup", "position": 1},
            {"do": "pin", "name": "toy second", "product": "toy", "position": 2},
            {"do": "boost", "name": "plates", "where": {"products": ["plate"]}, "by": 2},
            {"do": "boost", "name": "later", "where": {"products": ["pan"]}, "by": 2, "from": "2030-01-01T00:00:00Z"},
            {"do": "include", "name": "five lamps", "where": {"products": ["lamp"]}, "at_least": 5},
        ]
    )
    request = shop.request(products=["mug"], surface="product", k=3)
    before = tuple(shop.ask(products=["mug"], surface="product", k=3))
    run = dry_run(shop.system, request, RuleSet(store="uk", rules=rules))
    assert run.before == before == tuple(shop.ask(products=["mug"], surface="product", k=3))
    assert run.after == ("plate", "toy", "lamp")
    moves = {move.product: move for move in run.moves}
    assert (moves["cup"].before, moves["cup"].after, moves["cup"].rules) == (1, None, ("kept out by 'no cups'",))
    assert moves["plate"].rules == ("score times 2 by 'plates'",)
    assert moves["toy"].rules == ("pinned to place 2 by 'toy second'",)
    effects = {effect.rule: effect for effect in run.rules}
    assert effects["cup first"].conflict == "a hard rule wins: kept out by 'no cups'"
    assert effects["later"].why_not == "it begins 2030-01-01 00:00 UTC"
    assert effects["five lamps"].conflict is not None
    assert effects["five lamps"].conflict.startswith("only 1 of 5 could be placed")
    assert [effects[name].conflict for name in ("no cups", "toy second", "plates")] == [None] * 3
    assert page_of(request.body, shop.catalogue).categories == ("Home > Kitchen",)


# --- how they are read ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "field", "said"),
    [
        ({"do": "boost", "name": "x", "where": {"brands": ["a"]}, "by": 0.5}, "rules[1].by", "> 1"),
        ({"do": "lift", "name": "x"}, "rules[1].do", "lift"),
        ({"name": "x"}, "rules[1].do", "missing"),
        ({"do": "exclude", "name": "x"}, "rules[1].where", "every product"),
        ({"do": "exclude", "name": "x", "where": {"price": 3}}, "rules[1].where.price", "unknown field"),
        ({"do": "filter", "name": "x", "where": {"price_min": 3, "price_max": 2}}, "rules[1].where.price_min", "above"),
        ({"do": "pin", "name": "x", "product": "p", "position": 0}, "rules[1].position", ">= 1"),
        ({"do": "quota", "name": "x", "at_most": 2}, "rules[1].per", "missing"),
        ({"do": "pin", "name": "x", "product": "p", "position": 1, "from": "2026-02-01T00:00:00",
          "until": "2026-01-01T00:00:00"}, "rules[1].from", "not before"),
        (17, "rules[1]", "object"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_used_is_named_by_number_and_field(document: Any, field: str, said: str) -> None:  # noqa: ANN401
    with pytest.raises(RequestRejected) as caught:
        read_rules([document])
    problem = caught.value.problems[0]
    assert problem.field == field
    assert said in problem.reason
    assert problem.remedy


def test_two_rules_cannot_have_one_name() -> None:
    pin = {"do": "pin", "name": "x", "product": "p", "position": 1}
    with pytest.raises(RequestRejected, match="'x' is there twice"):
        read_rules([pin, pin])
