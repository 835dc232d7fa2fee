"""The jobs of a workspace: their database, who works on them, and one run seen to its end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shopkeeper.engines.dbos_jobs import DbosJobs, queue_of
from shopkeeper.engines.dbos_worker import DbosWorker
from shopkeeper.engines.jobs_rows import open_jobs
from shopkeeper.engines.worker_names import WorkerNames
from shopkeeper.errors import JobCancelled
from shopkeeper.jobs.failure import as_error
from shopkeeper.jobs.ports import Document, JobStatus, Scheduled, Work
from shopkeeper.wiring.settings import Settings

TAKE_UP_SECONDS: Final = 5.0
"""How often a worker looks for runs that dead workers left."""
_LOOK_SECONDS: Final = 0.1
_LEAVE_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class OpenJobs:
    """The jobs of a workspace and the names of its workers."""

    settings: Settings
    jobs: DbosJobs
    names: WorkerNames

    def worked_on(self, status: JobStatus) -> bool:
        """Return whether a living process works on a run, or will."""
        if status.worker and self.names.living(status.worker):
            return True
        return bool(self.names.workers())

    def see_through(self, run: str, works: Mapping[str, Work], tell: Callable[[JobStatus], None]) -> JobStatus:
        """Return a run once it has ended: followed while a worker lives, worked on here while none does.

        Args:
            works: What is done here, where nobody else does it.
            tell: Told how far the run is, again and again.
        """
        while (status := self.jobs.status(run)).unfinished:
            if self.worked_on(status):
                self._follow(run, tell)
            else:
                self._work_here(status, works, tell)
        return status

    def _follow(self, run: str, tell: Callable[[JobStatus], None]) -> None:
        """Watch a run until it ends or nobody is left to work on it."""
        looked = time.monotonic()
        while (status := self.jobs.status(run)).unfinished:
            tell(status)
            if time.monotonic() - looked > TAKE_UP_SECONDS:
                if not self.worked_on(status):
                    return
                looked = time.monotonic()
            time.sleep(_LOOK_SECONDS)

    def _work_here(self, status: JobStatus, works: Mapping[str, Work], tell: Callable[[JobStatus], None]) -> None:
        """Work on the queue of a run in this process until the run ends."""
        with working(self.settings, works, "train", queues=[queue_of(status.kind, status.subject)]) as worker:
            looked = 0.0
            while (found := self.jobs.status(status.run)).unfinished:
                tell(found)
                if time.monotonic() - looked > TAKE_UP_SECONDS:
                    if not worker.look_after():
                        return
                    looked = time.monotonic()
                time.sleep(_LOOK_SECONDS)


@dataclass(frozen=True, slots=True)
class SeenJob:
    """A run, and whether somebody works on it.

    Attributes:
        stranded: It did not end, and no living process works on it or would take it up.
    """

    status: JobStatus
    stranded: bool


def see_jobs(settings: Settings) -> list[SeenJob]:
    """Return the newest runs, newest first."""
    with opened_jobs(settings) as opened:
        return [_seen(opened, status) for status in opened.jobs.recent()]


def see_job(settings: Settings, run: str) -> SeenJob:
    """Return one run. Raises InputError for an id nobody knows."""
    with opened_jobs(settings) as opened:
        return _seen(opened, opened.jobs.status(run))


def cancel_job(settings: Settings, run: str, who: str) -> SeenJob:
    """Stop one run for good and return it. Raises InputError for an id nobody knows."""
    with opened_jobs(settings) as opened:
        opened.jobs.cancel(run, who)
        return _seen(opened, opened.jobs.status(run))


def ended_well(status: JobStatus) -> Document:
    """Return the document of a run that is done, or raise the error it ended with."""
    if status.state == "done" and status.result is not None:
        return status.result
    if status.result is not None:
        raise as_error(status.result)
    raise JobCancelled(f"Run {status.run} was {status.text}.", "Start another when you want to.")


def _seen(opened: OpenJobs, status: JobStatus) -> SeenJob:
    return SeenJob(status, status.unfinished and not opened.worked_on(status))


@contextlib.contextmanager
def opened_jobs(settings: Settings) -> Iterator[OpenJobs]:
    """Open the jobs of a workspace. Raises Unavailable when their database does not answer."""
    engine = open_jobs(settings.jobs_url)
    jobs = DbosJobs(engine)
    try:
        yield OpenJobs(settings, jobs, WorkerNames(engine))
    finally:
        jobs.close()


@contextlib.contextmanager
def working(
    settings: Settings,
    works: Mapping[str, Work],
    kind: str,
    number: int | None = None,
    queues: list[str] | None = None,
    leave_seconds: float = _LEAVE_SECONDS,
    schedules: Sequence[Scheduled] = (),
) -> Iterator[DbosWorker]:
    """Work under a name of its own while the context is open.

    Args:
        kind: `work` for a process that works on everything, `train` for one that works on its own run.
        queues: The only queues to work on; None = all.
        leave_seconds: How long to wait for runs to reach a place where they can be left.
        schedules: What is done again and again while this or another worker lives.
    """
    engine = open_jobs(settings.jobs_url)
    worker = DbosWorker(
        engine,
        settings.folder(settings.engines.runs),
        works,
        WorkerNames(engine).claim(kind, number),
        queues,
        schedules,
    )
    worker.start()
    try:
        yield worker
    finally:
        worker.stop(leave_seconds)
        engine.dispose()
