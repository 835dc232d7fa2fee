"""Goods that replace each other switch as one; clusters of like size are paired."""

from __future__ import annotations

from itertools import pairwise

import pytest

from shopkeeper.pricing.price_tests.clusters import Placed, clusters_of, paired

GROUPS = {"uk": "uk", "de": "mainland", "at": "mainland"}
GOODS = [
    Placed("uk", "lamp", "Home > Lamps"),
    Placed("uk", "sofa", "Home > Seats"),
    Placed("uk", "ball", "Toys"),
    Placed("de", "lamp", "Home > Lamps"),
    Placed("at", "lamp", "Home > Lamps"),
    Placed("at", "card", ""),
]


def test_a_main_category_of_a_customer_group_is_one_cluster() -> None:
    found = clusters_of(GOODS, GROUPS, "category", 1)
    assert found == {
        ("uk", "lamp"): "uk: Home", ("uk", "sofa"): "uk: Home", ("uk", "ball"): "uk: Toys",
        ("de", "lamp"): "mainland: Home", ("at", "lamp"): "mainland: Home", ("at", "card"): "mainland: (no category)",
    }  # fmt: skip


def test_a_deeper_category_and_a_whole_store_may_be_a_cluster() -> None:
    assert clusters_of(GOODS[:2], GROUPS, "category", 2)["uk", "sofa"] == "uk: Home > Seats"
    assert set(clusters_of(GOODS, GROUPS, "store", 1).values()) == {"uk", "mainland"}


def test_prices_that_belong_together_bring_their_clusters_together() -> None:
    goods = [
        Placed("uk", "lamp", "Home", "set"), Placed("uk", "bulb", "Light", "set"), Placed("uk", "sofa", "Home"),
        Placed("uk", "torch", "Light", "pack"), Placed("uk", "cell", "Power", "pack"), Placed("uk", "ball", "Toys"),
    ]  # fmt: skip
    found = clusters_of(goods, GROUPS, "category", 1)
    assert set(found.values()) == {"uk: Home + uk: Light + uk: Power", "uk: Toys"}


def test_clusters_of_like_size_are_paired_and_an_odd_one_waits() -> None:
    levels = {"a": 9.0, "b": 50.0, "c": 10.0, "d": 48.0, "e": 1.0}
    found = paired(levels, 0.5, seed=1)
    assert set(pairwise(found)) >= {("b", "d"), ("c", "a")}
    assert "e" not in found


@pytest.mark.parametrize(("share", "pairs"), [(0.5, 10), (0.15, 3), (0.01, 1)])
def test_a_share_of_cells_takes_twice_that_share_of_the_clusters(share: float, pairs: int) -> None:
    levels = {f"c{place}": float(place) for place in range(20)}
    assert len(paired(levels, share, seed=1)) == 2 * pairs
