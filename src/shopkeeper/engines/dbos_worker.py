"""The process that works: DBOS launched under a name of its own, once in a process at most.

What DBOS decides: which run is worked on, by which process, and which steps of it are done already. What is here: the
run's row for others to read, cancelling, stopping in order, and taking up what a dead process left.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
from dbos import DBOS
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from shopkeeper.engines.dbos_jobs import APPLICATION, SERIALIZER, VERSION, WORKFLOW, schema_of
from shopkeeper.engines.jobs_rows import JobRows
from shopkeeper.engines.worker_names import HeldName, WorkerNames
from shopkeeper.errors import ConfigError, InputError, JobCancelled, ShopkeeperError
from shopkeeper.jobs.failure import as_document, as_error
from shopkeeper.jobs.ports import Document, FinishedStep, Scheduled, Work

MOST_ATTEMPTS: Final = 50
"""A run that took so many processes down with it is given up."""
_DBOS_HANDLER: Final = "__dbos_console_log_handler__"
SCHEDULE_WORKFLOW: Final = "shopkeeper.due"
SCHEDULED_KEPT: Final = timedelta(days=1)
"""How long DBOS keeps a call of a schedule that is over; one a minute would fill the database."""
_TIDY_SECONDS: Final = 3_600.0
_MOST_DELETED: Final = 5_000
_REPORT_SECONDS: Final = 0.25
"""Reports of progress that follow faster are left out."""
_log = structlog.get_logger(__name__)


class _Stopped(BaseException):
    """Leaves a run where it is; no Exception, so neither a step nor DBOS records it as the run's end."""


class DbosWorker:
    """Works on queued runs from `start` to `stop`.

    Args:
        engine: The database of jobs, as `jobs_rows.open_jobs` opens it.
        runs: Folder in which each run gets a folder of its own; workers on several machines share it.
        works: What is done for each kind of job.
        held: The name of this worker.
        queues: The only queues it looks at; None = all.
        schedules: What is done again and again; of all workers one does it each time.
    """

    def __init__(
        self,
        engine: Engine,
        runs: Path,
        works: Mapping[str, Work],
        held: HeldName,
        queues: Sequence[str] | None = None,
        schedules: Sequence[Scheduled] = (),
    ) -> None:
        self.rows = JobRows(engine)
        self.runs = runs
        self.works = works
        self.name = held.name
        self.stopping = threading.Event()
        self.at_work: set[str] = set()
        self._engine = engine
        self._held = held
        self._queues = queues
        self.schedules = {one.name: one for one in schedules}
        self._names = WorkerNames(engine)
        self._tidied = float("-inf")

    def start(self) -> None:
        """Launch DBOS and begin to work; what this name left undone is taken up again.

        Raises:
            ConfigError: another worker works in this process already.
        """
        if _place.worker is not None:
            raise ConfigError("A worker works in this process already.", "Stop it first; DBOS is one to a process.")
        _place.worker = self
        _log_to_stderr()
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": self._engine.url.render_as_string(hide_password=False),
                "dbos_system_schema": schema_of(self._engine) or "dbos",
                "application_version": VERSION,
                "executor_id": self.name,
                "serializer": SERIALIZER,
                "log_level": "CRITICAL",  # how a run ended is told here, once; DBOS would print a traceback beside it
                "enable_otlp": False,
                "sys_db_pool_size": 4,
                "notification_listener_polling_interval_sec": 0.2,
            }
        )
        if self._queues is not None:
            DBOS.listen_queues(self._queues)
        DBOS.launch()
        if self.schedules:
            DBOS.apply_schedules(
                [
                    {"schedule_name": one.name, "workflow_fn": _due, "schedule": one.cron, "context": one.name}
                    for one in self.schedules.values()
                ]
            )

    def look_after(self) -> bool:
        """Take up what dead workers left; returns False once this worker has lost its name and must stop."""
        if not self._held.held():
            _log.error("worker_name_lost", worker=self.name)
            return False
        begun = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        for name in sorted({str(one.executor_id) for one in begun} - {self.name}):
            if (left := self._names.take(name)) is None:
                continue
            try:
                # Without a server of DBOS's own this is its one way to declare a process dead.
                taken = DBOS._recover_pending_workflows([name])
            finally:
                left.release()
            if taken:
                _log.info("runs_taken_up", of=name, worker=self.name, runs=[one.workflow_id for one in taken])
        self._end_given_up()
        if self.schedules and time.monotonic() - self._tidied > _TIDY_SECONDS:
            self._tidied = time.monotonic()
            self.forget_scheduled(datetime.now(UTC) - SCHEDULED_KEPT)
        return True

    def forget_scheduled(self, before: datetime) -> int:
        """Delete what DBOS keeps of calls of schedules that ended before a moment; return how many."""
        over = DBOS.list_workflows(
            name=SCHEDULE_WORKFLOW, status=["SUCCESS", "ERROR"], completed_before=before.isoformat(),
            limit=_MOST_DELETED, load_input=False, load_output=False,
        )  # fmt: skip
        if over:
            DBOS.delete_workflows([one.workflow_id for one in over])
        return len(over)

    def stop(self, wait_seconds: float = 20.0) -> None:
        """Stop in order: runs are left at their next step or report, for other workers or the next start.

        A run that reports nothing for so long stays at work, and so does this worker's name, until the process ends.
        """
        self.stopping.set()
        until = time.monotonic() + wait_seconds
        while self.at_work and time.monotonic() < until:
            time.sleep(0.02)
        DBOS.destroy()
        if not self.at_work:
            _place.worker = None
            self._held.release()

    def _end_given_up(self) -> None:
        """Tell of runs that DBOS gave up, as their own work cannot any more."""
        for run in self.rows.unfinished():
            found = DBOS.get_workflow_status(run.run)
            if found is not None and found.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
                why = f"given up: it took {run.attempts} processes down"
                error = ShopkeeperError(
                    f"Run {run.run} was {why}.", "See the log of `shopkeeper work`; is memory short?"
                )
                self.rows.end(run.run, "failed", as_document(error), why)


