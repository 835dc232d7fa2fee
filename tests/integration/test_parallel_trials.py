"""Trials in real processes are those of the loop, and one whose process dies is tried again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shopkeeper.engines.optuna_tuner import OptunaTuner
from shopkeeper.engines.process_shards import ProcessShards
from shopkeeper.engines.sequential_shards import SequentialShards
from shopkeeper.jobs.shards import ShardMapper
from shopkeeper.recommendations.behaviour.interactions import Interactions
from shopkeeper.recommendations.learn import NoWarehouse, RecommendationLearning, offline_learning
from shopkeeper.testing.planted_learning import PlantedLearning
from shopkeeper.training.ports import Trial
from shopkeeper.training.split import three_way_split
from shopkeeper.training.trial_shards import BenchFiles, side_by_side
from shopkeeper.training.tune import tune

pytestmark = pytest.mark.integration

SYSTEM = PlantedLearning()
DIED = "died"


class Mortal(RecommendationLearning):
    """Kills its process the first time it reads a folder."""

    def read(self, folder: Path) -> Interactions:
        mark = folder / DIED
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read(folder)


def mortal() -> Mortal:
    return Mortal(NoWarehouse())


def searched(
    mapper: ShardMapper, folder: Path, offline: Callable[[], RecommendationLearning] = offline_learning
) -> list[Trial]:
    split = three_way_split(SYSTEM.data.times, 0.2, 0.2)
    with side_by_side(mapper, BenchFiles(offline, "item-knn", folder, 0.2, 0.2, 0.0, 3)) as beside:
        found = tune(
            SYSTEM, "item-knn", SYSTEM.data, split, tuner=OptunaTuner(startup=2, patience=2), trials=6, seed=3,
            batch=3, beside=beside,
        )  # fmt: skip
    return [replace(trial, seconds=0.0) for trial in found.trials]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    SYSTEM.write(SYSTEM.data, tmp_path)
    return tmp_path


def test_two_processes_find_what_the_loop_finds(folder: Path) -> None:
    found = searched(ProcessShards(2), folder)
    assert found == searched(SequentialShards(), folder)
    assert [trial.number for trial in found] == list(range(6))


def test_a_worker_that_dies_costs_no_trial(folder: Path) -> None:
    found = searched(ProcessShards(2), folder, mortal)
    assert (folder / DIED).exists()
    assert found == searched(SequentialShards(), folder)
