"""Rolling origin: each fold is judged on what came after everything it learned from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shopkeeper.errors import NotEnoughData
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.evaluation.exam import RecommendationExam
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.testing.planted import planted_interactions
from shopkeeper.testing.planted_learning import PlantedLearning
from shopkeeper.training.cross_validate import Fold, cross_validate, summarise
from shopkeeper.training.ports import Parameters

START = datetime(2026, 1, 1, tzinfo=UTC)


class Watched(PlantedLearning):
    """Keeps what each fold was taught and asked."""

    def __init__(self) -> None:
        super().__init__()
        self.folds: list[tuple[int, int, int]] = []
        self._newest = 0

    def fit(self, model: str, data: Interactions, parameters: Parameters, seed: int) -> RecommendationModel:
        self.folds.append((int(data.times.max()), *self._asked))
        return super().fit(model, data, parameters, seed)

    def exam(self, data: Interactions, cutoff: int, seed: int) -> RecommendationExam:
        self._asked = (cutoff, int(data.times.max()))
        return super().exam(data, cutoff, seed)


def fold(number: int, value: float, *, baseline: float = 0.05, error: float = 0.001) -> Fold:
    at = START + timedelta(days=10 * number)
    return Fold(at, at + timedelta(days=10), 1000, 200, {"ndcg@10": value}, {"ndcg@10": baseline}, error)


def test_each_fold_is_taught_before_its_origin_and_asked_up_to_the_next() -> None:
    system = Watched()
    found = cross_validate(system, "item-knn", {}, planted_interactions(), folds=3, seed=1)
    assert len(found.folds) == 3
    for taught, cutoff, _ in system.folds:
        assert taught < cutoff
    cutoffs = sorted({cutoff for _, cutoff, _ in system.folds})
    ends = sorted({end for _, _, end in system.folds})
    assert all(end < later for end, later in zip(ends, cutoffs[1:], strict=False))
    assert [one.rows for one in found.folds] == sorted(one.rows for one in found.folds)
    assert all(one.cutoff <= one.until for one in found.folds)
    assert all(one.cases > 20 for one in found.folds)


def test_the_spread_is_over_the_folds() -> None:
    found = summarise("ndcg@10", [fold(0, 0.10), fold(1, 0.12), fold(2, 0.14)])
    spread = found.spread["ndcg@10"]
    assert spread.mean == found.mean == pytest.approx((0.10 + 0.12 + 0.14) / 3)
    assert spread.sd == pytest.approx(((0.02**2 + 0 + 0.02**2) / 2) ** 0.5)
    assert (spread.low, spread.high) == (0.10, 0.14)


def test_folds_that_differ_by_more_than_chance_are_not_stable_and_the_worst_is_named() -> None:
    found = summarise("ndcg@10", [fold(0, 0.10), fold(1, 0.04, baseline=0.06), fold(2, 0.11)])
    assert not found.stable
    assert "from 2026-01-11 to 2026-01-21 it was 0.0400" in found.note
    assert "Above the baseline in 2 of 3 folds" in found.note


def test_folds_that_differ_as_chance_does_are_stable() -> None:
    few_cases = [fold(0, 0.10, error=0.05), fold(1, 0.04, error=0.05), fold(2, 0.11, error=0.05)]
    assert summarise("ndcg@10", few_cases).stable
    assert summarise("ndcg@10", [fold(0, 0.100), fold(1, 0.101), fold(2, 0.099)]).stable


def test_the_document_is_plain_json() -> None:
    found = cross_validate(Watched(), "popular", {}, planted_interactions(), folds=2, seed=1)
    document = msgspec.json.decode(msgspec.json.encode(found.document()))
    assert document["folds"][0]["cutoff"] == found.folds[0].cutoff.isoformat()
    assert document["spread"]["ndcg@10"]["mean"] == found.mean
    assert document["folds"][0]["baseline"] == document["folds"][0]["metrics"]


def test_a_fold_nobody_can_be_asked_in_is_said() -> None:
    data = planted_interactions()
    with pytest.raises(NotEnoughData, match="No shoppers met a new product"):
        cross_validate(Watched(), "popular", {}, data.take(data.shoppers < 0), folds=2, seed=1)
