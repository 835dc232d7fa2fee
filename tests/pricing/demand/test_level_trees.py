"""Trees mend levels only where they have shown that they do, and prices act through the slope alone."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.pricing.demand.demand_level import fit_level
from shopkeeper.pricing.demand.level_trees import fit_boosted
from shopkeeper.pricing.demand.panel import PricePanel

pytest.importorskip("lightgbm")


def shelf(phases: bool) -> PricePanel:
    """Pairs of one category whose seasons are opposite where `phases`, and which sell by chance."""
    rng = np.random.default_rng(1)
    pairs, week = 80, np.arange(130)
    turn = np.where(np.arange(pairs) % 2 == 0, 0.0, np.pi)[:, None] * phases
    units = rng.poisson(60 * np.exp(0.8 * np.sin(2 * np.pi * week / 52 + turn))).astype(np.float64)
    codes = np.arange(pairs)
    return PricePanel(codes, codes * 0, codes * 0, units, np.full_like(units, 10.0), np.ones_like(units))


def test_trees_learn_what_a_category_s_season_hides() -> None:
    panel, slope = shelf(phases=True), np.full(80, -2.0)
    past, coming = panel.of_periods(slice(0, 122)), panel.of_periods(slice(122, 130))
    boosted, plain = fit_boosted(past, slope), fit_level(past, slope)
    errors = [np.abs(one.expected(8) - coming.units).sum() for one in (boosted, plain)]
    assert errors[0] < 0.9 * errors[1]
    price = np.full((80, 8), 11.0)
    np.testing.assert_allclose(boosted.expected(8, price) / boosted.expected(8), (11 / 10) ** -2.0)


def test_where_there_is_nothing_to_learn_there_are_no_trees() -> None:
    panel, slope = shelf(phases=False), np.full(80, -2.0)
    boosted = fit_boosted(panel, slope)
    assert len(boosted.trees) == 0
    np.testing.assert_allclose(boosted.expected(4), fit_level(panel, slope).expected(4))
