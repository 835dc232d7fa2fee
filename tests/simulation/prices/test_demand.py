from __future__ import annotations

from math import exp, pi, sqrt

import numpy as np
import pytest

from shopkeeper.simulation.prices.demand import LARGE, poisson, sold_of
from shopkeeper.simulation.prices.history import Past


def test_counts_are_the_quantile_of_the_poisson_law() -> None:
    rate = 1.5
    heads = [exp(-rate), exp(-rate) * rate, exp(-rate) * rate**2 / 2]
    chance = np.array([heads[0] - 1e-9, heads[0] + 1e-9, sum(heads[:2]) + 1e-9, sum(heads) + 1e-9])
    assert poisson(np.full(4, rate), chance).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("rate", [0.3, 5.0, LARGE - 1, LARGE + 1, 400.0])
def test_counts_have_mean_and_variance_of_the_law(rate: float) -> None:
    counts = poisson(np.full(9_999, rate), (np.arange(9_999) + 0.5) / 9_999)
    assert counts.mean() == pytest.approx(rate, rel=0.005)
    assert counts.var() == pytest.approx(rate, rel=0.02)
    assert np.all(np.diff(counts) >= 0)


def test_what_is_sold_is_the_mean_of_the_lesser_of_demand_and_stock() -> None:
    mean, deviation = np.full(3, 100.0), np.full(3, 10.0)
    sold = sold_of(mean, deviation, np.array([0.0, 100.0, 1_000.0]))
    assert sold == pytest.approx([0, 100 - 10 / sqrt(2 * pi), 100])


def test_one_price_alone_changes_the_total_by_what_its_response_says(past: Past) -> None:
    truth, seen = past.market.foresight(), past.market.seen(past.target)
    paid = seen.regular[-1]
    candidates = paid[:, None] * np.array([0.92, 1.0, 1.06])
    response = truth.demand.response(truth.moment, paid, candidates)
    before = truth.demand.mean(truth.moment, paid)
    assert response.units[:, 1] == pytest.approx(before)
    assert response.other_revenue[:, 1] == pytest.approx(0, abs=1e-6)
    for pair in (0, 40):
        for place in (0, 2):
            moved = paid.copy()
            moved[pair] = candidates[pair, place]
            after = truth.demand.mean(truth.moment, moved)
            others = np.arange(len(paid)) != pair
            assert response.units[pair, place] == pytest.approx(after[pair], rel=0.01)
            gained = float(((after - before) * paid)[others].sum())
            assert response.other_revenue[pair, place] == pytest.approx(gained, rel=0.05, abs=1e-9)
            spent = float(((after - before) * truth.moment.cost)[others].sum())
            assert response.other_cost[pair, place] == pytest.approx(spent, rel=0.05, abs=1e-9)


def test_a_dearer_product_sells_less_and_its_category_no_less(past: Past) -> None:
    truth, paid = past.market.foresight(), past.market.seen(past.target).regular[-1]
    response = truth.demand.response(truth.moment, paid, paid[:, None] * np.linspace(0.9, 1.1, 7))
    assert np.all(np.diff(response.units, axis=1) < 0)
    assert np.all(np.diff(response.other_revenue, axis=1) >= 0)
