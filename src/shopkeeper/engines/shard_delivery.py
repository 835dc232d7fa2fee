"""What engines of shards share: the order of results, how far ahead shards are read, and the runs of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

from shopkeeper.engines.shard_worker import Outcome
from shopkeeper.errors import ShardFailed
from shopkeeper.jobs.shards import RUNS, ResultT, ShardCall, ShardT, call_failed, worker_died


@dataclass(frozen=True, slots=True)
class Task:
    """One run of one shard; `run` counts from 1."""

    number: int
    shard: Any
    run: int = 1


class Crew(Protocol):
    """Those who compute. Laws: a task given ends once, by an outcome or by the death of who had it."""

    @property
    def most(self) -> int:
        """How many tasks may be under way."""
        ...

    def busy(self) -> int:
        """Return how many tasks are under way."""
        ...

    def give(self, call: Callable[..., object], task: Task) -> None:
        """Start one more task."""
        ...

    def ended(self) -> Iterator[tuple[Task, Outcome | str]]:
        """Wait until tasks end and yield them: with the outcome, or with how the worker died."""
        ...


def deliver(
    crew: Crew, call: ShardCall[ShardT, ResultT], shards: Iterable[ShardT], progress: Callable[[int], None]
) -> Generator[ResultT, None, None]:
    """Yield results in order; at most twice as many shards as `crew.most` are under way or wait to be asked for.

    Raises:
        ShardFailed: a call raised, or its workers died `RUNS` times.
    """
    fresh = (Task(number, shard) for number, shard in enumerate(shards))
    again: deque[Task] = deque()
    results: dict[int, ResultT] = {}
    failed: dict[int, ShardFailed] = {}
    finished = delivered = 0
    while True:
        while crew.busy() < crew.most:
            room = not failed and crew.busy() + len(results) < 2 * crew.most
            task = again.popleft() if again else next(fresh, None) if room else None
            if task is None:
                break
            crew.give(call, task)
        if delivered in results:
            yield results.pop(delivered)
            delivered += 1
        elif failed and delivered == min(failed):
            raise failed[delivered]
        elif crew.busy():
            for task, end in crew.ended():
                if isinstance(end, Outcome) and end.failure is None:
                    results[task.number] = end.result
                    finished += 1
                    progress(finished)
                elif isinstance(end, str) and task.run < RUNS:
                    again.append(replace(task, run=task.run + 1))
                else:
                    failed[task.number] = _failure(task, end)
        else:
            return


def _failure(task: Task, end: Outcome | str) -> ShardFailed:
    """Return the error that a task ended with."""
    if isinstance(end, str):
        return worker_died(task.number, end)
    error = call_failed(task.number, end.failure or "")
    error.add_note(f"In the worker:\n{end.trace}")
    return error
