"""A whole run on the planted shop: what it keeps, what it blesses, who serves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shopkeeper.engines.optuna_tuner import OptunaTuner
from shopkeeper.engines.sequential_shards import SequentialShards
from shopkeeper.engines.state import State, open_state
from shopkeeper.errors import ContractNotMet, NotEnoughData, UnknownModel
from shopkeeper.quality.verdict import QualityVerdict
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.registry.bundle import Bundle, open_bundle, read_manifest
from shopkeeper.testing.planted import planted_interactions
from shopkeeper.testing.planted_learning import PlantedLearning
from shopkeeper.testing.steps_in_memory import Died, Place, StepsInMemory
from shopkeeper.training.plan import Rails, TrainingPlan
from shopkeeper.training.ports import Parameters
from shopkeeper.training.run import TrainingResult, shares, train

PLAN = TrainingPlan(resamples=200, seed=5, timed_answers=20)
WHOLE = replace(PLAN, resamples=100, trials=4, folds=2)
STEPS = list(shares(WHOLE))


class UselessLearning(PlantedLearning):
    """A system whose model is worse than the baseline: popularity of the last hours alone."""

    def fit(self, model: str, data: Interactions, parameters: Parameters, seed: int) -> RecommendationModel:  # noqa: ARG002
        worse = {} if model == self.baseline else {"half_life_days": 0.2}
        return super().fit(self.baseline, data, worse, seed)

    def answerer(self, bundle: Bundle, data: Interactions, seed: int) -> Callable[[int], object]:  # noqa: ARG002
        return lambda number: number  # what it wrote is popularity under another name, which nobody can open


@dataclass
class Bench:
    """Everything a run needs, kept for looking at."""

    folder: Path
    state: State
    said: list[str] = field(default_factory=list)
    noted: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    refreshed: list[datetime] = field(default_factory=list)
    verdicts: list[QualityVerdict] = field(default_factory=list)
    now: datetime = datetime(2026, 3, 10, 9, tzinfo=UTC)
    runs: int = 0

    def train(
        self,
        plan: TrainingPlan = PLAN,
        system: PlantedLearning | None = None,
        steps: StepsInMemory | None = None,
    ) -> TrainingResult:
        self.now += timedelta(minutes=1)
        self.runs += 1
        steps = steps or StepsInMemory(self.folder / "runs" / str(self.runs))
        return train(system or PlantedLearning(), plan, self.rails(), steps)

    def rails(self) -> Rails:
        def refresh(at: datetime) -> Mapping[str, Any]:
            self.refreshed.append(at)
            return {"at": at}

        return Rails(
            registry=self.state.registry,
            reports=self.state.reports,
            models=self.folder,
            environment={"shopkeeper": "0.0.1", "numpy": "2"},
            verdicts=lambda _: self.verdicts,
            refresh_features=refresh,
            drift_reference=lambda at: f"before {at:%Y-%m-%d}".encode(),
            objective=None,
            note=lambda action, detail: self.noted.append((action, detail)),
            tuner=OptunaTuner,
            shards=lambda _: nullcontext(SequentialShards()),
            clock=lambda: self.now,
            who="test",
            say=self.said.append,
        )


def measured(result: TrainingResult) -> dict[str, Any]:
    """Return the figures of a model; how fast it answers is a stopwatch's and differs each time."""
    assert result.metrics["latency"]["p99_ms"] > 0
    return {name: found for name, found in result.metrics.items() if name != "latency"}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    state = open_state("sqlite://")
    yield Bench(tmp_path, state)
    state.close()


def test_a_run_leaves_a_version_that_opens_and_serves(bench: Bench) -> None:
    result = bench.train(replace(PLAN, parameters={"window": 5}))
    version = bench.state.registry.get("recommendations", result.version)
    bundle = open_bundle(bench.folder / version.folder)
    assert bundle.manifest.model == version.model == "item-knn"
    assert bundle.manifest.fingerprint == version.fingerprint == planted_interactions().fingerprint()
    assert bundle.manifest.seed == 5
    assert bundle.manifest.code_version == "0.0.1"
    assert (bundle.manifest.parameters["window"], bundle.manifest.parameters["history"]) == (5, 50)
    assert version.lineage.facts["plan"]["parameters"] == {"window": 5}
    assert version.blessed
    assert result.champion == result.first_champion == version.version


