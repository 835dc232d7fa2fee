"""The best of many products are those a whole sort would put first."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.recommendations.hybrid.scan import best_of, leanings


@pytest.mark.parametrize("size", [0, 5, 640, 64 * 41 + 17])
@pytest.mark.parametrize("kinds", [3, 10_000])
def test_the_best_are_those_of_a_whole_sort_of_equals_the_first(size: int, kinds: int) -> None:
    draw = np.random.default_rng(size + kinds)
    scores = (draw.integers(-kinds, kinds, size=(size, 6)) / 8.0).astype(np.float32)
    scores[:, 0] = -1.0  # nothing is above 0
    scores[: size // 2, 1] = 0.0
    for column, found in enumerate(best_of(scores, 20)):
        order = np.argsort(-scores[:, column], kind="stable")[:20]
        np.testing.assert_array_equal(found, np.sort(order[scores[order, column] > 0]))


def test_a_question_is_answered_within_its_group_and_without_one_not_at_all() -> None:
    draw = np.random.default_rng(5)
    vectors = draw.normal(size=(30, 4)).astype(np.float32)
    tastes = draw.normal(size=(3, 4)).astype(np.float32)
    first, none, second = leanings(vectors, [(0, 12), (12, 30)], np.array([0, -1, 1]), tastes, 3)
    items = np.array([0, 11, 12, 29])
    wanted = vectors @ tastes.T
    np.testing.assert_allclose(first.of(items), [wanted[0, 0], wanted[11, 0], 0.0, 0.0], rtol=1e-6)
    np.testing.assert_allclose(second.of(items), [0.0, 0.0, wanted[12, 2], wanted[29, 2]], rtol=1e-6)
    assert not none.of(items).any()
    assert not len(none.best)
    assert set(second.best) <= set(range(12, 30))
    assert second.highest == pytest.approx(max(wanted[12:, 2].max(), 0.0))
