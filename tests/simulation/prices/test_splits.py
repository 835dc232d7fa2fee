"""A split of products overstates what a change of all prices brings, where products replace each other."""

from __future__ import annotations

import pytest

from shopkeeper.simulation.prices.history import live_past
from shopkeeper.simulation.prices.market import Market
from shopkeeper.simulation.prices.plan import Size
from shopkeeper.simulation.prices.splits import Told, learn
from shopkeeper.simulation.prices.world import make_world


@pytest.fixture(scope="module")
def start() -> Market:
    return live_past(make_world("shoppers", 3, size=Size(products=24, stores=2, categories=3))).market


def test_where_products_replace_each_other_a_split_says_much_more_than_the_truth(start: Market) -> None:
    week = start.week
    found = learn(start, -0.1, 1)
    assert start.week == week, "the world it began in is as it was"
    assert found.split.effect - found.truth > 0.05
    assert abs(found.long.effect - found.truth) < found.split.effect - found.truth
    assert found.long.holds(found.truth)


def test_an_interval_holds_what_lies_in_it() -> None:
    assert Told(0.1, 0.05, 0.2).holds(0.2)
    assert not Told(0.1, 0.05, 0.2).holds(0.21)
