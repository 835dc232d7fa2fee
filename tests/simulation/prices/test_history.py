from __future__ import annotations

import dataclasses

import msgspec
import numpy as np
import pytest

from shopkeeper.simulation.prices.history import HISTORY_BOOK, Past, live_past
from shopkeeper.simulation.prices.plan import HISTORY_WEEKS, Size
from shopkeeper.simulation.prices.takings import takings_of
from shopkeeper.simulation.prices.tuning import SHORT, tuned, worth
from shopkeeper.simulation.prices.world import Past as PastName
from shopkeeper.simulation.prices.world import make_world

SIZE = Size(products=60, stores=2, categories=3)


def coming_and_price(past: PastName) -> float:
    """Return how far luck of demand and price go together, pair by pair, past what all pairs have in common."""
    world = make_world("elastic", 5, size=SIZE, past=past)
    market, shelf = live_past(world).market, world.catalogue.shelf
    weeks = slice(20, HISTORY_WEEKS)
    luck = world.weather.group[weeks][:, shelf.store, shelf.category] + world.weather.product[weeks][:, shelf.product]
    nudged = np.log(market.record.regular[weeks] / market.record.cost[weeks])
    luck, nudged = luck - luck.mean(axis=0), nudged - nudged.mean(axis=0)
    return float((luck * nudged).sum() / (luck**2).sum())


def test_a_confounded_past_raises_prices_as_demand_comes_and_its_twin_does_not() -> None:
    assert coming_and_price("confounded") == pytest.approx(make_world("elastic", 5).plan.history.reaction, abs=0.02)
    assert coming_and_price("twin") == pytest.approx(0.0, abs=0.02)


def test_twins_have_the_same_products_costs_and_luck() -> None:
    one, two = (make_world("elastic", 5, size=SIZE, past=past) for past in ("confounded", "twin"))
    assert np.array_equal(one.catalogue.volume, two.catalogue.volume)
    assert np.array_equal(one.weather.product, two.weather.product)
    assert one.luck("demand", 7).random() == two.luck("demand", 7).random()


def test_in_a_still_past_no_price_of_a_pair_moves_but_by_what_limits_ask() -> None:
    market = live_past(make_world("elastic", 5, size=SIZE, past="still")).market
    moved = np.diff(market.record.regular[:HISTORY_WEEKS], axis=0) != 0
    assert moved.mean() < 0.05


def test_targets_are_the_margins_of_the_last_year(past: Past) -> None:
    year = takings_of(past.market, HISTORY_WEEKS - 52, HISTORY_WEEKS)
    assert past.target == pytest.approx(1 - year.cost.sum(axis=0) / year.revenue.sum(axis=0))


def test_tuning_brings_more_revenue_at_the_margin_to_hold() -> None:
    past = live_past(make_world("elastic", 6, size=Size(products=20, stores=1, categories=2)))
    found = tuned(past, grid={"markup_scale": (0.9, 1.1)})
    tried = [msgspec.structs.replace(HISTORY_BOOK, markup_scale=scale) for scale in (1.0, 0.9, 1.1)]
    assert found == max(tried, key=lambda book: worth(past, book))


def test_a_margin_below_the_target_is_worth_less_than_its_revenue() -> None:
    past = live_past(make_world("elastic", 6, size=Size(products=20, stores=1, categories=2)))
    free = dataclasses.replace(past, target=past.target - 1)
    strict = dataclasses.replace(past, target=past.target + 0.02)
    assert worth(strict, HISTORY_BOOK) <= worth(free, HISTORY_BOOK) * (1 - SHORT * 0.01)
