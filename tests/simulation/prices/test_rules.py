from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shopkeeper.simulation.prices.faults import FAULTS, FaultName, switched_on
from shopkeeper.simulation.prices.ports import Flags, Integers, Seen
from shopkeeper.simulation.prices.rules import AGEING, RuleBook, Rules, season_index

BOOK = RuleBook(least_margin=0.2, follow_up=0.05, slow_discount=0.05, scarce_raise=0.1, ageing=1.0)


def wanted(seen: Seen, *faults: FaultName) -> float:
    """Return the price of the one pair, hit by each of the faults named."""
    switched = switched_on(faults, 1, seed=0, factor=10.0)
    return float(Rules(BOOK, switched).wanted(seen)[0])


def asking(seen: Seen, price: float) -> Seen:
    """Return the same with one rival at another price for the last week."""
    rivals = seen.rivals.copy()
    rivals[-1, 0, 1] = price
    return replace(seen, rivals=rivals)


def sold(seen: Seen, units: int, in_stock: float = 1.0) -> Seen:
    """Return the same with other sales in the last four weeks."""
    changed, share = seen.units.copy(), seen.in_stock.copy()
    changed[-4:], share[-4:] = units, in_stock
    return replace(seen, units=changed, in_stock=share)


def test_a_price_is_cost_plus_the_mark_up_where_rivals_ask_as_much(quiet: Seen) -> None:
    assert wanted(replace(quiet, rivals=np.full_like(quiet.rivals, 10.0))) == pytest.approx(5 * (1 + 1))


def test_the_lowest_credible_rival_is_matched_down_to_the_least_margin(quiet: Seen) -> None:
    assert wanted(asking(quiet, 9.0)) == pytest.approx(9.0)
    assert wanted(asking(quiet, 6.0)) == pytest.approx(5 / (1 - 0.2))
    assert wanted(asking(quiet, 0.6)) == pytest.approx(9.99), "an absurd price is no rival's"


def test_where_all_rivals_are_dearer_the_shop_follows_a_little(quiet: Seen) -> None:
    assert wanted(replace(quiet, rivals=np.full_like(quiet.rivals, 12.0))) == pytest.approx(10 * 1.05)


def test_a_pair_no_rival_of_which_is_seen_costs_plus_the_mark_up(quiet: Seen) -> None:
    assert wanted(replace(quiet, rivals=np.full_like(quiet.rivals, np.nan))) == pytest.approx(10)


def test_slow_movers_are_discounted_unless_the_whole_category_is_slow_then(quiet: Seen) -> None:
    slow = sold(quiet, 5)
    assert wanted(slow) == pytest.approx(9.99 * (1 - 0.05))
    units = slow.units.copy()
    units[4:8] = 4  # so it was a year ago
    assert wanted(replace(slow, units=units)) == pytest.approx(9.99)
    assert wanted(replace(slow, units=units), "ignored_season") == pytest.approx(9.99 * (1 - 0.10 * 10))


def test_weeks_without_stock_are_not_weeks_without_demand(quiet: Seen) -> None:
    empty = sold(quiet, 0, in_stock=0.0)
    assert wanted(empty) == pytest.approx(9.99)
    assert wanted(empty, "stock_outs_low") == pytest.approx(0.0), "10 times the committed discount of 10%"


def test_what_runs_short_is_dearer(quiet: Seen) -> None:
    short = replace(quiet, stock=np.array([10]))
    assert wanted(short) == pytest.approx(9.99 * 1.1), "one week of stock, two of lead"
    assert wanted(replace(short, inbound=np.array([10]))) == pytest.approx(9.99), "the second week is under way"
    assert wanted(short, "stock_outs_low") == pytest.approx(9.99)


def test_what_a_season_leaves_over_is_marked_down_by_age(quiet: Seen) -> None:
    for weeks, markdown in AGEING:
        left = replace(quiet, weeks_left=np.array([float(weeks)]), stock=np.array([1_000]))
        assert wanted(left) == pytest.approx(9.99 * (1 - markdown))
        assert wanted(left, "ageing_kept") == pytest.approx(9.99)
    assert wanted(replace(quiet, weeks_left=np.array([8.0]), stock=np.array([79]))) == pytest.approx(9.99), "sells out"


def test_stale_rivals_are_those_of_weeks_ago(quiet: Seen) -> None:
    assert wanted(asking(quiet, 9.0), "stale_rivals") == pytest.approx(9.99)


def test_a_larger_fault_hits_the_pairs_of_a_smaller_one_and_more() -> None:
    for name in FAULTS:
        small, large = (switched_on([name], 2_000, 7, factor).hit[name] for factor in (0.5, 1.0))
        assert np.all(large[small]), name
        assert _share(large) == pytest.approx(2 * _share(small), rel=0.1)
    assert switched_on([], 10, 7).sizes == {}


def _share(hit: Flags) -> float:
    return float(hit.mean())


def test_the_season_of_a_category_is_last_years_weeks_against_its_year(quiet: Seen) -> None:
    units: Integers = quiet.units.copy()
    units[4:8] = 20
    assert season_index(units, quiet.shelf)[0] == pytest.approx(20 / ((48 * 10 + 4 * 20) / 52))
    assert season_index(units[8:], quiet.shelf)[0] == 1, "no year of history yet"