def _log_to_stderr() -> None:
    """Point DBOS's log at what stderr is now; it keeps the stream of its first import, which may be closed since."""
    for handler in logging.getLogger("dbos").handlers:
        if isinstance(handler, logging.StreamHandler) and handler.name == _DBOS_HANDLER:
            handler.stream = sys.stderr  # setStream would flush the closed one


class _Place:
    """Where the workflow finds the worker of its process; DBOS knows its functions by name alone."""

    worker: DbosWorker | None = None


_place = _Place()


class DbosSteps:
    """Implements `jobs.ports.Steps` inside a workflow of DBOS."""

    def __init__(self, worker: DbosWorker, run: str) -> None:
        self.run = run
        self.folder = worker.runs / run
        self.folder.mkdir(parents=True, exist_ok=True)
        self._worker = worker
        self._finished: list[FinishedStep] = []
        self._known = {step.name: step.seconds for step in worker.rows.status(run).steps}
        self._share = 0.0
        self._said = ""
        self._told = 0.0

    def step(self, name: str, call: Callable[[], Document]) -> Document:
        """Return the recorded document of a step, or call it and record what it returns."""
        self._go_on()
        started = time.monotonic()
        recorded: dict[str, Any] = DBOS.run_step({"name": name}, lambda: _attempt(call))
        took = self._known.get(name, round(time.monotonic() - started, 3))
        self._finished.append(FinishedStep(name, took))
        if len(self._finished) > len(self._known):
            self._worker.rows.finished(self.run, self._finished)
        if "error" in recorded:
            raise as_error(recorded["error"])
        found: Document = recorded["document"]
        return found

    def progress(self, share: float, text: str) -> None:
        """Say how far the run is."""
        now = time.monotonic()
        if text == self._said and now - self._told < _REPORT_SECONDS:
            self._pause()
            return
        self._share, self._said, self._told = max(share, self._share), text, now
        self._go_on()

    def _go_on(self) -> None:
        """Write how far the run is, and end it here if it was cancelled or the worker stops."""
        self._pause()
        try:
            state = self._worker.rows.progress(self.run, self._share, self._said)
        except SQLAlchemyError as error:  # a report that is lost costs nothing but the report
            _log.warning("progress_not_written", run=self.run, error=str(error))
            return
        if state == "cancelled":
            raise JobCancelled(f"Run {self.run} was cancelled.", "Start another when you want to.")

    def _pause(self) -> None:
        if self._worker.stopping.is_set():
            raise _Stopped


@DBOS.workflow(name=WORKFLOW, max_recovery_attempts=MOST_ATTEMPTS)
def _job(kind: str, subject: str, order: dict[str, Any]) -> dict[str, Any]:
    """Work on one run, and tell in its row how it ended."""
    worker, run = _place.worker, DBOS.workflow_id
    if worker is None or run is None or worker.stopping.is_set():
        raise _Stopped
    worker.at_work.add(run)
    try:
        if worker.rows.begin(run, worker.name).state == "cancelled":
            raise JobCancelled(f"Run {run} was cancelled.", "Start another when you want to.")
        work = worker.works.get(kind)
        if work is None:
            raise InputError(f"This version has no work of kind {kind!r}.", "Cancel the run, or install what knows it.")
        result: dict[str, Any] = _plain(work(DbosSteps(worker, run), subject, order))
        worker.rows.end(run, "done", result, "done")
        return result
    except JobCancelled as error:
        worker.rows.end(run, "cancelled", as_document(error), "cancelled")
        raise
    except ShopkeeperError as error:
        worker.rows.end(run, "failed", as_document(error), error.reason)
        raise
    except Exception as error:
        _log.exception("run_failed", run=run)
        unforeseen = ShopkeeperError(f"Run {run} failed: {error!r}.", "See the log of the worker.")
        worker.rows.end(run, "failed", as_document(unforeseen), repr(error))
        raise
    finally:
        worker.at_work.discard(run)


@DBOS.workflow(name=SCHEDULE_WORKFLOW, max_recovery_attempts=MOST_ATTEMPTS)
def _due(moment: datetime, name: Any) -> None:  # noqa: ANN401 - DBOS's own form of what it calls
    """Do what a schedule says; what goes wrong is logged, and the next time tries again."""
    worker = _place.worker
    if worker is None or worker.stopping.is_set():
        raise _Stopped
    scheduled = worker.schedules.get(str(name))
    if scheduled is None:  # left by another version of Shopkeeper
        return
    try:
        DBOS.run_step({"name": scheduled.name}, lambda: _plain(scheduled.call(moment)))
    except Exception:  # noqa: BLE001 - the outermost loop of what is scheduled
        _log.exception("schedule_failed", schedule=scheduled.name, due=moment.isoformat())


def _attempt(call: Callable[[], Document]) -> dict[str, Any]:
    """Return what a step found, or the error it ended with, as it will be read back later."""
    try:
        return {"document": _plain(call())}
    except JobCancelled:
        raise
    except ShopkeeperError as error:
        return {"error": as_document(error)}


def _plain(document: Document) -> dict[str, Any]:
    """Return a document as JSON gives it back, so that a step returns the same the first time as after a restart."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
    return found
