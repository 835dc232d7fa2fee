"""The experiment log over HTTP, on MLflow's own server.

The extras bring MLflow's small package, which has no server, and a whole MLflow is 600 MB. `MLFLOW_COMMAND` names the
program `mlflow` of an environment of its own, as the guide to models makes it; without it these tests are skipped.
"""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from shopkeeper.engines.mlflow_log import MlflowLog
from shopkeeper.testing.experiment_log_suite import example_bundle
from shopkeeper.testing.registry_suite import example_version

pytest.importorskip("mlflow", reason="the extra `train` is not installed")

from mlflow.entities import Run
from mlflow.tracking import MlflowClient

pytestmark = pytest.mark.integration

START_SECONDS = 240.0


def start(command: str, folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start a server over a store and files in a folder, and wait until it answers."""
    with (folder / "server.log").open("wb") as said:
        process = subprocess.Popen(
            [
                command, "server", "--backend-store-uri", f"sqlite:///{folder}/server.db", "--artifacts-destination",
                str(folder / "files"), "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
            ],
            stdout=said, stderr=said, start_new_session=True,
            env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        )  # fmt: skip
    until = time.monotonic() + START_SECONDS
    while not answers(port):
        assert process.poll() is None, (folder / "server.log").read_text()
        assert time.monotonic() < until, (folder / "server.log").read_text()
        time.sleep(0.5)
    return process


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as found:
            return bool(found.status == 200)
    except OSError:
        return False


def stop(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


@pytest.fixture(scope="module")
def command() -> str:
    named = os.environ.get("MLFLOW_COMMAND", "")
    if not named:
        pytest.skip("MLFLOW_COMMAND names no `mlflow` that has a server; the extra `train` brings none.")
    return named


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mlflow-server")


@pytest.fixture(scope="module")
def server(command: str, folder: Path, port: int) -> Iterator[str]:
    process = start(command, folder, port)
    yield f"http://127.0.0.1:{port}"
    stop(process)


def runs(client: MlflowClient, system: str) -> dict[str, Run]:
    """Return the runs of a system by our own id; a trial's is empty."""
    found = client.get_experiment_by_name(system)
    assert found is not None
    return {
        one.data.tags.get("shopkeeper.run", one.data.tags.get("shopkeeper.trial", "")): one
        for one in client.search_runs([found.experiment_id])
    }


def test_everything_a_run_keeps_is_on_the_server_once_however_often_it_is_written(server: str, tmp_path: Path) -> None:
    log, bundle = MlflowLog(server, tmp_path / "mlflow"), example_bundle(tmp_path)
    for _ in range(2):
        log.begin("r1", "recommendations", {"k": 20, "knn": {"alpha": 0.5}}, {"model": "item-knn"})
        log.trial("r1", 0, {"k": 10}, 0.3, "done")
        log.metrics("r1", {"ndcg@10": 0.05, "odd": math.nan}, step=1)
        log.artifact("r1", bundle / "manifest.json", "plots")
        log.register("r1", example_version("a"), bundle)
        log.alias("recommendations", "champion", "a")
        log.end("r1", "done")
    log.send(120)
    assert log.missed == 0
    client = MlflowClient(tracking_uri=server, registry_uri=server)
    found = runs(client, "recommendations")
    assert sorted(found) == ["0", "r1"]
    run = found["r1"]
    assert (run.info.status, run.data.params) == ("FINISHED", {"k": "20", "knn.alpha": "0.5"})
    history = client.get_metric_history(run.info.run_id, "ndcg_at_10")
    assert [(one.step, one.value) for one in history] == [(1, 0.05)]
    assert "plots/manifest.json" in [one.path for one in client.list_artifacts(run.info.run_id, "plots")]
    assert client.get_model_version_by_alias("recommendations", "champion").tags["shopkeeper.version"] == "a"


def test_what_is_written_while_the_server_is_dead_waits_and_comes_when_it_is_back(command: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    url = f"http://127.0.0.1:{port}"
    log = MlflowLog(url, tmp_path / "mlflow")
    log.begin("r2", "pricing", {"k": 1}, {})
    log.trial("r2", 0, {"k": 2}, 0.1, "done")
    log.end("r2", "done")
    assert log.missed == 3, "nobody answers, and the run went on"
    process = start(command, tmp_path, port)
    try:
        later = MlflowLog(url, tmp_path / "mlflow")
        assert later.send(120) == 0
        found = runs(MlflowClient(tracking_uri=url), "pricing")
    finally:
        stop(process)
    assert {name: run.info.status for name, run in found.items()} == {"r2": "FINISHED", "0": "FINISHED"}
