"""From upload to answer: a product the serving model never met is shown, and its page has what is like it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.recommendations.loaded import load_model
from shopkeeper.recommendations.request import Filters

from .conftest import HISTORY, NOW, PRODUCTS, Shop, interactions, product

LANTERN = product("lantern", categories=("Home > Light",), brand="Glow", price=12.0, created_at=NOW)
KITCHEN = [name for name in PRODUCTS if name not in ("lamp", "toy")]


@pytest.fixture(params=["item-knn", "hybrid"])
def uploaded(shop: Shop, request: pytest.FixtureRequest) -> Shop:
    """Return the small shop with a model, in which a lantern was put up after training."""
    if request.param == "hybrid":
        params = HybridParams(cuts=0, choose=False, content=False, demographics=False, factors=False)
        model = Hybrid.fit(interactions(HISTORY), params, 1)
        shop.system.serve(replace(load_model(shop.bundle()), model=model))
    shop.put(product("lamp", brand="Glow", price=11.0), product("torch", categories=("Home > Light",), price=30.0))
    shop.put(LANTERN)
    return shop


def test_on_its_own_page_stands_what_is_like_it_before_what_sells_best(uploaded: Shop) -> None:
    items = uploaded.system.similar("uk", "lantern", 11, NOW).items
    assert [item.product for item in items[:2]] == ["lamp", "torch"]
    assert [(item.reasons[0].code, item.reasons[0].products) for item in items[:2]] == [("like", ("lantern",))] * 2
    assert {item.product for item in items[2:10]} == set(KITCHEN), "of the same department"
    assert items[10].product == "toy"
    scores = [item.score for item in items]
    assert scores == sorted(scores, reverse=True)


def test_so_it_does_for_a_shopper_with_a_past_and_beside_others_asked_at_once(uploaded: Shop) -> None:
    page = uploaded.request(surface="product", products=("lantern",), user="ann", live=[("mug", "view")])
    home = uploaded.request(user="ann", live=[("mug", "view")])
    first, second = uploaded.system.answers([page, home])
    assert [item.product for item in first.items][:2] == ["lamp", "torch"]
    assert [item.product for item in second.items] == uploaded.ask(user="ann", live=[("mug", "view")])
    assert second.items[0].reasons[0].code != "like"


def test_a_page_the_model_knows_is_answered_by_the_model(uploaded: Shop) -> None:
    items = uploaded.system.answer(uploaded.request(surface="product", products=("mug", "lantern"))).items
    assert "like" not in {item.reasons[0].code for item in items}


def test_it_is_shown_among_what_is_like_others_and_in_its_category(uploaded: Shop) -> None:
    assert uploaded.ask(surface="similar", products=("lamp",))[0] == "lantern"
    light = uploaded.request(surface="category", filters=Filters(categories=("Home > Light",)))
    assert {item.product for item in uploaded.system.answer(light).items} == {"lamp", "torch", "lantern"}
