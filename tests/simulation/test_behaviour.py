from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopkeeper.simulation.behaviour import (
    HABITS,
    NEVER,
    Habits,
    cart_probability,
    choose,
    click_given_seen,
    click_probability,
    examination_probability,
    oracle_list,
)
from shopkeeper.simulation.catalogue import IntArray
from shopkeeper.simulation.market import Market


def test_a_place_is_seen_with_its_rank_to_the_minus_a() -> None:
    assert examination_probability(np.array([1, 2, 4]), 0.5) == pytest.approx([1, 1 / math.sqrt(2), 1 / 2])


def test_a_seen_product_is_clicked_half_of_the_time_at_the_threshold_and_more_above_it() -> None:
    assert click_given_seen(np.array([6.5, 6.5 + math.log(3)]), 6.5) == pytest.approx([1 / 2, 3 / 4])


def test_the_same_product_is_clicked_less_the_lower_it_stands() -> None:
    """Position bias as planted: clicks at rank r over clicks at rank 1 are r ** -a."""
    chance = click_probability(np.full(8, 6.5), Habits(position_exponent=0.9, click_threshold=6.5))
    assert chance / chance[0] == pytest.approx([rank**-0.9 for rank in range(1, 9)])


def test_drawn_clicks_fall_with_rank_as_planted() -> None:
    rng = np.random.default_rng(1)
    n = 40_000
    clicks = (rng.random((n, 6)) < click_probability(np.full((n, 6), HABITS.click_threshold))).mean(axis=0)
    planted = 0.5 * np.arange(1, 7) ** -HABITS.position_exponent
    four_standard_errors = 4 * np.sqrt(planted * (1 - planted) / n)
    assert np.all(np.abs(clicks - planted) < four_standard_errors)


def test_shoppers_choose_in_proportion_to_exp_of_utility() -> None:
    rng = np.random.default_rng(2)
    n = 30_000
    utility = np.tile(np.log(np.array([1.0, 2.0, 5.0], dtype=np.float32)), (n, 1))
    share = np.bincount(choose(utility, rng), minlength=3) / n
    assert share == pytest.approx([1 / 8, 2 / 8, 5 / 8], abs=4 * math.sqrt(0.25 / n))


def test_what_can_never_be_met_is_never_chosen() -> None:
    utility = np.array([[NEVER, 0.0, NEVER]] * 1_000, dtype=np.float32)
    assert set(choose(utility, np.random.default_rng(3)).tolist()) == {1}


def test_nobody_takes_what_costs_more_than_their_budget() -> None:
    chance = cart_probability(np.full(2, 50.0), np.ones(2), np.zeros(2), np.array([1.0, 1.0001]))
    assert chance[0] > 0.9
    assert chance[1] == 0


def test_a_price_rise_loses_carts_by_the_planted_elasticity() -> None:
    ratio = np.array([1.0, 1.1])
    usual, dearer = cart_probability(np.zeros(2), ratio, np.full(2, 2.0), np.full(2, 0.5))
    assert dearer / usual == pytest.approx(1.1**-2.0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_no_list_of_available_products_is_clicked_more_than_the_oracles(seed: int) -> None:
    rng = np.random.default_rng(seed)
    utility = rng.normal(3.0, 2.0, size=(1, 30)).astype(np.float32)
    available = rng.random(30) < 0.7
    available[:6] = True
    best = oracle_list(utility, available, 5)[0]
    other = rng.permutation(np.flatnonzero(available))[:5]
    assert available[best].all()

    def clicked(places: IntArray) -> float:
        return 1.0 - float(np.prod(1.0 - click_probability(utility[0, places])))

    assert clicked(best) >= clicked(other) - 1e-12


def test_after_a_product_its_partners_and_twins_pull_and_it_does_not_pull_itself(market: Market) -> None:
    store = market.stores[2]
    tent = 0
    viewed, carted = store.pull[0, tent], store.pull[1, tent]
    partner, twin = int(store.shelf.partners[tent, 0]), int(store.shelf.twins[tent, 0])
    assert viewed[partner] == pytest.approx(HABITS.complement)
    assert carted[partner] == pytest.approx(HABITS.complement_after_cart)
    assert viewed[twin] == pytest.approx(HABITS.same_family + HABITS.substitute)
    assert carted[twin] == 0
    assert viewed[tent] == NEVER


def test_postage_is_never_looked_at(market: Market) -> None:
    for store in market.stores:
        assert (store.taste[:, store.shelf.postage] == NEVER).all()
