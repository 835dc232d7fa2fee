"""A whole run on the planted shop: what it keeps, what it blesses, who serves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from shopkeeper.engines.state import State, open_state
from shopkeeper.errors import NotEnoughData, UnknownModel
from shopkeeper.recommendations.interactions import Interactions
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.registry.bundle import open_bundle
from shopkeeper.testing.planted import planted_interactions
from shopkeeper.testing.planted_learning import PlantedLearning
from shopkeeper.training.ports import Parameters
from shopkeeper.training.run import Rails, TrainingPlan, TrainingResult, train

PLAN = TrainingPlan(resamples=200, seed=5)


class UselessLearning(PlantedLearning):
    """A system whose model is worse than the baseline: popularity of the last hours alone."""

    def fit(self, model: str, data: Interactions, parameters: Parameters, seed: int) -> RecommendationModel:  # noqa: ARG002
        worse = {} if model == self.baseline else {"half_life_days": 0.2}
        return super().fit(self.baseline, data, worse, seed)


@dataclass
class Bench:
    """Everything a run needs, kept for looking at."""

    folder: Path
    state: State
    said: list[str] = field(default_factory=list)
    now: datetime = datetime(2026, 3, 10, 9, tzinfo=UTC)

    def train(self, plan: TrainingPlan = PLAN, system: PlantedLearning | None = None) -> TrainingResult:
        self.now += timedelta(minutes=1)
        rails = Rails(
            self.state.registry, self.state.reports, self.folder, "0.0.1", lambda: self.now, "test", self.said.append
        )
        return train(system or PlantedLearning(), plan, rails)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    state = open_state("sqlite://")
    yield Bench(tmp_path, state)
    state.close()


def test_a_run_leaves_a_version_that_opens_and_serves(bench: Bench) -> None:
    result = bench.train()
    version = bench.state.registry.get("recommendations", result.manifest.version)
    bundle = open_bundle(bench.folder / version.folder)
    assert bundle.manifest.model == version.model == "item-knn"
    assert bundle.manifest.fingerprint == version.fingerprint == planted_interactions().fingerprint()
    assert bundle.manifest.seed == 5
    assert bundle.manifest.code_version == "0.0.1"
    assert bundle.manifest.parameters["window"] == 8
    assert version.blessed
    assert result.champion == result.first_champion == version.version


def test_metrics_carry_their_intervals_and_the_baseline(bench: Bench) -> None:
    metrics = bench.train().manifest.metrics
    for name in ("hr@5", "hr@10", "hr@20", "ndcg@5", "ndcg@10", "ndcg@20", "mrr@20"):
        assert metrics[name]["low"] <= metrics[name]["value"] <= metrics[name]["high"]
        assert set(metrics["baseline"][name]) == set(metrics["difference"][name]) == {"value", "low", "high"}
    assert 0 < metrics["coverage"]["value"] <= 1
    assert {"known shoppers", "tail products", "store north-1"} <= set(metrics["slices"])


def test_the_same_data_and_seed_give_the_same_metrics_and_arrays(bench: Bench) -> None:
    first, second = bench.train(), bench.train()
    assert first.manifest.version != second.manifest.version
    assert first.manifest.content == second.manifest.content
    assert first.manifest.metrics == second.manifest.metrics
    assert {n: e.sha256 for n, e in first.manifest.arrays.items()} == {
        n: e.sha256 for n, e in second.manifest.arrays.items()
    }


def test_a_later_version_does_not_take_over_by_itself(bench: Bench) -> None:
    first, second = bench.train(), bench.train()
    assert second.first_champion is None
    assert second.champion == first.manifest.version
    assert len(bench.state.registry.versions("recommendations")) == 2


def test_the_baseline_may_be_the_first_champion(bench: Bench) -> None:
    result = bench.train(TrainingPlan(model="popular", resamples=100))
    assert not result.blessed
    assert result.champion == result.manifest.version


def test_a_model_that_does_not_beat_the_baseline_does_not_serve(bench: Bench) -> None:
    result = bench.train(system=UselessLearning())
    assert not result.blessed
    assert result.champion != result.manifest.version
    champion = bench.state.registry.get("recommendations", result.champion or "")
    assert champion.model == "popular"
    assert any("does not beat popular" in text for text in bench.said)


def test_a_failed_model_leaves_the_champion_alone(bench: Bench) -> None:
    first = bench.train()
    second = bench.train(system=UselessLearning())
    assert second.champion == first.manifest.version
    assert len(bench.state.registry.versions("recommendations")) == 2


def test_the_report_is_kept(bench: Bench) -> None:
    result = bench.train()
    report = bench.state.reports.latest("training")[0]
    assert report.number == result.report
    assert report.body["version"] == result.manifest.version
    assert report.body["blessed"] is True
    assert report.body["data"]["interactions"] == len(planted_interactions())
    assert report.body["metrics"]["ndcg@10"] == result.manifest.metrics["ndcg@10"]


def test_models_are_judged_on_what_they_have_not_seen(bench: Bench) -> None:
    seen: list[int] = []

    class Watched(PlantedLearning):
        def fit(self, model: str, data: Interactions, parameters: Parameters, seed: int) -> RecommendationModel:
            seen.append(int(data.times.max()))
            return super().fit(model, data, parameters, seed)

    result = bench.train(system=Watched())
    cutoff = int(result.cutoff.timestamp() * 1_000_000)
    newest = int(planted_interactions().times.max())
    assert [time < cutoff for time in seen] == [True] * (len(seen) - 1) + [False]
    assert len(seen) > 2
    assert seen[-1] == newest


def test_an_unknown_model_is_refused_before_anything_is_read(bench: Bench) -> None:
    with pytest.raises(UnknownModel, match=r"'als'.*item-knn, popular"):
        bench.train(TrainingPlan(model="als"))
    assert bench.said == []


@pytest.mark.parametrize(
    ("rows", "plan", "says"),
    [
        (0, PLAN, "There are 0 interactions"),
        (40, PLAN, "There are 40 interactions to train on; 500 are needed"),
        (2000, TrainingPlan(minimum_cases=10_000), r"Only \d+ shopper\(s\) met a new product"),
    ],
)
def test_too_little_data_is_said_with_figures_and_a_remedy(
    bench: Bench, rows: int, plan: TrainingPlan, says: str
) -> None:
    data = planted_interactions()
    few = data.take(np.arange(len(data)) < rows)
    with pytest.raises(NotEnoughData, match=says) as caught:
        bench.train(plan, PlantedLearning(few))
    assert caught.value.remedy
    assert bench.state.registry.versions() == []
