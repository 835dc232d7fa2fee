"""Trees as arrays answer what LightGBM answers."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.registry.trees import MOST_LEAVES, NO_TREES, Trees

lightgbm = pytest.importorskip("lightgbm")


@pytest.mark.parametrize("leaves", [2, 9, MOST_LEAVES])
def test_the_arrays_answer_as_lightgbm_does(leaves: int) -> None:
    draw = np.random.default_rng(leaves)
    rows = draw.normal(size=(500, 6)).astype(np.float32)
    rows[:, 3] = np.round(rows[:, 3])  # values on a threshold, many times
    wanted = rows[:, 0] * (rows[:, 1] > 0) + rows[:, 3] ** 2
    settings = {"num_leaves": leaves, "min_data_in_leaf": 3, "use_missing": False, "verbosity": -1, "num_threads": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(rows, label=wanted, params=settings), 30)
    trees = Trees.of_dump(booster.dump_model())
    asked = np.concatenate([rows, draw.normal(size=(200, 6)).astype(np.float32) * 9])
    np.testing.assert_allclose(trees.scores(asked), booster.predict(asked, raw_score=True), rtol=1e-9, atol=1e-9)
    again = Trees.from_arrays("t", trees.arrays("t"))
    np.testing.assert_array_equal(again.scores(asked), trees.scores(asked))


def test_no_tree_says_nothing() -> None:
    assert NO_TREES.scores(np.ones((3, 2), dtype=np.float32)).tolist() == [0.0, 0.0, 0.0]
