"""Jobs on DBOS over SQLite: the laws of jobs, and what a worker's name guards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dbos import DBOS
from sqlalchemy import MetaData, select
from tests.dbos_jobs import working_on

from shopkeeper.engines.dbos_jobs import DbosJobs
from shopkeeper.engines.dbos_worker import DbosWorker
from shopkeeper.engines.jobs_rows import JobRows, open_jobs
from shopkeeper.engines.worker_names import WorkerNames
from shopkeeper.errors import ConfigError, InputError
from shopkeeper.jobs.ports import Document, Scheduled, Steps
from shopkeeper.testing.jobs_suite import JobsSuite, Working, ended


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/jobs.db"


@pytest.fixture
def jobs(url: str) -> Iterator[DbosJobs]:
    found = DbosJobs(open_jobs(url))
    yield found
    found.close()


@pytest.fixture
def working(url: str, tmp_path: Path) -> Working:
    return working_on(url, tmp_path / "runs")


class TestJobsOnSqlite(JobsSuite):
    """The laws of jobs."""


def test_a_name_is_held_once_and_free_when_it_is_let_go(url: str) -> None:
    engine = open_jobs(url)
    names = WorkerNames(engine)
    first, second = names.claim("work"), names.claim("work")
    assert (first.name, second.name) == ("work-1", "work-2")
    assert names.workers() == ["work-1", "work-2"]
    with pytest.raises(InputError, match="work-1"):
        names.claim("work", 1)
    first.release()
    assert names.workers() == ["work-2"]
    assert names.claim("work").name == "work-1"
    engine.dispose()


def test_a_second_worker_in_one_process_is_refused(url: str, tmp_path: Path, working: Working) -> None:
    engine = open_jobs(url)
    with working({}):
        held = WorkerNames(engine).claim("work")
        with pytest.raises(ConfigError, match="already"):
            DbosWorker(engine, tmp_path, {}, held).start()
        held.release()
    engine.dispose()


def test_what_is_kept_is_json_and_never_a_pickle(jobs: DbosJobs, working: Working, url: str) -> None:
    def work(steps: Steps, subject: str, order: Document) -> Document:
        return steps.step("only", lambda: order)

    run = jobs.enqueue("keeping", "shop", {"n": 7}, "anna")
    with working({"keeping": work}):
        ended(jobs, run)
    engine = open_jobs(url)
    with engine.connect() as connection:
        tables = MetaData()
        tables.reflect(connection)
        kept = [str(row) for table in tables.sorted_tables for row in connection.execute(select(table)).all()]
    engine.dispose()
    assert any('["keeping","shop",{"n":7}]' in row for row in kept)
    assert not [row for row in kept if "gAS" in row or "py_pickle" in row]


def test_a_row_is_read_without_dbos(jobs: DbosJobs, url: str) -> None:
    run = jobs.enqueue("counting", "shop", {"n": 7}, "anna")
    engine = open_jobs(url)
    assert JobRows(engine).status(run) == jobs.status(run)
    engine.dispose()


def test_what_is_scheduled_is_done_when_it_is_due_and_a_failure_ends_nothing(url: str, tmp_path: Path) -> None:
    done: list[datetime] = []

    def call(due: datetime) -> Document:
        done.append(due)
        return {"due": due}

    def broken(_due: datetime) -> Document:
        raise OSError("the disk is full")

    engine = open_jobs(url)
    schedules = [Scheduled("often", "* * * * *", call), Scheduled("broken", "* * * * *", broken)]
    worker = DbosWorker(engine, tmp_path / "runs", {}, WorkerNames(engine).claim("work"), schedules=schedules)
    worker.start()
    try:
        DBOS.trigger_schedule("broken").get_result()
        DBOS.trigger_schedule("often").get_result()
        assert worker.forget_scheduled(datetime.now(UTC) - timedelta(days=1)) == 0
        assert worker.forget_scheduled(datetime.now(UTC) + timedelta(seconds=1)) >= 2
        assert done
        assert worker.look_after()
    finally:
        worker.stop()
        engine.dispose()
