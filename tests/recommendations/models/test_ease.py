"""The table of strengths, and the closed form against the regression it solves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shopkeeper.errors import InputError
from shopkeeper.recommendations.behaviour.interactions import KINDS
from shopkeeper.recommendations.behaviour.strengths import strengths
from shopkeeper.recommendations.models import ease
from shopkeeper.recommendations.models.ease import Ease, EaseParams
from shopkeeper.testing.planted import PRODUCTS, planted_interactions

RATING, STARS = KINDS.index("rating"), [0.0, 3.0, 4.0, 5.0]
ALL = EaseParams(regularization=30.0, neighbours=PRODUCTS)


def dense(model: Ease) -> np.ndarray:
    table: np.ndarray = model.weights.table().toarray()
    return table


def test_a_rating_is_as_strong_as_it_is_high_and_like_four_stars_where_it_says_nothing() -> None:
    seen = planted_interactions().sequences
    stars = np.resize(np.array(STARS, dtype=np.float32), len(seen))
    rated = replace(
        seen, items=np.arange(len(seen), dtype=np.int32), kinds=np.full(len(seen), RATING, dtype=np.int8), stars=stars
    )
    assert strengths(rated, 0, 4).sum(axis=0) == pytest.approx([1.2, 0.9, 1.2, 1.5])
    viewed = replace(rated, kinds=np.zeros(len(seen), dtype=np.int8))
    assert strengths(viewed, 0, 4).sum(axis=0) == pytest.approx([1.0] * 4)


def test_each_product_is_foretold_by_a_ridge_regression_on_all_others() -> None:
    data = planted_interactions()
    found = dense(Ease.fit(data, ALL, 1))[:PRODUCTS, :PRODUCTS]
    seen = strengths(data.sequences, 0, PRODUCTS).toarray().astype(np.float64)
    for product in (0, 7, PRODUCTS - 1):
        others = np.arange(PRODUCTS) != product
        left = seen[:, others]
        wanted = np.linalg.solve(left.T @ left + 30.0 * np.eye(PRODUCTS - 1), left.T @ seen[:, product])
        np.testing.assert_allclose(found[others, product], wanted, rtol=2e-3, atol=1e-5)
        assert found[product, product] == 0


def test_the_largest_weights_are_kept_whatever_their_sign() -> None:
    data = planted_interactions()
    whole, few = (dense(Ease.fit(data, EaseParams(neighbours=n), 1))[:PRODUCTS] for n in (PRODUCTS, 5))
    for row, kept in zip(np.abs(whole), few, strict=True):
        assert np.count_nonzero(kept) == 5
        assert np.abs(kept[kept != 0]).min() >= np.sort(row)[-5]
    assert (few < 0).any()


def test_a_catalogue_too_large_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ease, "MOST_PRODUCTS", PRODUCTS - 1)
    with pytest.raises(InputError, match="Train item-knn or als"):
        Ease.fit(planted_interactions(), ALL, 1)