def test_a_version_lies_with_what_the_data_looked_like_before_it(bench: Bench) -> None:
    result = bench.train(replace(PLAN, until=datetime(2026, 3, 1, tzinfo=UTC)))
    folder = bench.folder / "recommendations" / result.version
    assert (folder / "drift_reference.json").read_bytes() == b"before 2026-03-01"
    assert open_bundle(folder).manifest.version == result.version


def test_metrics_carry_their_intervals_and_the_baseline(bench: Bench) -> None:
    metrics = bench.train().metrics
    for name in ("hr@5", "hr@10", "hr@20", "ndcg@5", "ndcg@10", "ndcg@20", "mrr@20"):
        assert metrics[name]["low"] <= metrics[name]["value"] <= metrics[name]["high"]
        assert set(metrics["baseline"][name]) == set(metrics["difference"][name]) == {"value", "low", "high"}
    assert 0 < metrics["coverage"]["value"] <= 1
    assert {"known shoppers", "tail products", "store north-1"} <= set(metrics["slices"])


def test_the_same_data_and_seed_give_the_same_metrics_and_arrays(bench: Bench) -> None:
    first, second = bench.train(), bench.train()
    assert first.version != second.version
    assert first.content == second.content
    assert measured(first) == {name: one for name, one in measured(second).items() if name != "champion"}
    assert second.metrics["champion"]["name"] == first.version


def test_a_later_version_does_not_take_over_by_itself(bench: Bench) -> None:
    first, second = bench.train(), bench.train()
    assert second.first_champion is None
    assert second.champion == first.version
    assert len(bench.state.registry.versions("recommendations")) == 2


def test_the_baseline_may_be_the_first_champion(bench: Bench) -> None:
    result = bench.train(replace(PLAN, model="popular"))
    assert not result.blessed
    assert result.champion == result.version


def test_a_model_that_does_not_beat_the_baseline_does_not_serve(bench: Bench) -> None:
    result = bench.train(replace(PLAN, parameters={"window": 5}), UselessLearning())
    assert not result.blessed
    assert result.champion != result.version
    champion = bench.state.registry.get("recommendations", result.champion or "")
    assert champion.model == "popular"
    plan = champion.lineage.facts["plan"]
    assert (plan["model"], plan["parameters"]) == ("popular", {})
    assert any("does not beat popular" in text for text in bench.said)


def test_a_blessed_version_beside_a_champion_is_its_challenger_and_another_is_not(bench: Bench) -> None:
    first = bench.train(replace(PLAN, model="popular"))
    better = bench.train()
    assert better.blessed
    assert bench.state.registry.pointer("recommendations", "challenger") == better.version
    assert bench.state.registry.pointer("recommendations", "champion") == first.version
    worse = bench.train(system=UselessLearning())
    assert not worse.blessed
    assert bench.state.registry.pointer("recommendations", "challenger") == better.version


def test_a_failed_model_leaves_the_champion_alone(bench: Bench) -> None:
    first = bench.train()
    second = bench.train(system=UselessLearning())
    assert second.champion == first.version
    assert len(bench.state.registry.versions("recommendations")) == 2


def test_the_report_is_kept(bench: Bench) -> None:
    result = bench.train()
    report = bench.state.reports.latest("training")[0]
    assert report.number == result.report
    assert report.body["version"] == result.version
    assert report.body["blessed"] is True
    assert report.body["data"]["interactions"] == len(planted_interactions())
    assert report.body["metrics"]["ndcg@10"] == result.metrics["ndcg@10"]


def test_models_are_judged_on_what_they_have_not_seen(bench: Bench) -> None:
    seen: list[int] = []

    class Watched(PlantedLearning):
        def fit(self, model: str, data: Interactions, parameters: Parameters, seed: int) -> RecommendationModel:
            seen.append(int(data.times.max()))
            return super().fit(model, data, parameters, seed)

    result = bench.train(system=Watched())
    cutoff = int(result.cutoff.timestamp() * 1_000_000)
    newest = int(planted_interactions().times.max())
    assert [time < cutoff for time in seen] == [False, True, True]
    assert seen[0] == newest


def test_an_unknown_model_is_refused_before_anything_is_read(bench: Bench) -> None:
    with pytest.raises(UnknownModel, match=r"'magic'.*item-knn, .*popular"):
        bench.train(TrainingPlan(model="magic"))
    assert bench.said == []


