"""What a category's pairs have in common of a week's luck is told apart from the luck of each."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.pricing.demand.common_luck import common_luck, foretold


@pytest.mark.parametrize("common", [0.0, 0.15])
def test_luck_in_common_is_found_beside_luck_of_each(common: float) -> None:
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(20), 15)
    due = rng.uniform(0.7, 1.3, (300, 80))
    together = np.exp(common * rng.standard_normal((20, 80)) - common**2 / 2)[group]
    mean = rng.gamma(1.0, 10.0, 300)[:, None] * due * together
    units = rng.poisson(mean * rng.gamma(6.0, 1 / 6.0, mean.shape)).astype(np.float64)
    assert common_luck(units, due, np.full(300, 32.0), group) == pytest.approx(common, abs=0.03)


def test_a_pair_alone_has_nothing_in_common() -> None:
    units = np.random.default_rng(6).poisson(9.0, (4, 30)).astype(np.float64)
    assert common_luck(units, np.ones_like(units), np.full(4, 8.0), np.arange(4)) == 0.0


def test_a_period_is_foretold_from_those_before_it_alone() -> None:
    due = np.array([[1.0, 2.0, 0.0, 1.0]])
    expected = foretold(np.array([[4.0, 2.0, 0.0, 9.0]]), due, np.array([1.0]))
    by_hand = [0.0, 8.0, 0.0, (4 / 4 + 2 / 2) / (1 / 4 + 2 / 2)]  # a period of nothing ages both sums alike
    np.testing.assert_allclose(expected, [by_hand])
