from __future__ import annotations

import itertools

import numpy as np
import pytest

from shopkeeper.simulation.worlds.acting import Acts, clicks, foresee, purchases, searches, step

ACTS = Acts(
    position_exponent=1.0, click_threshold=0.0, click_slope=1.0, search=0.8, sharpness=1.0, buy_threshold=0.0,
    buy_slope=1.0, again=0.0,
)  # fmt: skip
EVEN = np.zeros((1, 3), dtype=np.float32)


def test_the_first_click_leaves_the_list_and_lower_places_are_seen_less() -> None:
    first = clicks(EVEN, np.array([[0, 1]]), ACTS)
    assert first[0].tolist() == pytest.approx([1 * 0.5, (1 - 0.5) * 0.5 * 0.5])


def test_an_empty_place_is_never_clicked() -> None:
    assert clicks(EVEN, np.array([[0, -1]]), ACTS)[0].tolist() == pytest.approx([0.5, 0.0])


def test_a_search_ends_in_proportion_to_the_exponential_of_utility() -> None:
    liking = np.array([[0.0, np.log(2.0), np.log(3.0)]], dtype=np.float32)
    assert searches(liking, ACTS)[0].tolist() == pytest.approx([1 / 6, 2 / 6, 3 / 6])


def test_a_list_is_worth_what_is_bought_after_a_click_or_after_a_search() -> None:
    shown, prices = np.array([[0]]), np.array([10.0, 20.0, 30.0])
    first, found, buys = clicks(EVEN, shown, ACTS), searches(EVEN, ACTS), purchases(EVEN, ACTS)
    hoped = foresee(first, found, buys, shown, prices, ACTS)
    assert hoped.click[0] == pytest.approx(0.5)
    assert hoped.revenue[0] == pytest.approx(0.5 * 0.5 * 10 + 0.5 * 0.8 * (10 + 20 + 30) / 3 * 0.5)
    assert hoped.orders[0] == pytest.approx(0.5 * 0.5 + 0.5 * 0.8 * 0.5)


def test_dice_decide_between_click_search_and_leaving() -> None:
    first, found = np.array([[0.3, 0.2]]), np.array([[0.5, 0.25, 0.25]])
    shown = np.array([[2, 1]])

    def went(*dice: float) -> tuple[int, int]:
        place, product = step(first, found, shown, np.array([dice]), ACTS)
        return int(place[0]), int(product[0])

    assert went(0.29, 0.9, 0.9) == (1, 2)
    assert went(0.49, 0.9, 0.9) == (2, 1)
    assert went(0.51, 0.79, 0.6) == (0, 1)
    assert went(0.51, 0.81, 0.6) == (0, -1)


def test_no_other_order_is_clicked_more_than_by_utility() -> None:
    liking = np.array([[0.5, -1.0, 2.0, 0.0]], dtype=np.float32)
    orders = {order: float(clicks(liking, np.array([order]), ACTS).sum()) for order in itertools.permutations(range(4))}
    assert max(orders, key=lambda order: orders[order]) == (2, 0, 3, 1)
