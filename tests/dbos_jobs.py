"""A worker of jobs on DBOS as their suite asks for it, whichever database its URL names."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from shopkeeper.engines.dbos_worker import DbosWorker
from shopkeeper.engines.jobs_rows import open_jobs
from shopkeeper.engines.worker_names import WorkerNames
from shopkeeper.jobs.ports import Work
from shopkeeper.testing.jobs_suite import Working


def working_on(url: str, folder: Path) -> Working:
    """Return what lets a worker do works of the database at `url`, its runs being kept in `folder`."""

    @contextlib.contextmanager
    def work(works: Mapping[str, Work]) -> Iterator[None]:
        engine = open_jobs(url)
        worker = DbosWorker(engine, folder, works, WorkerNames(engine).claim("work"))
        worker.start()
        try:
            assert worker.look_after()
            yield
        finally:
            worker.stop()
            engine.dispose()

    return work
