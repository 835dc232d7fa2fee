"""A version trained again: equal on equal data, else everything that differs by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shopkeeper.engines.optuna_tuner import OptunaTuner
from shopkeeper.engines.sequential_shards import SequentialShards
from shopkeeper.engines.state import State, open_state
from shopkeeper.errors import InputError
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.registry.ports import ModelVersion
from shopkeeper.testing.planted import planted_interactions
from shopkeeper.testing.planted_learning import PlantedLearning
from shopkeeper.testing.steps_in_memory import StepsInMemory
from shopkeeper.training.plan import Rails, TrainingPlan
from shopkeeper.training.reproduce import Reproduction, plan_to_reproduce, reproduce
from shopkeeper.training.run import TrainingResult, train

PLAN = TrainingPlan(resamples=100, seed=5, trials=3, timed_answers=20)


@pytest.fixture
def state() -> Iterator[State]:
    found = open_state("sqlite://")
    yield found
    found.close()


@pytest.fixture
def rails(state: State, tmp_path: Path) -> Rails:
    return Rails(
        registry=state.registry,
        reports=state.reports,
        models=tmp_path / "models",
        environment={"shopkeeper": "0.0.1", "numpy": "2.1"},
        verdicts=lambda _: (),
        refresh_features=lambda _: {},
        drift_reference=lambda _: None,
        objective=None,
        note=lambda _action, _detail: None,
        tuner=OptunaTuner,
        shards=lambda _: nullcontext(SequentialShards()),
        clock=lambda: datetime(2026, 3, 10, 9, tzinfo=UTC),
        say=lambda _: None,
    )


@pytest.fixture
def first(rails: Rails, tmp_path: Path) -> TrainingResult:
    return train(PlantedLearning(), PLAN, rails, StepsInMemory(tmp_path / "first"))


def again(rails: Rails, first: TrainingResult, folder: Path, data: Interactions | None = None) -> Reproduction:
    plan = plan_to_reproduce(rails.registry.get("recommendations", first.version))
    return reproduce(PlantedLearning(data), plan, rails, StepsInMemory(folder / "again"))


def test_the_same_data_come_to_the_same_figures_and_the_same_model(
    rails: Rails, first: TrainingResult, tmp_path: Path
) -> None:
    found = again(rails, first, tmp_path)
    assert found.metrics == ()
    assert (found.equal, found.same_model) == (True, True)
    assert (found.metrics, found.data, found.environment, found.parameters) == ((), (), (), ())
    assert [one.version for one in rails.registry.versions()] == [first.version]


def test_data_that_differ_are_named_by_store_and_day(rails: Rails, first: TrainingResult, tmp_path: Path) -> None:
    data = planted_interactions()
    place = int(len(data) * 0.9)
    moment = np.datetime64(int(data.times[place]), "us").astype("datetime64[D]")
    named = f"{data.store_names[data.stores[place]]}, {moment}"
    found = again(rails, first, tmp_path, data.take(np.arange(len(data)) != place))
    assert not found.same_model
    assert [one.what for one in found.data] == [named]
    then, now = (str(side).split(":")[0] for side in (found.data[0].then, found.data[0].now))
    assert int(then) == int(now) + 1


def test_another_environment_is_named(rails: Rails, first: TrainingResult, tmp_path: Path) -> None:
    found = again(replace(rails, environment={"shopkeeper": "0.0.1", "numpy": "2.2"}), first, tmp_path)
    assert found.equal
    assert [(one.what, one.then, one.now) for one in found.environment] == [("numpy", "2.1", "2.2")]


def test_what_happened_after_the_version_is_left_out(rails: Rails, first: TrainingResult) -> None:
    plan = plan_to_reproduce(rails.registry.get("recommendations", first.version))
    newest = int(planted_interactions().times.max())
    assert plan.until is not None
    assert int(plan.until.timestamp() * 1e6) == newest + 1
    assert replace(plan, until=None, known=None, reproduces="", ignore_quality="") == PLAN


def test_what_came_in_after_the_run_began_is_left_out_in_the_run_and_in_its_repetition(
    rails: Rails, tmp_path: Path
) -> None:
    system = Asked()
    result = train(system, PLAN, rails, StepsInMemory(tmp_path / "first"))
    plan = plan_to_reproduce(rails.registry.get("recommendations", result.version))
    later = replace(rails, clock=lambda: datetime(2026, 4, 1, tzinfo=UTC))
    reproduce(system, plan, later, StepsInMemory(tmp_path / "again"))
    assert system.known == [datetime(2026, 3, 10, 9, tzinfo=UTC)] * 2


class Asked(PlantedLearning):
    """Notes what it was asked to read."""

    def __init__(self) -> None:
        super().__init__()
        self.known: list[datetime | None] = []

    def extract(self, until: datetime | None, known: datetime | None = None) -> Interactions:
        self.known.append(known)
        return super().extract(until, known)


def test_a_version_without_a_plan_is_refused() -> None:
    now = datetime(2026, 3, 10, tzinfo=UTC)
    facts: Mapping[str, Any] = {"system": "recommendations", "version": "v", "model": "popular", "folder": "f"}
    old = ModelVersion(**facts, created_at=now, blessed=True, metrics={}, fingerprint="x")
    with pytest.raises(InputError, match="does not say how"):
        plan_to_reproduce(old)
