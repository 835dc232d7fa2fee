"""What sells in a store, and how far its group says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.recommendations.conftest import PRODUCTS, interactions

from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.models.popular import Popular, PopularParams

PARAMS = PopularParams(half_life_days=1e12, group_views=10.0)


def two_stores(views: dict[str, list[int]]) -> Interactions:
    """Return views of products in two stores of one group, none in the third."""
    past = [("ann", product, "view") for product, counts in views.items() for _ in range(sum(counts))]
    stores = [store for counts in views.values() for store, count in enumerate(counts) for _ in range(count)]
    return replace(
        interactions(past),  # type: ignore[arg-type]
        stores=np.array(stores, dtype=np.int32), store_names=("big", "small"),
    )  # fmt: skip


def test_the_popularity_of_a_small_store_leans_on_its_group() -> None:
    model = Popular.fit(two_stores({"mug": [60, 0], "cup": [20, 2], "toy": [0, 1], "pan": [15, 2]}), PARAMS, 1)
    small = model.demand("small")
    expected = {"mug": 10 * 60 / 100, "cup": 2 + 10 * 22 / 100, "toy": 1 + 10 * 1 / 100, "pan": 2 + 10 * 17 / 100}
    assert {name: small[PRODUCTS.index(name)] for name in expected} == pytest.approx(expected)
    assert small.sum() == pytest.approx(5 + 10)
    leaders = model.leaders("big")
    assert leaders is not None
    assert PRODUCTS[leaders.items[0]] == "mug"


def test_a_store_that_is_all_of_its_group_and_one_where_nothing_happened_lean_on_nobody() -> None:
    data = two_stores({"mug": [3, 0], "cup": [1, 0]})
    model = Popular.fit(data, PARAMS, 1)
    assert model.demand("big").sum() == 3 + 1
    assert model.leaders("small") is None or not len(model.leaders("small").items)  # type: ignore[union-attr]
    assert Popular.fit(data, replace(PARAMS, group_views=0.0), 1).demand("big").tolist() == model.demand("big").tolist()


def test_categories_of_a_store_hold_what_it_has_sold_itself() -> None:
    model = Popular.fit(two_stores({"mug": [60, 0], "cup": [20, 2]}), PARAMS, 1)
    kitchen = model.leaders("small", "Home > Kitchen")
    assert kitchen is not None
    assert [PRODUCTS[item] for item in kitchen.items.tolist()] == ["cup"]
