"""A worker of a workspace: what it can do, and how long it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from shopkeeper.jobs.ports import Work
from shopkeeper.wiring.jobs import TAKE_UP_SECONDS, working
from shopkeeper.wiring.model_retention import tidy_models
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.training_job import TRAINING, training_work

LEAVE_SECONDS: Final = 20.0
"""How long a worker that stops waits for its runs to reach a step; Kubernetes gives 30."""
_ONCE_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Left:
    """How a worker stopped.

    Attributes:
        at_work: Runs that reported nothing for too long; they go on with the next worker.
    """

    name: str
    at_work: frozenset[str]


def works_of(settings: Settings) -> Mapping[str, Work]:
    """Return what a worker does for each kind of job."""
    return {TRAINING: training_work(settings)}


def work_on(
    settings: Settings,
    number: int | None,
    *,
    once: bool,
    stopped: Callable[[float], bool],
    say: Callable[[str], None],
) -> Left:
    """Work until told to stop.

    Args:
        number: Which worker to be; None = the lowest free number.
        once: Stop when nothing waits and nothing is being done.
        stopped: Waits so many seconds and returns True as soon as the process shall stop.

    Raises:
        InputError: a living worker has that number.
        Unavailable: the database of jobs does not answer.
    """
    with working(settings, works_of(settings), "work", number, leave_seconds=LEAVE_SECONDS) as worker:
        say(f"Worker {worker.name} works; Ctrl-C stops it.")
        pause = _ONCE_SECONDS if once else TAKE_UP_SECONDS
        tidied: date | None = None
        while worker.look_after() and not stopped(pause):
            if (today := datetime.now(UTC).date()) != tidied:
                tidy_models(settings)
                tidied = today
            if once and not worker.rows.unfinished():
                break
    return Left(worker.name, frozenset(worker.at_work))
