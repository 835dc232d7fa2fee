"""Variants are learnt from as one product, and are shown, priced and in stock each by itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.recommendations.conftest import NOW, PRODUCTS, Past, Shop, interactions, product

from shopkeeper.commerce.event import EventType
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.recommendations.answer import Recommendation
from shopkeeper.recommendations.batch.answers import BatchAsk, BatchRecommender, shelf_products
from shopkeeper.recommendations.behaviour.interaction_files import read_interactions, write_interactions
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts, shopper_key
from shopkeeper.recommendations.behaviour.variants import folded
from shopkeeper.recommendations.catalogue.shelf import Shelf
from shopkeeper.recommendations.fill import Stock
from shopkeeper.recommendations.loaded import bundle_arrays, load_model
from shopkeeper.recommendations.models.habits import habit_arrays
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.request import Filters
from shopkeeper.registry.bundle import BundleContent, open_bundle, write_bundle

PARENTS = ["set" if name in ("bowl", "plate") else "cups" if name == "cup" else "" for name in PRODUCTS]

HISTORY: Past = [
    *((f"p{n}", one, "view") for n in range(20) for one in ("mug", "plate")),
    *((f"b{n}", one, "view") for n in range(12) for one in ("mug", "bowl")),
    *((f"f{n}", one, "view") for n in range(25) for one in ("mug", "fork")),
    ("ann", "mug", "view"),
    ("eve", "bowl", "purchase"),
    ("eve", "mug", "view"),
    ("joe", "bowl", "view"),
]


def learnt(past: Past = HISTORY) -> Interactions:
    return folded(interactions(past), PARENTS)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Return the small shop, in which plate and bowl are variants of a set, with a model of both as one."""
    shop, data = Shop(tmp_path), learnt()
    model = ItemKnn.fit(data, ItemKnnParams(), 1)
    arrays = {**bundle_arrays(model, ShopperPasts.build(data)), **habit_arrays(data)}
    content = BundleContent("recommendations", model.name, "test", model.parameters, 1, data.fingerprint(), {}, arrays)
    manifest = write_bundle(tmp_path, content, NOW)
    shop.system.load(open_bundle(tmp_path / "recommendations" / manifest.version))
    shop.put(product("plate", parent="set"), product("bowl", parent="set"), product("cup", parent="cups"))
    return shop


def test_variants_and_their_parent_are_one_item_that_stands_for_the_variant_met_most() -> None:
    data, plain = learnt(), interactions(HISTORY)
    assert data.index.products == [name for name in PRODUCTS if name != "bowl"]
    plate = data.index.products.index("plate")
    assert (data.items == plate).sum() == 20 + 12 + 2
    assert [data.index.code("uk", name) for name in ("plate", "bowl", "set")] == [plate, plate, plate]
    assert data.index.heads("uk") == {"plate": "set", "cup": "cups"}
    assert [data.index.variants.names[code] for code in data.variants] == [PRODUCTS[code] for code in plain.items]
    assert data.categories[plate] == ("Home > Kitchen",)
    assert folded(plain, [""] * len(PRODUCTS)) is plain


def test_the_parent_itself_stands_for_nothing_where_a_variant_was_met() -> None:
    data = folded(interactions([("a", "toy", "view"), ("a", "toy", "view"), ("a", "pan", "view")]),
                  ["toy" if name == "pan" else "" for name in PRODUCTS])  # fmt: skip
    pan = data.index.code("uk", "pan")
    assert data.index.code("uk", "toy") == pan
    assert (data.items == pan).sum() == 3
    assert len(data.sequences) == 1  # two views of the one and one of the other are one run


def test_what_variants_are_taken_with_counts_for_all_of_them(shop: Shop) -> None:
    answer = shop.system.answer(shop.request(live=[("mug", "view")], k=2))
    assert [item.product for item in answer.items] == ["plate", "fork"]  # 20 + 12 against 25; apart 20 and 12
    loaded = ItemKnn.fit(interactions(HISTORY), ItemKnnParams(), 1)
    assert loaded.index.code("uk", "bowl") != loaded.index.code("uk", "plate")


