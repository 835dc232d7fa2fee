"""A list varies as much as it is told to, and never rises in score."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recommendations.conftest import Shop

from shopkeeper.commerce.product import Product
from shopkeeper.errors import InputError
from shopkeeper.recommendations.found import Found
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS, RecommendParams, changed
from shopkeeper.recommendations.variety.diversity import likeness
from shopkeeper.recommendations.variety.rerank import Taste, reranked
from shopkeeper.serving.catalogue import Card


def card(name: str, *categories: str) -> Card:
    return Card(Product(product=name, store="uk", categories=categories), None, None)


MUG, CUP, LAMP, TOY = (
    card("mug", "Home > Kitchen"), card("cup", "Home > Kitchen"), card("lamp", "Home > Light"), card("toy", "Play"),
)  # fmt: skip
FOUND = [(0, 1.0, MUG), (1, 0.9, CUP), (2, 0.8, LAMP), (3, 0.3, TOY)]


def diversified(found: list[Found], k: int, diversity: float) -> list[Found]:
    return reranked(found, k, RecommendParams(diversity=diversity), Taste({}))


def names(diversity: float, k: int = 4) -> list[str]:
    return [one.product.product for _, _, one in diversified(FOUND, k, diversity)]


def test_likeness_is_the_share_of_common_categories() -> None:
    alike = likeness([MUG, CUP, LAMP, TOY])
    assert alike[0].tolist() == pytest.approx([1.0, 1.0, 1 / 3, 0.0])
    assert likeness([card("a"), card("b")]).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_without_diversity_the_order_is_that_of_the_scores() -> None:
    assert names(0.0) == ["mug", "cup", "lamp", "toy"]
    assert names(0.0, k=2) == ["mug", "cup"]


def test_each_place_goes_to_what_is_good_and_unlike_those_above() -> None:
    # After mug: cup 0.5 * 0.9 - 0.5 * 1, lamp 0.5 * 0.8 - 0.5 / 3, toy 0.5 * 0.3 - 0.
    assert names(0.5) == ["mug", "lamp", "toy", "cup"]
    assert names(1.0, k=2) == ["mug", "toy"]


@given(st.floats(0, 1), st.lists(st.floats(0, 100), min_size=1, max_size=12), st.integers(1, 12))
def test_scores_never_rise_and_no_product_comes_twice(diversity: float, scores: list[float], k: int) -> None:
    found = [(n, score, (MUG, CUP, LAMP, TOY)[n % 4]) for n, score in enumerate(sorted(scores, reverse=True))]
    chosen = diversified(found, k, diversity)
    assert len({item for item, _, _ in chosen}) == len(chosen) == min(k, len(found))
    assert chosen[0][0] == 0
    assert all(left[1] >= right[1] for left, right in pairwise(chosen))


def test_an_answer_is_varied_by_the_setting_of_an_arm(shop: Shop) -> None:
    varied = shop.system.with_settings({"diversity": 1.0})
    request = shop.request(products=("mug",), k=3)
    plain = [item.product for item in shop.system.answer(request).items]
    other = varied.answer(request)
    assert len(other.items) == len(plain)
    assert all(left.score >= right.score for left, right in pairwise(other.items))
    assert varied.version == shop.system.version


@pytest.mark.parametrize("settings", [{"diversity": 1.5}, {"diversity": "much"}, {"no_such": 1}, {"bought_days": -1}])
def test_a_setting_that_cannot_be_is_refused_by_name(settings: dict[str, object]) -> None:
    with pytest.raises(InputError, match="diversity"):
        changed(DEFAULT_PARAMS, settings)
    assert changed(DEFAULT_PARAMS, {"repurchase": True}) == RecommendParams(repurchase=True)
