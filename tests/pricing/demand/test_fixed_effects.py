"""What is left of a column is what least squares on all effects leaves."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.pricing.demand.fixed_effects import Effects


@pytest.mark.parametrize(("trend", "by_period"), [(False, False), (True, False), (False, True), (True, True)])
def test_effects_are_those_of_weighted_least_squares(trend: bool, by_period: bool) -> None:
    rng = np.random.default_rng(3)
    pairs, periods = 4, 9
    weights = rng.uniform(0.5, 2.0, (pairs, periods))
    weights[1, 4] = 0.0
    columns = rng.normal(size=(2, pairs, periods))
    effects = Effects.of(periods, trend=trend, by_period=by_period)
    design = np.concatenate([np.kron(np.eye(pairs), row) for row in effects.basis])
    if by_period:
        design = np.concatenate([design, np.tile(np.eye(periods), pairs)])
    root = np.sqrt(weights.ravel())
    expected = [
        column - (np.linalg.lstsq((design * root).T, column * root, rcond=None)[0] @ design)
        for column in columns.reshape(2, -1)
    ]
    effects.take_out(columns, weights, 200)
    found = columns.reshape(2, -1)
    np.testing.assert_allclose(found[:, root > 0], np.asarray(expected)[:, root > 0], atol=1e-8)