@pytest.mark.parametrize("gone", [{"stock": 0.0}, {"status": "withdrawn"}, None])
def test_a_list_has_one_variant_of_a_parent_and_it_is_in_stock(shop: Shop, gone: dict[str, Any] | None) -> None:
    row = product("plate", parent="set", **(gone or {}))
    shop.catalogue.apply([SourcedRow(row, NOW, deleted=gone is None)])
    answer = shop.ask(live=[("mug", "view")], k=9)
    assert answer[0] == "bowl"
    assert "plate" not in answer
    assert shop.ask(k=1) == ["mug"]
    assert [item.product for item in batch_answers(shop, "ann")["ann"]][:2] == ["bowl", "fork"]


def batch_answers(shop: Shop, *users: str) -> dict[str, list[Recommendation]]:
    """Return the lists of the night, as `BatchRecommender` makes them, with the codes looked up."""
    bundle = open_bundle(next((shop.folder / "recommendations").iterdir()))
    loaded = load_model(bundle)
    stock = Stock(shop.catalogue, Shelf(shop.catalogue), shop.trending, loaded.popular)
    lists = BatchRecommender(loaded, stock, BatchAsk("test", loaded.model.name, "uk", 3, NOW)).lists(users, {})
    names, start, found = shelf_products(stock, "uk"), 0, {}
    for user, length in zip(users, lists.lengths.tolist(), strict=True):
        part = slice(start, start + length)
        rows = zip(lists.products[part].tolist(), lists.scores[part].tolist(), strict=True)
        found[user] = [Recommendation(names[code], score, ()) for code, score in rows]
        start += length
    return found


def test_lists_of_the_night_are_those_of_a_request(shop: Shop) -> None:
    users = ("ann", "eve", "joe", "p1", "nobody")
    for user, items in batch_answers(shop, *users).items():
        live = shop.system.answer(shop.request(user=user, k=3)).items
        assert [one.product for one in items] == [one.product for one in live], user
        assert [one.score for one in items] == pytest.approx([one.score for one in live])


def test_a_filter_is_judged_by_the_variant_that_is_shown(shop: Shop) -> None:
    shop.put(product("plate", parent="set", price=50.0), product("bowl", parent="set", price=8.0))
    assert shop.ask(live=[("mug", "view")], k=1) == ["plate"]
    assert shop.ask(live=[("mug", "view")], k=1, filters=Filters(price_max=20.0)) == ["bowl"]
    assert shop.ask(live=[("mug", "view")], k=1, candidates=("bowl", "fork")) == ["bowl"]


def test_a_variant_that_came_after_training_tells_what_its_siblings_told(shop: Shop) -> None:
    shop.put(product("bowl-new", parent="set"))
    new, old = (shop.system.answer(shop.request(live=[(name, "view")], k=1)).items[0] for name in ("bowl-new", "bowl"))
    assert (new.product, new.score) == (old.product, old.score)
    assert new.reasons[0].products == ("bowl-new",)


def test_who_bought_or_refused_one_variant_is_shown_no_other(shop: Shop) -> None:
    family = {"plate", "bowl"}
    assert family.isdisjoint(shop.ask(user="eve", k=9))
    for kind in ("purchase", "dismiss"):
        live: list[tuple[str, EventType]] = [("mug", "view"), ("bowl", kind)]
        assert family.isdisjoint(shop.ask(live=live, k=9)), kind
    assert not family.isdisjoint(shop.ask(user="eve", k=9, now=NOW + timedelta(days=400)))


def test_what_a_shopper_saw_and_bought_is_kept_as_the_variant_it_was(shop: Shop) -> None:
    assert shop.ask(user="joe", surface="recently_viewed") == ["bowl"]
    reason = shop.system.answer(shop.request(user="joe", k=1)).items[0].reasons[0]
    assert reason.products == ("bowl",)
    pasts = ShopperPasts.build(learnt())
    eve, names = pasts.find(shopper_key("uk", "user", "eve")), learnt().index.variants.names
    assert eve is not None
    assert [names[place] for place in eve.bought_variants] == ["bowl"]
    rest = pasts.without([shopper_key("uk", "user", "joe")])
    found = rest.find(shopper_key("uk", "user", "eve"))
    assert found is not None
    assert [names[place] for place in found.variants] == ["bowl", "mug"]


def test_families_come_back_from_files_and_from_a_bundle(tmp_path: Path) -> None:
    data = learnt()
    write_interactions(data, tmp_path)
    again = read_interactions(tmp_path)
    assert again.fingerprint() == data.fingerprint()
    np.testing.assert_array_equal(again.sequences.variants, data.sequences.variants)
    assert ItemIndex.from_arrays(data.index.arrays()).heads("uk") == {"plate": "set", "cup": "cups"}
