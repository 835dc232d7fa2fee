"""A candidate next to the baseline and to what serves, on the same questions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from shopkeeper.errors import NotEnoughData
from shopkeeper.objectives.built_in import built_in_objective
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.registry.bundle import Bundle, BundleContent, open_bundle, write_bundle
from shopkeeper.testing.planted import planted_interactions
from shopkeeper.testing.planted_learning import PlantedLearning
from shopkeeper.training.bless import bless
from shopkeeper.training.evaluate import Evaluation, Serving, evaluate
from shopkeeper.training.latency import measure_latency
from shopkeeper.training.ports import Parameters
from shopkeeper.training.split import TimeSplit, time_split

NOW = datetime(2026, 3, 10, tzinfo=UTC)
BAD = {"popular.half_life_days": 1.0, "shrink": 200.0, "window": 2, "history": 5}


@pytest.fixture
def system() -> PlantedLearning:
    return PlantedLearning()


@pytest.fixture
def split(system: PlantedLearning) -> TimeSplit:
    return time_split(system.data.times, 0.2)


def bundle_of(
    system: PlantedLearning, model: str, data: Interactions, folder: Path, parameters: Parameters | None = None
) -> Bundle:
    fitted = system.fit(model, data, parameters or {}, 5)
    content = BundleContent(
        system=system.name, model=model, code_version="test", parameters=system.parameters(fitted), seed=5,
        fingerprint="", metrics={}, arrays=system.arrays(fitted, data),
    )  # fmt: skip
    manifest = write_bundle(folder, content, NOW)
    return open_bundle(folder / system.name / manifest.version)


def judged(
    system: PlantedLearning, split: TimeSplit, parameters: Parameters | None = None, serving: Serving | None = None
) -> Evaluation:
    return evaluate(system, "item-knn", parameters or {}, system.data, split, serving=serving, resamples=200, seed=1)


def test_without_a_champion_the_baseline_is_the_opponent(system: PlantedLearning, split: TimeSplit) -> None:
    found = judged(system, split)
    assert found.champion is None
    assert found.opponent is found.baseline
    assert (found.baseline.other, found.baseline.how) == ("popular", "the rule-based baseline")
    assert found.better


def test_a_champion_whose_data_ended_before_the_test_takes_part_as_it_serves(
    system: PlantedLearning, split: TimeSplit, tmp_path: Path
) -> None:
    half = system.data.take(system.data.times < split.cutoff - 10 * 86_400_000_000)
    bundle = bundle_of(system, "item-knn", half, tmp_path)
    found = judged(system, split, serving=Serving(bundle, split.moment - timedelta(days=10)))
    assert found.champion is not None
    assert found.champion.other == bundle.version
    assert found.champion.how.startswith("as it serves: its data ended")
    exam = system.exam(system.data, split.cutoff, 1)
    served = exam.score(system.open(bundle)).metrics["ndcg@10"].mean()
    assert found.champion.metrics["ndcg@10"].other.value == pytest.approx(served, rel=1e-12)


@pytest.mark.parametrize("ended", [None, timedelta(days=5), timedelta(0)])
def test_a_champion_that_was_taught_the_answers_is_fitted_again_by_its_recipe(
    system: PlantedLearning, split: TimeSplit, tmp_path: Path, ended: timedelta | None
) -> None:
    bundle = bundle_of(system, "item-knn", system.data, tmp_path, BAD)
    end = None if ended is None else split.moment + ended
    found = judged(system, split, BAD, Serving(bundle, end))
    assert found.champion is not None
    assert found.champion.how.startswith("its recipe fitted again")
    difference = found.champion.metrics["ndcg@10"].difference
    assert (difference.value, difference.low, difference.high) == (0, 0, 0)
    assert not found.better


def test_the_same_questions_are_asked_of_all_three(system: PlantedLearning, split: TimeSplit, tmp_path: Path) -> None:
    bundle = bundle_of(system, "popular", system.data, tmp_path)
    found = judged(system, split, serving=Serving(bundle))
    assert found.champion is not None
    assert found.champion.metrics["ndcg@10"].other == found.baseline.metrics["ndcg@10"].other
    assert found.champion.metrics["ndcg@10"].model == found.baseline.metrics["ndcg@10"].model
    assert {one.cases for one in found.baseline.metrics.values()} == {found.cases}


def test_the_document_has_the_model_first_then_baseline_and_champion(
    system: PlantedLearning, split: TimeSplit, tmp_path: Path
) -> None:
    bundle = bundle_of(system, "popular", system.data, tmp_path)
    found = judged(system, split, serving=Serving(bundle))
    document = found.document()
    assert document["ndcg@10"]["value"] == found.baseline.metrics["ndcg@10"].model.value
    assert document["baseline"]["name"] == "popular"
    assert document["champion"]["name"] == bundle.version
    assert document["champion"]["difference"]["ndcg@10"] == document["difference"]["ndcg@10"]
    assert document["slices"]["known shoppers"]["cases"] > 0
    assert sum(one["cases"] for one in document["calibration"]) == found.cases - found.cases // 2
    assert document["calibration_error"]["value"] == found.calibration.error
    assert document["importance"]["history"] > document["importance"]["event kinds"]
    assert msgspec.json.encode(document)


def test_an_evaluation_comes_back_from_what_a_step_recorded(
    system: PlantedLearning, split: TimeSplit, tmp_path: Path
) -> None:
    found = judged(system, split, serving=Serving(bundle_of(system, "popular", system.data, tmp_path)))
    recorded = msgspec.json.decode(msgspec.json.encode(found.plain()))
    assert Evaluation.of_plain(recorded) == found


def test_too_few_shoppers_are_said(system: PlantedLearning, split: TimeSplit) -> None:
    with pytest.raises(NotEnoughData, match=r"Only \d+ shoppers met a new product.*5000 are needed"):
        evaluate(system, "popular", {}, system.data, split, minimum_cases=5_000, seed=1)


@pytest.mark.parametrize("seed", range(2, 7))
def test_a_worse_retrained_model_is_refused_and_a_better_one_goes_on(seed: int, tmp_path: Path) -> None:
    system = PlantedLearning(planted_interactions(seed))
    split = time_split(system.data.times, 0.2)
    objective = built_in_objective("recommendations", "ndcg@10")
    verdicts = {}
    for champion, candidate in (("item-knn", "popular"), ("popular", "item-knn")):
        bundle = bundle_of(system, champion, system.data.take(split.train), tmp_path)
        serving = Serving(bundle, split.moment - timedelta(seconds=1))
        found = evaluate(system, candidate, {}, system.data, split, serving=serving, resamples=200, seed=1)
        timed = replace(found, latency=measure_latency(system.answerer(bundle, system.data, 1), 20))
        verdicts[candidate] = bless(timed, objective)
    assert not verdicts["popular"].blessed
    assert verdicts["popular"].refusals[0].rule == "ndcg@10 better than the champion"
    assert verdicts["item-knn"].blessed, verdicts["item-knn"].refusals
