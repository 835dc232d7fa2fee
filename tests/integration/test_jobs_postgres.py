"""Jobs keep their laws on PostgreSQL, and a worker's name is a session there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import text

from shopkeeper.engines.dbos_jobs import DbosJobs
from shopkeeper.engines.dbos_worker import DbosWorker
from shopkeeper.engines.jobs_rows import open_jobs
from shopkeeper.engines.worker_names import WorkerNames
from shopkeeper.errors import InputError
from shopkeeper.jobs.ports import Work
from shopkeeper.testing.jobs_suite import JobsSuite, Working

pytestmark = pytest.mark.integration


@pytest.fixture
def url(postgres_databases: Callable[[], str]) -> str:
    return postgres_databases()


@pytest.fixture
def jobs(url: str) -> Iterator[DbosJobs]:
    found = DbosJobs(open_jobs(url))
    yield found
    found.close()


@pytest.fixture
def working(url: str, tmp_path: Path) -> Working:
    @contextlib.contextmanager
    def work(works: Mapping[str, Work]) -> Iterator[None]:
        engine = open_jobs(url)
        worker = DbosWorker(engine, tmp_path / "runs", works, WorkerNames(engine).claim("work"))
        worker.start()
        try:
            assert worker.look_after()
            yield
        finally:
            worker.stop()
            engine.dispose()

    return work


class TestJobsOnPostgres(JobsSuite):
    """The laws of jobs."""


def test_a_name_is_held_across_connections_and_lost_with_its_session(url: str) -> None:
    here, there = open_jobs(url), open_jobs(url)
    held = WorkerNames(here).claim("work", 7)
    assert WorkerNames(there).workers() == ["work-7"]
    assert WorkerNames(there).living("work-7")
    with pytest.raises(InputError, match="work-7"):
        WorkerNames(there).claim("work", 7)
    assert held.held()
    with there.connect() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7")
        )
    assert not held.held()
    assert WorkerNames(there).claim("work", 7).held()
    here.dispose()
    there.dispose()
