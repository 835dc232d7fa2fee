from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.simulation.prices.history import Past
from shopkeeper.simulation.prices.supply import SEASON, days_in_stock


def test_stock_that_runs_out_lasts_for_whole_days() -> None:
    asked, on_hand = np.array([10, 10, 10, 0]), np.array([20, 5, 0, 3])
    assert days_in_stock(asked, on_hand) == pytest.approx([1, 3 / 7, 0, 1]), "3.5 days are told as 3"


def test_no_more_is_sold_than_there_is_and_never_less_than_asked_for_without_need(past: Past) -> None:
    record, weeks = past.market.record, slice(1, past.market.week)
    units, asked, share = record.units[weeks], record.asked[weeks], record.in_stock[weeks]
    assert np.all(units <= asked)
    assert np.all(units[share == 1] == asked[share == 1])
    assert (units < asked).any(), "stock-outs censor sales"


def test_what_a_season_leaves_over_is_thrown_away_and_bought_anew(past: Past) -> None:
    market = past.market
    shelf, buying = market.world.catalogue.shelf, market.world.buying
    for week in range(market.week):
        wasted = market.record.wasted[week][shelf.seasonal]
        ends = buying.weeks_left(week)[shelf.seasonal] == 1
        assert np.all(wasted[~ends] == 0)
    assert np.all(buying.weeks_left(0)[~shelf.seasonal] == np.inf)
    assert np.all(buying.season_units[shelf.seasonal] > 0)
    assert buying.weeks_left(0)[shelf.seasonal].max() <= SEASON


def test_only_what_perishes_or_ends_is_thrown_away(past: Past) -> None:
    shelf = past.market.world.catalogue.shelf
    assert past.market.record.wasted[:, ~shelf.seasonal & ~shelf.perishable].sum() == 0
    assert past.market.record.wasted[:, shelf.perishable].sum() > 0
