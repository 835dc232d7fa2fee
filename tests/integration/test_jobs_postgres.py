"""Jobs keep their laws on PostgreSQL, and a worker's name is a session there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.dbos_jobs import working_on

from shopkeeper.engines.dbos_jobs import DbosJobs
from shopkeeper.engines.jobs_rows import open_jobs
from shopkeeper.engines.worker_names import WorkerNames
from shopkeeper.errors import InputError
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
    return working_on(url, tmp_path / "runs")


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
