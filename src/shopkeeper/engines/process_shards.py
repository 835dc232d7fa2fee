"""Shards on the cores of this machine, each worker a process of its own that may die."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Final, cast

import numpy as np

from shopkeeper.engines.checked_shards import CheckedShards
from shopkeeper.engines.shard_delivery import Task, deliver
from shopkeeper.engines.shard_worker import Outcome, work
from shopkeeper.jobs.shards import ResultT, ShardCall, ShardT, Shared

_CONTEXT: Final = multiprocessing.get_context("spawn")  # a forked child would share locks and engine handles
_STOP_SECONDS: Final = 2.0


class ProcessShards(CheckedShards):
    """Implements `jobs.shards.ShardMapper`; shared arrays are files that all workers map, so they cost memory once.

    Args:
        workers: Processes; None = one for each core this process may use.
        scratch: Folder for the files of shared arrays; None = the system's folder for temporary files.
    """

    def __init__(self, workers: int | None = None, scratch: Path | None = None) -> None:
        self._workers = workers or len(os.sched_getaffinity(0))
        self._scratch = scratch

    def _results(
        self,
        call: ShardCall[ShardT, ResultT],
        shards: Iterable[ShardT],
        shared: Shared,
        progress: Callable[[int], None],
    ) -> Generator[ResultT, None, None]:
        with tempfile.TemporaryDirectory(prefix="shopkeeper-shards-", dir=self._scratch) as folder:
            files = _write(shared, Path(folder))
            crew = _Crew(self._workers, files)
            try:
                yield from deliver(crew, call, shards, progress)
            finally:
                crew.stop()


class _Worker:
    """One process and the line to it.

    Attributes:
        task: What it works on; None while it waits.
    """

    def __init__(self, files: Mapping[str, str]) -> None:
        self.line, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=work, args=(theirs, files), daemon=True)
        self._process.start()
        theirs.close()  # so that its death is seen as the end of the line
        self.task: Task | None = None

    def give(self, call: Callable[..., object], task: Task) -> None:
        """Send a task; where the worker is dead, `take` says so."""
        self.task = task
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.line.send((call, task.shard))

    def take(self) -> Outcome | None:
        """Return what came of the task; None where the worker died."""
        try:
            outcome: Outcome = self.line.recv()
        except (EOFError, ConnectionResetError):
            return None
        self.task = None
        return outcome

    def stop(self) -> str:
        """End the process, whatever it does, and return how it ended."""
        self.line.close()
        if self.task is None:
            self._process.join(_STOP_SECONDS)
        elif self._process.is_alive():
            self._process.kill()
        self._process.join()
        return f"exit code {self._process.exitcode}"


class _Crew:
    """Implements `shard_delivery.Crew` by processes that come when there is work for them."""

    def __init__(self, most: int, files: Mapping[str, str]) -> None:
        self.most = most
        self._files = files
        self._workers: list[_Worker] = []

    def busy(self) -> int:
        """Return how many workers have a task."""
        return sum(worker.task is not None for worker in self._workers)

    def give(self, call: Callable[..., object], task: Task) -> None:
        """Give a task to a worker that waits, else to a new one."""
        worker = next((worker for worker in self._workers if worker.task is None), None)
        if worker is None:
            worker = _Worker(self._files)
            self._workers.append(worker)
        worker.give(call, task)

    def ended(self) -> Iterator[tuple[Task, Outcome | str]]:
        """Wait for workers, and yield each task that ended: with its outcome, or with how its worker died."""
        busy = {worker.line: worker for worker in self._workers if worker.task is not None}
        for line in wait(list(busy)):
            worker = busy[cast("Connection", line)]
            task = cast("Task", worker.task)
            outcome = worker.take()
            if outcome is None:
                self._workers.remove(worker)
                yield task, worker.stop()
            else:
                yield task, outcome

    def stop(self) -> None:
        """End all processes."""
        for worker in self._workers:
            worker.stop()
        self._workers.clear()


def _write(shared: Shared, folder: Path) -> dict[str, str]:
    """Write each array to a file and return the files by name."""
    files = {}
    for number, (name, array) in enumerate(shared.arrays.items()):
        file = folder / f"{number}.npy"
        np.save(file, array, allow_pickle=False)
        files[name] = str(file)
    return files
