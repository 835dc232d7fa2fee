"""Ordered work as a person reads it: what is done now, how far it is, how long it will take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shopkeeper.errors import Unavailable
from shopkeeper.jobs.ports import JobStatus
from shopkeeper.web.locale_text import ago
from shopkeeper.wiring.seen_runs import recent_runs
from shopkeeper.wiring.settings import Settings

SHOWN: Final = 5
_SILENT_SECONDS: Final = 120.0
"""A run that says nothing for so long may have lost its worker."""


@dataclass(frozen=True, slots=True)
class RunView:
    """One run.

    Attributes:
        percent: Of it done.
        left: Time left in words; empty while nothing can be said.
        silent: How long it has said nothing, where that is long.
    """

    run: JobStatus
    when: str
    percent: int
    left: str
    silent: str


@dataclass(frozen=True, slots=True)
class RunsView:
    """The newest runs, or why they cannot be read."""

    runs: Sequence[RunView]
    problem: str | None = None


def runs_view(settings: Settings, now: datetime) -> RunsView:
    """Return the newest runs, newest first."""
    try:
        return RunsView([_view(run, now) for run in recent_runs(settings, SHOWN)])
    except Unavailable as error:
        return RunsView((), error.reason)


def _view(run: JobStatus, now: datetime) -> RunView:
    quiet = (now - run.updated_at).total_seconds()
    silent = ago(run.updated_at, now) if run.state == "running" and quiet > _SILENT_SECONDS else ""
    return RunView(run, ago(run.updated_at, now), int(run.share * 100), _left(run.seconds_left), silent)


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"about {seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"
