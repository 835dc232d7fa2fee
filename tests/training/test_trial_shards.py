"""Trials side by side are those of one process, made from the files of the run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shopkeeper.engines.optuna_tuner import OptunaTuner
from shopkeeper.engines.sequential_shards import SequentialShards
from shopkeeper.errors import ShardFailed
from shopkeeper.testing.planted_learning import PlantedLearning
from shopkeeper.training.ports import Trial
from shopkeeper.training.split import three_way_split
from shopkeeper.training.trial_shards import BenchFiles, side_by_side
from shopkeeper.training.tune import Tuned, tune

SYSTEM = PlantedLearning()


@pytest.fixture
def files(tmp_path: Path) -> BenchFiles:
    SYSTEM.write(SYSTEM.data, tmp_path)
    return BenchFiles(SYSTEM.offline(), "item-knn", tmp_path, 0.2, 0.2, 3_600.0, 3)


def searched(files: BenchFiles, earlier: tuple[Trial, ...] = ()) -> Tuned:
    split = three_way_split(SYSTEM.data.times, 0.2, 0.2, gap_seconds=3_600.0)
    with side_by_side(SequentialShards(), files) as beside:
        return tune(
            SYSTEM, files.model, SYSTEM.data, split, tuner=OptunaTuner(patience=3), trials=10, seed=files.seed,
            batch=4, earlier=earlier, beside=beside,
        )  # fmt: skip


def timeless(trials: tuple[Trial, ...]) -> list[Trial]:
    return [replace(trial, seconds=0.0) for trial in trials]


def test_shards_find_what_one_process_finds(files: BenchFiles) -> None:
    split = three_way_split(SYSTEM.data.times, 0.2, 0.2, gap_seconds=3_600.0)
    here = tune(
        SYSTEM, files.model, SYSTEM.data, split, tuner=OptunaTuner(patience=3), trials=10, seed=files.seed, batch=4
    )
    found = searched(files)
    assert timeless(found.trials) == timeless(here.trials)
    assert found.parameters == here.parameters
    assert any(trial.state == "pruned" for trial in found.trials)


@pytest.mark.parametrize("done", [3, 4, 9])
def test_a_search_broken_off_within_a_batch_goes_on_as_if_it_had_not_been(files: BenchFiles, done: int) -> None:
    whole = searched(files)
    assert timeless(searched(files, whole.trials[:done]).trials) == timeless(whole.trials)


def test_data_a_worker_cannot_read_stop_the_search(files: BenchFiles) -> None:
    with pytest.raises(ShardFailed, match="BundleDamaged"):
        searched(replace(files, folder=files.folder / "elsewhere"))