@pytest.mark.parametrize(
    ("rows", "plan", "says"),
    [
        (0, PLAN, "There are 0 interactions"),
        (40, PLAN, "There are 40 interactions to train on; 500 are needed"),
        (2000, TrainingPlan(minimum_cases=10_000), r"Only \d+ shoppers met a new product"),
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


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    state = open_state("sqlite://")
    result = Bench(tmp_path_factory.mktemp("uninterrupted"), state).train(WHOLE)
    state.close()
    return result


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_died_at_any_step_goes_on_and_ends_with_the_same_model(
    bench: Bench, uninterrupted: TrainingResult, step: str, place: Place
) -> None:
    dying = StepsInMemory(bench.folder / "runs" / "1", dies=(step, place))
    with pytest.raises(Died):
        bench.train(WHOLE, steps=dying)
    bench.now += timedelta(hours=1)
    again = StepsInMemory(dying.folder, dying.recorded)
    result = bench.train(WHOLE, steps=again)
    assert again.called == STEPS[STEPS.index(step) :]
    moment_kept = step != "begin"
    assert (result.version == uninterrupted.version) == moment_kept
    assert measured(result) == measured(uninterrupted)
    for name in ("content", "parameters", "fingerprint", "blessed", "cutoff", "cross_validation"):
        assert getattr(result, name) == getattr(uninterrupted, name)
    assert [one.version for one in bench.state.registry.versions()] == [result.version]
    assert result.champion == result.version


class DyingWithinABatch(StepsInMemory):
    """Dies when the second trial is told."""

    def progress(self, share: float, text: str) -> None:
        super().progress(share, text)
        if text.startswith("Trial 2 of"):
            raise Died


def test_trials_side_by_side_go_on_within_a_batch_and_end_with_the_same_model(bench: Bench) -> None:
    plan = replace(PLAN, trials=4, parallel_trials=3)
    whole = bench.train(plan)
    dying = DyingWithinABatch(bench.folder / "runs" / "dying")
    with pytest.raises(Died):
        bench.train(plan, steps=dying)
    again = StepsInMemory(dying.folder, dying.recorded)
    result = bench.train(plan, steps=again)
    assert any("2 of them done before" in text for _, text in again.told)
    trials = [text for _, text in again.told if text.startswith("Trial ") and " s (" in text]
    assert not any("the defaults" in text for text in trials)  # those came first, before it died
    assert all("window " in text for text in trials)
    assert (result.content, result.parameters, result.trials) == (whole.content, whole.parameters, 4)
    kept = bench.state.registry.get("recommendations", result.version).lineage.facts["plan"]
    assert kept["parallel_trials"] == 3


def test_progress_never_falls_and_ends_at_the_whole(bench: Bench) -> None:
    steps = StepsInMemory(bench.folder / "runs" / "1")
    bench.train(WHOLE, steps=steps)
    told = [share for share, _ in steps.told]
    assert told == sorted(told)
    assert sum(shares(WHOLE).values()) == pytest.approx(1.0)


def _verdict(status: str, failed: tuple[str, ...]) -> QualityVerdict:
    now = datetime(2026, 3, 10, 9, tzinfo=UTC)
    return QualityVerdict(7, "north-1", status, now, "c", failed, (), {}, {})  # type: ignore[arg-type]


def test_nothing_is_learnt_from_data_outside_their_limits(bench: Bench) -> None:
    bench.verdicts = [_verdict("fail", ("events per day",))]
    with pytest.raises(ContractNotMet) as caught:
        bench.train()
    assert [problem.field for problem in caught.value.problems] == ["events per day"]
    assert "--ignore-quality" in caught.value.remedy
    assert bench.state.registry.versions() == []


def test_a_reason_to_ignore_the_limits_is_kept_with_the_version_and_in_the_audit(bench: Bench) -> None:
    bench.verdicts = [_verdict("fail", ("events per day",))]
    result = bench.train(replace(PLAN, ignore_quality="a holiday"))
    manifest = read_manifest(bench.folder / "recommendations" / result.version)
    assert manifest.lineage["quality"]["ignored"] == "a holiday"
    assert manifest.lineage["quality"]["stores"]["north-1"]["report"] == 7
    [(action, detail)] = bench.noted
    assert (action, detail["reason"]) == ("training.quality_ignored", "a holiday")


def test_a_version_says_where_it_comes_from(bench: Bench) -> None:
    result = bench.train()
    lineage = read_manifest(bench.folder / "recommendations" / result.version).lineage
    assert lineage["run"] == result.run
    assert lineage["environment"]["numpy"] == "2"
    assert lineage["plan"]["seed"] == 5
    assert bench.refreshed
