"""The laws of `training.experiment_log.ExperimentLog`, for any engine: subclass and give two fixtures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Protocol

import pytest

from shopkeeper.testing.registry_suite import example_version
from shopkeeper.training.experiment_log import ExperimentLog


class LogReader(Protocol):
    """What a person would find in the log; each engine's test brings its own, by the log's stock client."""

    def runs(self) -> list[str]:
        """Return ids of the runs, in the order they began."""
        ...

    def state(self, run: str) -> str:
        """Return `running`, `done`, `failed` or `cancelled`."""
        ...

    def parameters(self, run: str) -> dict[str, str]:
        """Return parameters by name."""
        ...

    def history(self, run: str, metric: str) -> list[tuple[int, float]]:
        """Return (step, value) of a metric in the order of steps."""
        ...

    def trials(self, run: str) -> dict[int, tuple[str, float | None]]:
        """Return state and value of each trial."""
        ...

    def files(self, run: str) -> set[str]:
        """Return paths of the files kept with a run."""
        ...

    def version_of(self, system: str, alias: str) -> str | None:
        """Return the version an alias points to."""
        ...

    def run_of(self, system: str, version: str) -> str | None:
        """Return the run a version came from; None when the version is not known."""
        ...


class ExperimentLogSuite:
    """Every engine of the port passes these."""

    def test_a_run_shows_its_parameters_and_its_metrics_by_step(self, log: ExperimentLog, reader: LogReader) -> None:
        log.begin("r1", "recommendations", {"k": 20, "knn": {"alpha": 0.5}}, {"model": "item-knn"})
        log.metrics("r1", {"ndcg@10": 0.04}, step=0)
        log.metrics("r1", {"ndcg@10": 0.05}, step=1)
        log.end("r1", "done")
        assert reader.parameters("r1") == {"k": "20", "knn.alpha": "0.5"}
        assert reader.history("r1", "ndcg@10") == [(0, 0.04), (1, 0.05)]
        assert reader.state("r1") == "done"
        assert log.missed == 0

    def test_writing_the_same_twice_changes_nothing(
        self, log: ExperimentLog, reader: LogReader, tmp_path: Path
    ) -> None:
        bundle = example_bundle(tmp_path)
        for _ in range(2):
            log.begin("r1", "recommendations", {"k": 20}, {})
            log.metrics("r1", {"hr": 0.1, "odd": math.nan}, step=3)
            log.trial("r1", 0, {"k": 10}, 0.3, "done")
            log.artifact("r1", bundle / "manifest.json", "plots")
            log.register("r1", example_version("a"), bundle)
            log.alias("recommendations", "champion", "a")
            log.end("r1", "done")
        assert reader.runs() == ["r1"]
        assert reader.history("r1", "hr") == [(3, 0.1)]
        assert reader.trials("r1") == {0: ("done", 0.3)}
        assert reader.version_of("recommendations", "champion") == "a"
        assert log.missed == 0

    def test_trials_are_children_with_their_state(self, log: ExperimentLog, reader: LogReader) -> None:
        log.begin("r1", "recommendations", {}, {})
        log.trial("r1", 0, {"k": 10}, 0.3, "done")
        log.trial("r1", 1, {"k": 20}, None, "pruned")
        log.end("r1", "done")
        assert reader.trials("r1") == {0: ("done", 0.3), 1: ("pruned", None)}

    @pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
    def test_a_run_ends_as_it_ended(self, log: ExperimentLog, reader: LogReader, state: str) -> None:
        log.begin("r1", "recommendations", {}, {})
        assert reader.state("r1") == "running"
        log.end("r1", state)
        assert reader.state("r1") == state

    def test_files_and_folders_stay_with_the_run(self, log: ExperimentLog, reader: LogReader, tmp_path: Path) -> None:
        (tmp_path / "plots").mkdir()
        (tmp_path / "plots" / "trials.svg").write_text("<svg/>")
        (tmp_path / "card.html").write_text("<p>card</p>")
        log.begin("r1", "recommendations", {}, {})
        log.artifact("r1", tmp_path / "plots")
        log.artifact("r1", tmp_path / "card.html", "cards")
        assert reader.files("r1") == {"plots/trials.svg", "cards/card.html"}

    def test_a_version_leads_back_to_its_run(self, log: ExperimentLog, reader: LogReader, tmp_path: Path) -> None:
        log.begin("r1", "recommendations", {}, {})
        log.register("r1", example_version("a"), example_bundle(tmp_path))
        assert reader.run_of("recommendations", "a") == "r1"
        assert "bundle/manifest.json" in reader.files("r1")

    def test_a_version_of_an_unknown_run_is_known_all_the_same(
        self, log: ExperimentLog, reader: LogReader, tmp_path: Path
    ) -> None:
        log.register("lost", example_version("a"), example_bundle(tmp_path))
        assert reader.run_of("recommendations", "a") == "lost"
        assert log.missed == 0

    def test_an_alias_moves_and_goes(self, log: ExperimentLog, reader: LogReader, tmp_path: Path) -> None:
        log.begin("r1", "recommendations", {}, {})
        for version in ("a", "b"):
            log.register("r1", example_version(version), example_bundle(tmp_path))
        for version in ("a", "b", "a"):
            log.alias("recommendations", "champion", version)
        assert reader.version_of("recommendations", "champion") == "a"
        log.alias("recommendations", "champion", None)
        assert reader.version_of("recommendations", "champion") is None
        assert log.missed == 0

    def test_what_the_log_cannot_take_is_counted_and_stands_in_the_way_of_nothing(
        self, log: ExperimentLog, reader: LogReader, tmp_path: Path
    ) -> None:
        log.begin("r1", "recommendations", {}, {})
        log.artifact("r1", tmp_path / "not-there.svg")
        log.metrics("r1", {"hr": 0.1})
        log.end("r1", "done")
        assert log.missed == 1
        assert reader.history("r1", "hr") == [(0, 0.1)]


def example_bundle(folder: Path) -> Path:
    """Return a folder that holds what a small bundle holds."""
    bundle = folder / "bundle"
    bundle.mkdir(exist_ok=True)
    (bundle / "manifest.json").write_text("{}")
    (bundle / "items.npy").write_bytes(b"\x93NUMPY")
    return bundle
