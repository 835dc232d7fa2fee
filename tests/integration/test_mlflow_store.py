"""The experiment log's store and spool under real processes: two at once, and kill -9."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shopkeeper.engines.mlflow_log import MlflowLog
from shopkeeper.engines.mlflow_store import open_client, prepare_in_background

pytest.importorskip("mlflow", reason="the extra `train` is not installed")

from mlflow.tracking import MlflowClient

pytestmark = pytest.mark.integration

RUN = """
import sys
from pathlib import Path
from shopkeeper.engines.mlflow_log import MlflowLog
url, folder, run = sys.argv[1:]
log = MlflowLog(url, Path(folder))
log.begin(run, "recommendations", {"k": 1}, {})
for number in range(5):
    log.trial(run, number, {"k": number}, number / 10, "done")
log.end(run, "done")
print(log.send(120))  # on a busy machine the end of a run may leave some for later
"""


def runs_of(url: str) -> list[str]:
    client = MlflowClient(tracking_uri=url)
    [experiment] = [one for one in client.search_experiments() if one.name == "recommendations"]
    return [one.info.status for one in client.search_runs([experiment.experiment_id])]


def test_processes_that_need_a_new_store_at_once_all_write_to_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/mlflow.db"
    command = [sys.executable, "-c", RUN, url, str(tmp_path / "mlflow")]
    processes = [subprocess.Popen([*command, f"r{number}"], stdout=subprocess.PIPE) for number in range(3)]
    said = [process.communicate(timeout=180)[0].split()[-1] for process in processes]
    assert said == [b"0"] * 3, "nothing was missed"
    assert runs_of(url) == ["FINISHED"] * (3 + 3 * 5)


def test_a_process_killed_while_it_makes_the_store_leaves_none_and_the_next_makes_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/mlflow.db"
    process = prepare_in_background(url)
    assert process is not None
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".mlflow.db.*-journal")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    assert not (tmp_path / "mlflow.db").exists()
    assert open_client(url).search_experiments()


def test_a_run_killed_between_writes_goes_on_as_one_run(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/mlflow.db"
    open_client(url)
    stopped = RUN.replace('log.end(run, "done")', "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    command = [sys.executable, "-c", stopped, url, str(tmp_path / "mlflow"), "r1"]
    assert subprocess.run(command, timeout=180, check=False).returncode == -signal.SIGKILL
    log = MlflowLog(url, tmp_path / "mlflow")
    assert log.missed == 5, "five trials wait"
    log.begin("r1", "recommendations", {"k": 1}, {})
    log.end("r1", "done")
    assert (log.missed, runs_of(url)) == (0, ["FINISHED"] * (1 + 5))


def test_the_store_is_made_in_the_background(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/mlflow.db"
    process = prepare_in_background(url)
    assert process is not None
    assert process.wait(120) == 0
    assert (tmp_path / "mlflow.db").is_file()
    assert prepare_in_background(url) is None, "there is one now"
