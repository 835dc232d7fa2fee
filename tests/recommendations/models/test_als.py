"""Folding a history in, against the equation it solves."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.models.als import Als, AlsParams
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.testing.model_suite import asked_about

PARAMS = AlsParams(factors=5, regularization=0.7, confidence=4.0)
HISTORY, WEIGHTS = [0, 3, 5], [1.0, 0.5, 1.5]


@pytest.fixture
def model() -> Als:
    index = ItemIndex(("north", "south"), np.array([0, 8, 14]), [f"p{n}" for n in range(14)])
    factors = np.random.default_rng(4).normal(size=(14, 5)).astype(np.float32)
    return Als(factors, Popular(index, ("shop",), {}, PopularParams()), PARAMS)


def solved(model: Als) -> np.ndarray:
    """Solve equation 4 of Hu et al. as it is written, with every product of the group."""
    own = model.factors[:8].astype(np.float64)
    wanted = np.zeros(8)
    wanted[HISTORY] = 1.0
    confidence = np.ones(8)
    confidence[HISTORY] += PARAMS.confidence * np.array(WEIGHTS)
    matrix = own.T @ np.diag(confidence) @ own + PARAMS.regularization * np.eye(5)
    return own @ np.linalg.solve(matrix, own.T @ (confidence * wanted))


def test_a_history_is_folded_in_as_the_equation_says(model: Als) -> None:
    found = model.score(asked_about(HISTORY, WEIGHTS, "shop"))
    dense = np.zeros(14)
    dense[found.items] = found.scores
    np.testing.assert_allclose(dense[:8], np.maximum(solved(model), 0.0), rtol=1e-5, atol=1e-6)
    assert not dense[8:].any()


def test_what_the_entries_add_makes_up_the_score(model: Als) -> None:
    parts = model.explain(np.arange(8), asked_about(HISTORY, WEIGHTS, "shop"))
    np.testing.assert_allclose(parts.sum(axis=1), solved(model), rtol=1e-5, atol=1e-6)
