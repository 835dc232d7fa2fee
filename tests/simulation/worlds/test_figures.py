from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.simulation.worlds.figures import (
    COUNTERPARTS,
    basket_figures,
    category_figures,
    flat,
    most_met,
    public_figures,
    session_figures,
)


def test_sessions_are_counted() -> None:
    sessions, items = flat([[0, 1, 0], [1, 2], [0, 1], [0, 1], [0, 1]])
    found = session_figures(sessions, items, 4)
    assert found["length"] == pytest.approx(11 / 5)
    assert found["repeat_share"] == pytest.approx(1 / 11)
    assert found["density"] == pytest.approx(10 / (5 * 4))
    assert found["hr20_popular"] == 1.0


def test_an_order_aware_neighbour_finds_what_always_follows_among_many() -> None:
    rng = np.random.default_rng(1)
    starts = rng.integers(0, 100, 600) * 2
    sessions, items = flat([[int(start), int(start) + 1] for start in starts])
    found = session_figures(sessions, items, 200)
    assert found["hr20_knn"] == 1.0
    assert found["hr20_popular"] < 0.4


def test_baskets_are_counted_and_what_was_bought_in_an_earlier_one_is_bought_again() -> None:
    shoppers, baskets = np.array([1, 1, 2, 1, 1, 2]), np.array([0, 0, 1, 2, 2, 3])
    items = np.array([5, 6, 5, 5, 7, 5])
    found = basket_figures(shoppers, baskets, items, 8)
    assert found["basket"] == pytest.approx(6 / 4)
    assert found["bought_again"] == pytest.approx(2 / 3)  # of the lines 5, 7 and 5


def test_only_the_products_met_most_are_kept_and_no_session_of_one_view() -> None:
    sessions, items = flat([[9, 4, 9], [9, 4], [3, 9]])
    kept, codes = most_met(sessions, items, 2)
    assert kept.tolist() == [0, 0, 0, 1, 1]
    assert codes.tolist() == [0, 1, 0, 0, 1]


def test_every_world_has_a_public_counterpart() -> None:
    public = public_figures()
    assert set(COUNTERPARTS) == {"tastes", "missions", "attributes"}
    assert {other for others in COUNTERPARTS.values() for other in others} == set(public)


def test_a_category_tells_what_comes_next_only_as_far_as_its_bestsellers_go() -> None:
    rng = np.random.default_rng(2)
    starts = rng.integers(0, 50, 600) * 2
    sessions, items = flat([[int(start), int(start) + 1] for start in starts])
    found = category_figures(sessions, items, np.arange(100) // 50)
    assert found["same_category"] == 1.0
    assert found["hr8_neighbours"] == 1.0
    assert found["hr8_category"] < 0.5
