"""A training run in real processes: killed with -9 at every step it goes on, and ends with the same model."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.integration.verbs import PATIENCE_SECONDS, finished, kill, start

from shopkeeper.engines.dbos_jobs import DbosJobs
from shopkeeper.engines.jobs_rows import JobRows, open_jobs
from shopkeeper.jobs.ports import JobStatus
from shopkeeper.simulation.history import write_history
from shopkeeper.simulation.market import make_market
from shopkeeper.simulation.retailer import Scale
from shopkeeper.training.plan import TrainingPlan
from shopkeeper.training.run import shares
from shopkeeper.wiring.checking import check_workspace
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import Settings, load_settings

pytestmark = pytest.mark.integration

ORDER = ["train", "recommendations", "--trials", "6", "--folds", "2", "--ignore-quality", "a test"]
STEPS = list(shares(TrainingPlan(trials=6, folds=2)))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Give a workspace with a small simulated history; tests work on copies of it."""
    folder = tmp_path_factory.mktemp("shop")
    settings = create_workspace(folder / "workspace")
    market = make_market(7, Scale(products=80, shoppers=150, days=30))
    for history in write_history(market, folder / "history", datetime(2026, 3, 1, tzinfo=UTC)):
        import_into(settings, history.folder, history.store)
    check_workspace(settings)
    return settings


@pytest.fixture
def workspace(shop: Settings, tmp_path: Path) -> Path:
    shutil.copytree(shop.workspace, tmp_path / "workspace")
    return tmp_path / "workspace"


@pytest.fixture(scope="module")
def uninterrupted(shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give what a run that nobody disturbs ends with."""
    place = tmp_path_factory.mktemp("uninterrupted") / "workspace"
    shutil.copytree(shop.workspace, place)
    return finished(start(place, *ORDER))


@pytest.fixture
def rows(workspace: Path) -> Iterator[JobRows]:
    engine = open_jobs(load_settings(workspace).jobs_url)
    yield JobRows(engine)
    engine.dispose()


def wait_until(rows: JobRows, there: Callable[[JobStatus], bool], process: subprocess.Popen[str] | None = None) -> None:
    """Wait until something is true of the newest run."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not ((found := rows.recent(limit=1)) and there(found[0])):
        assert time.monotonic() < until, found
        assert process is None or process.poll() is None, "the process ended by itself"
        time.sleep(0.002)


def kill_when(rows: JobRows, there: Callable[[JobStatus], bool], process: subprocess.Popen[str]) -> None:
    """Kill a process with -9 the moment something is true of the newest run."""
    wait_until(rows, there, process)
    kill(process)
    assert rows.recent(limit=1)[0].unfinished


def begun(times: int, there: Callable[[JobStatus], bool]) -> Callable[[JobStatus], bool]:
    """Return whether a run was begun once more than so many times, and something is true of it."""
    return lambda run: run.attempts > times and there(run)


def says(text: str) -> Callable[[JobStatus], bool]:
    return lambda run: run.text.startswith(text)


def has_done(steps: int) -> Callable[[JobStatus], bool]:
    return lambda run: len(run.steps) >= steps


def alike(result: dict[str, Any], other: dict[str, Any]) -> None:
    """Make sure that two runs came to the very same."""
    for found in (result, other):
        found["metrics"].pop("latency", None)  # the one figure that is a stopwatch's
    for name in ("content", "metrics", "parameters", "fingerprint", "cross_validation", "blessed", "trials", "cutoff"):
        assert result[name] == other[name], name


def test_killed_after_every_step_and_twice_within_tuning_it_ends_with_the_same_model(
    workspace: Path, rows: JobRows, uninterrupted: dict[str, Any]
) -> None:
    kills = 0
    for done in range(1, len(STEPS) - 1):
        if STEPS[done] == "tune":
            for trial in (2, 4):
                kill_when(
                    rows,
                    begun(kills, says(f"Trial {trial} of")),
                    start(workspace, *ORDER),
                )
                kills += 1
        kill_when(rows, begun(kills, has_done(done)), start(workspace, *ORDER))
        kills += 1
    result = finished(start(workspace, *ORDER))
    alike(result, uninterrupted)
    [run] = rows.recent()
    assert run.state == "done"
    assert run.attempts == kills + 1
    assert [step.name for step in run.steps] == STEPS
    assert list((workspace / "runs").iterdir()) == []
    assert len(list((workspace / "models" / "recommendations").iterdir())) == 1


def test_a_worker_that_starts_takes_up_what_a_killed_one_left(
    workspace: Path, rows: JobRows, uninterrupted: dict[str, Any]
) -> None:
    first = start(workspace, "work", "--id", "1")
    wait_until_living(workspace, "work-1")
    train = start(workspace, *ORDER)
    kill_when(rows, lambda run: run.worker == "work-1" and "split" in [step.name for step in run.steps], first)
    second = start(workspace, "work", "--id", "2")
    wait_until_living(workspace, "work-2")  # before that a signal would end it as any process that starts
    result = finished(train)
    alike(result, uninterrupted)
    assert rows.recent(limit=1)[0].attempts == 2
    second.send_signal(signal.SIGTERM)
    assert finished(second)["worker"] == "work-2"


def test_a_worker_told_to_stop_leaves_its_run_for_the_next(
    workspace: Path, rows: JobRows, uninterrupted: dict[str, Any]
) -> None:
    worker = start(workspace, "work")
    wait_until_living(workspace, "work-1")
    train = start(workspace, *ORDER)
    wait_until(rows, lambda run: run.text.startswith("Trial 1 of"))
    worker.send_signal(signal.SIGTERM)
    assert finished(worker) == {"worker": "work-1", "left": []}
    result = finished(train)  # nobody else is there, so it goes on by itself
    alike(result, uninterrupted)
    assert rows.recent(limit=1)[0].worker == "train-1"


def test_a_run_that_is_cancelled_while_it_works_ends_and_leaves_nothing(workspace: Path, rows: JobRows) -> None:
    jobs = DbosJobs(open_jobs(load_settings(workspace).jobs_url))
    train = start(workspace, *ORDER)
    wait_until(rows, says("Trial 1 of"), train)
    jobs.cancel(rows.recent(limit=1)[0].run, "ben")
    jobs.close()
    _, err = train.communicate(timeout=PATIENCE_SECONDS)
    assert train.returncode == 1, err
    assert "cancelled" in err
    assert rows.recent(limit=1)[0].state == "cancelled"
    assert not (workspace / "models" / "recommendations").exists()


def wait_until_living(workspace: Path, name: str) -> None:
    """Wait until a worker holds its name."""
    until = time.monotonic() + PATIENCE_SECONDS
    lock = workspace / f"jobs.db.{name}.lock"
    while not lock.exists():
        assert time.monotonic() < until
        time.sleep(0.02)
