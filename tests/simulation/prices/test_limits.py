from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopkeeper.simulation.prices.limits import (
    BAND,
    FLOOR,
    MOVE,
    RIVAL_CAP,
    charm,
    ladder_step,
    last_known,
    offered,
    paid,
)
from shopkeeper.simulation.prices.ports import Floats, Hold, Seen, Shelf


def prices(shelf: Shelf, regular: float, cost: float, rivals: float) -> Floats:
    """Return the allowed prices of the one pair."""
    offer = offered(shelf, np.array([regular]), np.array([cost]), np.full((1, 1, 3), rivals))
    return np.asarray(offer.price[offer.allowed])


def test_a_price_moves_by_a_tenth_at_most_and_stays_on_the_ladder(quiet: Seen) -> None:
    found = prices(quiet.shelf, 9.99, 5.0, 9.99)
    assert found == pytest.approx(np.arange(90, 109) / 10 + 0.09)
    assert found.min() >= 9.99 * (1 - MOVE)
    assert found.max() <= 9.99 * (1 + MOVE)


def test_the_cap_is_the_median_of_the_rivals_and_the_band_moves_with_cost(quiet: Seen) -> None:
    assert prices(quiet.shelf, 9.99, 5.0, 9.0).max() <= 9.0 * RIVAL_CAP
    assert prices(quiet.shelf, 12.0, 5.0, 20.0).max() <= 9.99 * (1 + BAND)
    assert prices(quiet.shelf, 12.9, 5.5, 20.0).max() > 9.99 * (1 + BAND)


def test_a_price_under_cost_goes_up_as_fast_as_it_may(quiet: Seen) -> None:
    assert prices(quiet.shelf, 9.99, 9.9, 9.0).min() >= 9.9 * FLOOR, "also where the cap is under it"
    assert prices(quiet.shelf, 9.99, 20.0, 9.99) == pytest.approx([10.89]), "a floor out of reach"


def test_an_absurd_feed_caps_nothing(quiet: Seen) -> None:
    assert prices(quiet.shelf, 9.99, 5.0, 0.99).max() == pytest.approx(10.89)
    assert prices(quiet.shelf, 9.99, 5.0, np.nan).max() == pytest.approx(10.89)


@given(
    anchor=st.floats(1.0, 90.0), drift=st.floats(0.5, 2.0), cost=st.floats(0.3, 1.2), rivals=st.floats(0.2, 3.0)
)  # fmt: skip
def test_every_pair_always_has_a_price_within_the_largest_move_or_the_one_it_had(
    anchor: float, drift: float, cost: float, rivals: float
) -> None:
    step = ladder_step(np.array([anchor]))
    one = np.zeros(1, dtype=np.int64)
    shelf = Shelf(
        one, one, one, step, np.array([anchor]), np.array([anchor / 2]), np.ones(1), one, one > 0, one > 0
    )  # fmt: skip
    regular = charm(np.array([anchor * drift]), step)
    offer = offered(shelf, regular, np.array([anchor * cost]), np.full((1, 1, 3), anchor * rivals))
    assert offer.allowed.any()
    allowed = offer.price[offer.allowed]
    assert np.all(np.abs(allowed / regular - 1) <= MOVE + 1e-9)
    assert np.all(np.diff(allowed) > 0)


def test_a_promotion_is_on_the_ladder_and_never_goes_below_cost() -> None:
    regular, step = np.array([9.99]), np.array([0.10])
    assert paid(regular, np.array([0.2]), np.array([5.0]), step) == pytest.approx([7.99])
    assert paid(regular, np.array([0.2]), np.array([8.5]), step) == pytest.approx([8.5])
    assert paid(regular, np.array([0.0]), np.array([5.0]), step) == pytest.approx([9.99])


def test_a_rival_that_is_missing_is_what_it_was_last_seen_at_for_four_weeks() -> None:
    feed = np.full((6, 1, 1), np.nan)
    feed[2] = 3.0
    assert last_known(feed)[0, 0] == 3.0
    assert np.isnan(last_known(feed[:, :, :], weeks=3)[0, 0])


def test_hold_keeps_its_price_where_it_may(quiet: Seen) -> None:
    offer = offered(quiet.shelf, quiet.regular[-1], quiet.cost_now, quiet.rivals)
    assert Hold().decide(quiet, offer).price == pytest.approx([9.99])
    dear = replace(quiet, cost_now=np.array([9.9]))
    offer = offered(dear.shelf, dear.regular[-1], dear.cost_now, dear.rivals)
    assert Hold().decide(dear, offer).price[0] >= 9.9 * FLOOR
