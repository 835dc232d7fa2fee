"""What long work needs of the engine that makes it durable: steps, progress, and a way to stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol

JobState = Literal["queued", "running", "done", "failed", "cancelled"]

UNFINISHED: Final[tuple[JobState, ...]] = ("queued", "running")

Document = Mapping[str, Any]
"""What a step returns and a job takes: plain JSON. Large results go to files in the run's folder and are named here."""


class Steps(Protocol):
    """The durable side of one run of a job.

    Laws: a step whose document was recorded is never called again, also after kill -9 and a new process: its recorded
    document is returned. A step that was under way when the process died is called again, so it must be safe to repeat
    (write files beside their place and rename them). Steps are asked for in the same order with the same names each
    time. A step that raised a ShopkeeperError raises it again. A cancelled run raises JobCancelled at its next step or
    progress report.
    """

    @property
    def run(self) -> str:
        """Id of this run, the same after a restart."""
        ...

    @property
    def folder(self) -> Path:
        """Folder of this run's files, the same after a restart; it exists."""
        ...

    def step(self, name: str, call: Callable[[], Document]) -> Document:
        """Return the recorded document of a step, or call it and record what it returns."""
        ...

    def progress(self, share: float, text: str) -> None:
        """Say how far the run is.

        Args:
            share: Of the whole run, 0 to 1.
            text: What is done now, for people.
        """
        ...


Work = Callable[[Steps, str, Document], Document]
"""The work of one kind of job: takes its steps, its subject and its order, returns the document it ends with."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Something that is done again and again, by one worker each time.

    Attributes:
        name: Unique among them.
        cron: When, five fields, UTC.
        call: What is done; gets the time it was due. It may be called twice for one time, so it must be safe to repeat.
    """

    name: str
    cron: str
    call: Callable[[datetime], Document]


@dataclass(frozen=True, slots=True)
class FinishedStep:
    """A step whose document is recorded.

    Attributes:
        seconds: How long it took, the recording included.
    """

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class JobStatus:
    """One run of a job, as others see it.

    Attributes:
        kind: Such as `training`.
        subject: What it works on, such as `recommendations`; two runs of one kind and subject never work at once.
        order: What was asked for.
        worker: Name of the process that works or worked on it; empty while it is queued.
        attempts: How often its work was begun: one more than the processes that died or stopped over it.
        share: How far it is, 0 to 1.
        text: What it does now, or why it failed.
        steps: Finished steps, in their order.
        result: The document it ended with; of a failed run, its error (see `jobs.failure`).
        seconds_left: Estimated from the share done; None while nothing can be said.
    """

    run: str
    kind: str
    subject: str
    state: JobState
    order: Document
    who: str
    created_at: datetime
    updated_at: datetime
    worker: str
    attempts: int
    share: float
    text: str
    steps: tuple[FinishedStep, ...] = ()
    result: Document | None = None
    seconds_left: float | None = None

    @property
    def unfinished(self) -> bool:
        """True while it waits or works."""
        return self.state in UNFINISHED


class JobReader(Protocol):
    """What there is to see of jobs; light enough for a serving process."""

    def status(self, run: str) -> JobStatus:
        """Return one run. Raises InputError for an id nobody knows."""
        ...

    def recent(self, kind: str | None = None, subject: str | None = None, limit: int = 50) -> Sequence[JobStatus]:
        """Return runs, newest first."""
        ...


class Jobs(JobReader, Protocol):
    """Durable work: what was accepted is worked on until it ends, whatever process dies.

    Laws: two runs of one kind and subject never work at once, wherever their workers are; a run that is accepted while
    another of its subject is queued or running waits for it; `cancel` of a run that ended changes nothing.
    """

    def enqueue(self, kind: str, subject: str, order: Document, who: str) -> str:
        """Accept work and return the id of its run. Durable on return. Raises Unavailable."""
        ...

    def cancel(self, run: str, who: str) -> None:
        """Ask a run to stop; a queued one never starts. Raises InputError for an id nobody knows."""
        ...
