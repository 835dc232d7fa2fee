"""Lists that are not the model's, the tables they stand on, and which surface shows which."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from shopkeeper.commerce.consent import NO_CONSENT
from shopkeeper.commerce.product import Product
from shopkeeper.errors import InputError
from shopkeeper.recommendations.answer import Pair, Reason
from shopkeeper.recommendations.behaviour.interactions import KINDS, SECOND, Interactions
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts, shopper_key
from shopkeeper.recommendations.catalogue.alike import likeness
from shopkeeper.recommendations.loaded import bundle_arrays
from shopkeeper.recommendations.model import Scored
from shopkeeper.recommendations.models.cycles import due, repurchase_days
from shopkeeper.recommendations.models.habits import habit_arrays
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.models.together import bought_together, partners
from shopkeeper.recommendations.recipe import RecommendParams
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.recommendations.rules.merchandising import RuleSet, Surface, read_rules, read_surfaces
from shopkeeper.registry.bundle import BundleContent, open_bundle, write_bundle
from shopkeeper.serving.catalogue import Card

from .conftest import CATEGORY, NOW, PRODUCTS, Shop, product
from .conftest import interactions as in_turn

Purchase = tuple[str, str, float]
"""(user, product, days before now)"""


def purchases(rows: list[Purchase]) -> Interactions:
    """Return purchases, the oldest first."""
    rows = sorted(rows, key=lambda row: -row[2])
    users = sorted({user for user, _, _ in rows})
    last = int(NOW.timestamp()) * SECOND
    data = in_turn([(user, name, "purchase") for user, name, _ in rows])
    return Interactions(
        shoppers=np.array([users.index(user) for user, _, _ in rows], dtype=np.int32),
        items=data.items, stores=data.stores, kinds=np.full(len(rows), KINDS.index("purchase"), dtype=np.int8),
        times=np.array([last - int(days * 86_400) * SECOND for _, _, days in rows], dtype=np.int64),
        devices=data.devices, index=data.index, categories=data.categories,
        shopper_keys=[shopper_key("uk", "user", user) for user in users], store_names=data.store_names,
    )  # fmt: skip


def learnt(shop: Shop, rows: list[Purchase], fewest_buyers: int = 5) -> Shop:
    data = purchases(rows)
    model = ItemKnn.fit(data, ItemKnnParams(), 1)
    arrays = {**bundle_arrays(model, ShopperPasts.build(data)), **habit_arrays(data, fewest_buyers)}
    content = BundleContent("recommendations", model.name, "test", model.parameters, 1, data.fingerprint(), {}, arrays)
    version = write_bundle(shop.folder, content, NOW + timedelta(seconds=1)).version
    shop.system.load(open_bundle(shop.folder / "recommendations" / version))
    return shop


BASKETS: list[Purchase] = [
    *((f"a{n}", name, 20.0) for n in range(6) for name in ("mug", "spoon")),
    *((f"b{n}", name, 20.0) for n in range(4) for name in ("mug", "lamp")),
    *((f"c{n}", "pan", 20.0) for n in range(10)),
    *(("d", name, float(day)) for day in range(30, 40) for name in ("fork", "knife")),
]


def test_lift_is_of_baskets_and_pairs_of_few_buyers_are_kept_nowhere() -> None:
    """Thirty baskets: ten hold mugs, six spoons, six both; ten of one single buyer hold fork and knife."""
    table = bought_together(purchases(BASKETS))
    mug, spoon = PRODUCTS.index("mug"), PRODUCTS.index("spoon")
    assert partners(table, np.array([mug])) == {spoon: pytest.approx(6 * 30 / (10 * 6) * 6 / (6 + 5))}
    assert partners(table, np.array([spoon])).keys() == {mug}
    assert len(table.items) == 2, "lamps had four buyers, forks one"
    assert PRODUCTS.index("lamp") in partners(bought_together(purchases(BASKETS), fewest=4), np.array([mug]))


def test_a_pair_says_its_lift_its_support_and_how_many_bought_it(shop: Shop) -> None:
    """Of thirty baskets six hold spoons, ten mugs, six both; ten hold pans and none of them."""
    learnt(shop, BASKETS)
    asked = shop.request(surface="bought_together", products=("pan", "mug"), k=1)
    [item] = shop.system.answer(asked).items
    pair = Pair(lift=6 * 30 / (10 * 6), support=6 / 30, buyers=6)
    assert item.reasons == (Reason("together", "Often bought together with Mug", ("mug",), pair),)
    assert b'"pair":{"lift":3.0,"support":0.2,"buyers":6}' in msgspec.json.encode(item)
    assert b"pair" not in msgspec.json.encode(Reason("popular", "Popular in this shop"))


@pytest.mark.parametrize(("fewest", "named"), [(4, True), (5, False)])
def test_lists_and_reasons_name_pairs_of_as_many_buyers_as_the_shop_says(shop: Shop, fewest: int, named: bool) -> None:
    """Four buyers had mug and lamp in one basket."""
    learnt(shop, BASKETS, fewest)
    asked = shop.request(surface="bought_together", products=("mug",), k=2)
    codes = {item.product: item.reasons[0].code for item in shop.system.answer(asked).items}
    assert (codes.get("lamp") == "together") == named
    items = shop.system.answer(shop.request(live=[("lamp", "purchase")], k=9)).items
    [reason] = [item.reasons[0] for item in items if item.product == "mug"]
    assert (reason.code, reason.products) == ("because_bought", ("lamp",) if named else ())


def test_no_purchases_make_empty_tables() -> None:
    data = in_turn([("ann", "mug", "view")])
    assert len(bought_together(data).items) == 0
    assert not repurchase_days(data).any()
    assert habit_arrays(data)["cycles.days"].shape == (len(PRODUCTS),)


def test_a_cycle_is_the_median_gap_drawn_to_that_of_the_category() -> None:
    rows: list[Purchase] = [(f"u{n}", "mug", 7.0 * k) for n in range(3) for k in range(4)]
    rows += [("v", "cup", 28.0 * k) for k in range(3)]
    days = dict(zip(PRODUCTS, repurchase_days(purchases(rows)).tolist(), strict=True))
    usual = 7.0  # of the category: nine gaps of 7 days and two of 28
    assert days["mug"] == pytest.approx(7.0)
    assert days["cup"] == pytest.approx(math.exp((2 * math.log(28) + 5 * math.log(usual)) / 7))
    assert days["bowl"] == pytest.approx(usual), "what nobody bought again has the cycle of its category"
    assert days["lamp"] == days["toy"] == 0.0


@pytest.mark.parametrize(("since", "cycle", "score"), [(30, 30, 1), (60, 30, 0.5), (15, 30, 0.5), (3, 0, 0), (0, 9, 0)])
def test_what_is_at_the_end_of_its_cycle_is_most_due(since: float, cycle: float, score: float) -> None:
    assert due(since, cycle) == pytest.approx(score)


def test_bought_together_shows_partners_and_is_filled_up(shop: Shop) -> None:
    shown = learnt(shop, BASKETS).system.answer(shop.request(products=["mug"], surface="bought_together", k=5)).items
    assert (shown[0].product, shown[0].reasons[0].code) == ("spoon", "together")
    assert len(shown) == 5
    assert "mug" not in [item.product for item in shown]


def test_buy_again_shows_what_is_due_and_nothing_else(shop: Shop) -> None:
    rows: list[Purchase] = [(f"u{n}", "mug", 30.0 * k + 1) for n in range(3) for k in range(4)]
    rows += [("ann", "mug", 31.0), ("ann", "cup", 2.0), ("ann", "toy", 30.0)]
    learnt(shop, rows)
    answer = shop.system.answer(shop.request(user="ann", surface="buy_again", k=5))
    assert [item.product for item in answer.items] == ["mug", "cup"], "toys are not bought again"
    assert {item.reasons[0].code for item in answer.items} == {"again"}
    assert shop.system.cache_key(shop.request(user="ann", surface="buy_again")) is None


def test_recently_viewed_shows_what_was_seen_newest_first_and_nothing_else(shop: Shop) -> None:
    live: Any = [("cup", "view"), ("pan", "view"), ("cup", "view"), ("toy", "view")]
    shop.put(product("pan", sensitive=True))
    request = shop.request(live=live, surface="recently_viewed", k=5)
    assert [item.product for item in shop.system.answer(request).items] == ["toy", "cup"]
    shop.system.load(None)
    assert [item.product for item in shop.system.fallback(request).items] == ["toy", "cup"]
    assert shop.system.fallback(shop.request(surface="recently_viewed")).items == ()


def test_substitutes_of_what_is_sold_out_are_alike_and_can_be_bought(shop: Shop) -> None:
    shop.put(product("mug", stock=0.0, brand="acme", price=10.0))
    shop.put(product("bowl", brand="acme", price=11.0), product("pan", price=60.0), product("cup", stock=0.0))
    items = shop.system.answer(shop.request(products=["mug"], surface="substitutes", k=8)).items
    assert items[0].product == "bowl"
    assert items[0].reasons[0].text == "Like Mug"
    names = [item.product for item in items]
    assert not {"mug", "cup"} & set(names)
    assert names.index("plate") < names.index("pan")


def test_likeness_adds_category_price_attributes_and_brand() -> None:
    def card(**fields: Any) -> Card:  # noqa: ANN401 - fields of a product
        row = Product(product="p", **fields)
        return Card(row, row.price, None)

    one = card(categories=("a > b",), price=10.0, brand="acme", attributes={"size": "M", "colour": "red"})
    other = card(categories=("a > c",), price=20.0, brand="acme", attributes={"size": ["m", "l"]})
    assert likeness(one, one) == pytest.approx(1.0)
    assert likeness(one, other) == pytest.approx(0.5 * 1 / 3 + 0.25 * 10 / 20 + 0.15 * 1 / 2 + 0.1)
    assert likeness(card(), card()) == 0.0


def test_rules_hold_in_every_list(shop: Shop) -> None:
    rules = read_rules([
        {"do": "exclude", "name": "x", "where": {"products": ["spoon", "cup"]}},
        {"do": "pin", "name": "y", "product": "toy", "position": 1},
    ])  # fmt: skip
    learnt(shop, BASKETS).system.shop_rules.replace([RuleSet(store="uk", version=1, rules=rules)])
    for surface in ("bought_together", "substitutes", "recently_viewed", "trending", "buy_again", "complementary"):
        request = shop.request(products=["mug"], live=[("cup", "view"), ("pan", "view")], surface=surface, k=4)
        names = [item.product for item in shop.system.answer(request).items]
        assert names[0] == "toy", surface
        assert not {"spoon", "cup"} & set(names), surface


def test_search_results_keep_their_order_where_nothing_is_known_and_are_blended_where_it_is(shop: Shop) -> None:
    results = ("toy", "lamp", "plate", "cup")
    asked: dict[str, Any] = {"surface": "search", "candidates": results, "relevance": (4.0, 3.0, 2.0, 0.0), "k": 4}
    stranger = shop.system.answer(shop.request(**asked))
    assert tuple(item.product for item in stranger.items) == results
    assert {item.reasons[0].code for item in stranger.items} == {"found"}
    known = shop.request(live=[("mug", "view")], **asked)
    model = shop.system.answer(shop.request(live=[("mug", "view")], candidates=results, k=4)).items
    said = {item.product: item.score / model[0].score for item in model if item.reasons[0].code == "because_viewed"}
    relevance = dict(zip(results, (1.0, 0.75, 0.5, 0.0), strict=True))
    expected = {name: 0.7 * relevance[name] + 0.3 * said.get(name, 0.0) for name in results}
    found = {item.product: item.score for item in shop.system.answer(known).items}
    assert found == pytest.approx(expected)
    shop.put(product("toy", stock=0.0))
    assert "toy" not in [item.product for item in shop.system.answer(known).items]
    assert tuple(item.product for item in shop.system.fallback(shop.request(**asked)).items) == results[1:]


def test_a_model_with_an_answer_for_everybody_says_nothing_of_results_to_strangers_nor_of_sensitive_ones(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = Scored(np.arange(len(PRODUCTS)), np.linspace(1.0, 0.1, len(PRODUCTS)))
    monkeypatch.setattr(ItemKnn, "score", lambda *_: everything)
    shop.put(product("bowl", sensitive=True))
    asked: dict[str, Any] = {"candidates": ("toy", "cup", "bowl"), "relevance": (1.0, 0.9, 0.1), "surface": "search"}
    for stranger in (shop.request(**asked), shop.request(live=[("mug", "view")], consent=NO_CONSENT, **asked)):
        items = shop.system.answer(stranger).items
        assert [(item.product, item.reasons[0].code) for item in items[:3]] == [
            ("toy", "found"), ("cup", "found"), ("bowl", "found")
        ]  # fmt: skip
    items = shop.system.answer(shop.request(live=[("mug", "view")], **asked)).items
    assert [(item.product, item.reasons[0].code) for item in items] == [
        ("cup", "for_you"), ("toy", "for_you"), ("bowl", "found")
    ]  # fmt: skip


def test_a_store_says_how_a_surface_is_made_and_an_arm_of_a_test_wins_over_it(shop: Shop) -> None:
    live: Any = [("mug", "view")]
    surfaces = {
        "bar": Surface(list="recently_viewed"),
        "home": Surface(settings={"diversity": 1.0, "bought_days": 0.0}),
        "odd": Surface(list="search_order"),
    }
    plain = shop.ask(live=live, surface="bar")
    shop.system.shop_rules.replace([RuleSet(store="uk", version=1, surfaces=read_surfaces(surfaces))])
    assert shop.ask(live=live, surface="bar") == ["mug"]
    assert shop.ask(live=live, surface="odd") == plain
    assert shop.ask(live=live, k=4) != plain[:4]
    arm = shop.system.with_settings({"diversity": 0.0})
    assert [item.product for item in arm.answer(shop.request(live=live)).items] == plain
    bought: Any = [("mug", "view"), ("cup", "purchase")]
    assert "cup" in [item.product for item in arm.answer(shop.request(live=bought, k=9)).items]
    with pytest.raises(InputError, match="sparkle"):
        read_surfaces({"home": Surface(settings={"sparkle": 1})})


def test_a_surface_made_otherwise_is_another_answer_for_the_cache(shop: Shop) -> None:
    before = shop.system.cache_key(shop.request(surface="bar"))
    shop.system.shop_rules.replace([RuleSet(store="uk", version=1, surfaces={"bar": Surface(list="alike")})])
    assert shop.system.cache_key(shop.request(surface="bar")) != before


def test_a_bundle_without_the_tables_answers_all_the_same(shop: Shop, tmp_path: Path) -> None:
    assert tmp_path == shop.folder
    answer = shop.system.answer(shop.request(products=["mug"], surface="bought_together"))
    assert len(answer.items) == 3
    assert CATEGORY["mug"] == "Home > Kitchen"


def test_no_list_of_the_shoppers_past_without_leave(shop: Shop) -> None:
    live: Any = [("cup", "view")]
    asked = shop.request(live=live, surface="recently_viewed")
    refused = RecommendationRequest(
        asked.body, asked.shopper, asked.consent.__class__(personalise=False), NOW, asked.profile
    )
    assert shop.system.answer(refused).items == ()
    assert RecommendParams().search_share == 0.3
