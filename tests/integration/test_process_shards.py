"""Worker processes keep the laws of shards, also while they are killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shopkeeper.engines.process_shards import ProcessShards
from shopkeeper.jobs.shards import Shared
from shopkeeper.testing.shard_mapper_suite import RemoteShardMapperSuite, square

pytestmark = pytest.mark.integration


class TestProcessShards(RemoteShardMapperSuite):
    @pytest.fixture
    def mapper(self) -> ProcessShards:
        return ProcessShards(2)


class TestOneWorker(RemoteShardMapperSuite):
    @pytest.fixture
    def mapper(self) -> ProcessShards:
        return ProcessShards(1)


def test_files_of_shared_arrays_are_gone_when_the_work_is_done(tmp_path: Path) -> None:
    results = ProcessShards(1, tmp_path).map_shards(square, [1, 2, 3])
    assert next(results) == 1
    assert len(list(tmp_path.iterdir())) == 1
    assert list(results) == [4, 9]
    assert list(tmp_path.iterdir()) == []


def test_threads_of_numeric_libraries_do_not_multiply() -> None:
    assert list(ProcessShards(1).map_shards(openblas_threads, [0])) == ["1"]


def openblas_threads(shard: int, shared: Shared) -> str:
    """Return how many threads the worker's numeric libraries were told to use."""
    return os.environ["OPENBLAS_NUM_THREADS"]


SLEEPER = """
import os, sys, time
from pathlib import Path
from shopkeeper.engines.process_shards import ProcessShards
from shopkeeper.jobs.shards import Shared
def linger(shard: str, shared: Shared) -> None:
    draft = Path(shard + ".draft")
    draft.write_text(str(os.getpid()))
    draft.rename(shard)
    time.sleep(1)
if __name__ == "__main__":
    next(ProcessShards(1).map_shards(linger, [sys.argv[1]]))
"""


def test_a_killed_caller_leaves_no_worker_behind(tmp_path: Path) -> None:
    script, mark = tmp_path / "caller.py", tmp_path / "worker"
    script.write_text(SLEEPER)
    caller = subprocess.Popen([sys.executable, str(script), str(mark)])
    deadline = time.monotonic() + 60
    while not mark.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    worker = int(mark.read_text())
    caller.kill()
    caller.wait()
    while Path(f"/proc/{worker}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{worker}").exists()
