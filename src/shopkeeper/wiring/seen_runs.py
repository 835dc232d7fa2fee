"""Runs of jobs as the control room shows them; reads their rows and loads nothing that works on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from shopkeeper.engines.jobs_rows import JobRows, open_jobs
from shopkeeper.jobs.ports import JobStatus
from shopkeeper.wiring.settings import Settings

_SQLITE = "sqlite:///"


def recent_runs(settings: Settings, limit: int) -> Sequence[JobStatus]:
    """Return the newest runs, newest first; none where nothing was ever ordered.

    Raises:
        Unavailable: the database of jobs does not answer.
    """
    url = settings.jobs_url
    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).exists():
        return ()
    engine = open_jobs(url)
    try:
        return JobRows(engine).recent(limit=limit)
    finally:
        engine.dispose()
