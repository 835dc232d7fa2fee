"""What a model lives on is what it loses when that is kept from it."""

from __future__ import annotations

import numpy as np
import pytest

from shopkeeper.recommendations.evaluation.importance import SIGNALS
from shopkeeper.testing.planted_learning import PlantedLearning
from shopkeeper.training.split import time_split


def importance(model: str) -> dict[str, float]:
    system = PlantedLearning()
    split = time_split(system.data.times, 0.2)
    fitted = system.fit(model, system.data.take(split.train), {}, 1)
    return dict(system.exam(system.data, split.cutoff, 1).importance(fitted))


def test_a_popularity_lives_on_popularity_alone() -> None:
    assert importance("popular") == dict.fromkeys(SIGNALS, 0.0) | {"popularity": 1.0}


def test_item_knn_lives_on_the_planted_rings_so_on_history_and_order() -> None:
    found = importance("item-knn")
    assert set(found) == set(SIGNALS)
    assert sum(found.values()) == pytest.approx(1.0)
    assert found["history"] > 0.4
    assert found["order"] > found["event kinds"]


def test_one_list_for_all_is_uneven_and_popular_and_a_personal_one_less_so() -> None:
    system = PlantedLearning()
    split = time_split(system.data.times, 0.2)
    past = system.data.take(split.train)
    exam = system.exam(system.data, split.cutoff, 1)
    rules, knn = (exam.score(system.fit(name, past, {}, 1)).totals for name in ("popular", "item-knn"))
    assert rules["gini"] > knn["gini"]
    assert rules["mean popularity"] > knn["mean popularity"]
    assert rules["coverage"] < knn["coverage"]
    assert knn["mean popularity"] > np.bincount(past.items, minlength=len(past.index)).mean()
