from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.simulation.behaviour import NEVER, click_probability
from shopkeeper.simulation.market import Market, make_market, sellable
from shopkeeper.simulation.retailer import Scale

TINY = Scale(products=60, shoppers=40, days=20)


def test_the_same_seed_makes_the_same_market_to_the_bit() -> None:
    one, two = make_market(5, TINY), make_market(5, TINY)
    for a, b in zip(one.stores, two.stores, strict=True):
        assert a.shelf.titles == b.shelf.titles
        assert a.taste.tobytes() == b.taste.tobytes()
        assert a.pull.tobytes() == b.pull.tobytes()


def test_another_seed_makes_another_market() -> None:
    assert make_market(5, TINY).stores[0].taste.tobytes() != make_market(6, TINY).stores[0].taste.tobytes()


def test_every_store_says_that_it_is_simulated(market: Market) -> None:
    assert [store.plan.store.simulated for store in market.stores] == [True, True, True]


def test_stores_differ_in_currency_country_and_time_zone(market: Market) -> None:
    rows = [store.plan.store for store in market.stores]
    assert len({r.currency for r in rows}) == len({r.country for r in rows}) == len({r.time_zone for r in rows}) == 3


def test_two_stores_share_shoppers_and_the_third_shares_none(market: Market) -> None:
    home, fashion, outdoor = (store.plan.store.group for store in market.stores)
    assert home == fashion != outdoor
    people = [set(store.crowd.people) for store in market.stores]
    assert len(people[0] & people[1]) == 300 * 3 // 10
    assert not people[2] & (people[0] | people[1])


def test_a_person_has_the_same_looks_and_consent_in_both_stores_of_a_group(market: Market) -> None:
    home, fashion = market.stores[0].crowd, market.stores[1].crowd
    shared = 300 * 3 // 10
    assert home.style[:shared].tobytes() == fashion.style[:shared].tobytes()
    assert home.measure[:shared].tolist() == fashion.measure[:shared].tolist()


def test_a_few_shoppers_come_far_more_often_than_the_rest(market: Market) -> None:
    activity = np.sort(market.stores[2].crowd.activity)[::-1]
    assert activity.mean() == pytest.approx(1)
    assert activity[:30].sum() / activity.sum() > 0.3


def test_a_list_is_clicked_unless_every_place_is_left(market: Market) -> None:
    store = market.stores[0]
    shopper, last, carted = np.array([4]), np.array([-1]), np.array([0])
    utility = store.utility(shopper, last, carted)[0]
    one, two = click_probability(utility[[9, 17]])
    chance = store.chance_of_click(np.array([[9, 17, -1]]), shopper, last, carted)
    assert chance == pytest.approx([1 - (1 - one) * (1 - two)], rel=1e-5)


def test_before_the_first_page_only_taste_counts(market: Market) -> None:
    store = market.stores[0]
    shopper = np.array([3, 8])
    alone = store.utility(shopper, np.array([-1, -1]), np.array([0, 1]))
    assert alone.tobytes() == store.taste[shopper].tobytes()


def test_asking_for_a_utility_changes_no_truth(market: Market) -> None:
    store = market.stores[0]
    before = store.pull.tobytes()
    store.utility(np.array([1]), np.array([2]), np.array([0]))
    assert store.pull.tobytes() == before


def test_only_what_is_there_and_on_the_shelf_may_be_recommended(market: Market) -> None:
    shelf = market.stores[0].shelf
    stock = np.ones(shelf.size, dtype=np.int64)
    stock[5] = 0
    allowed = sellable(shelf, stock)
    assert not allowed[5]
    assert not allowed[shelf.withdrawn].any()
    assert not allowed[shelf.gift_cards].any()
    assert (allowed == (shelf.sellable & ~shelf.withdrawn & (np.arange(shelf.size) != 5))).all()


def test_a_product_the_market_did_not_make_has_no_number(market: Market) -> None:
    store = market.stores[0]
    assert store.number("HOME-1001") == 0
    assert store.number("nothing") == -1
    assert market.store("nowhere") is None


def test_nothing_of_the_pull_is_stronger_than_what_cannot_be_met(market: Market) -> None:
    assert market.stores[0].taste.max() + market.stores[0].pull.max() + NEVER < -30
