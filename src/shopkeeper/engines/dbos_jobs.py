"""Jobs on DBOS: accepting and cancelling them from any process, without launching DBOS there.

Every kind and subject has a queue of its own in which one run works at a time, whichever machine its worker is on.
A run is a DBOS workflow of the same id; run row and workflow are accepted in one transaction.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from secrets import token_hex
from typing import Final

from dbos import DBOSClient, DBOSPortableJSONSerializer, run_dbos_database_migrations
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import OperationalError

from shopkeeper.engines.jobs_rows import SCHEMA, JobRows
from shopkeeper.engines.state_engine import only_one, shown
from shopkeeper.engines.worker_names import WorkerNames
from shopkeeper.errors import InputError, Unavailable
from shopkeeper.jobs.ports import Document

APPLICATION: Final = "shopkeeper"
VERSION: Final = "jobs-1"
"""Version that DBOS notes with each run, fixed: a newer Shopkeeper takes up what an older one left."""
WORKFLOW: Final = "shopkeeper.job"
SERIALIZER: Final = DBOSPortableJSONSerializer()
"""What DBOS keeps is JSON; its default would be pickle."""
_POLL_SECONDS: Final = {"sqlite": 0.2, "postgresql": 1.0}
_NAME: Final = re.compile(r"^[a-z][a-z0-9_-]{0,49}$")


class DbosJobs(JobRows):
    """Implements `jobs.ports.Jobs`.

    Args:
        engine: The database of jobs, as `jobs_rows.open_jobs` opens it.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._engine = engine
        self._names = WorkerNames(engine)
        prepare(engine)
        self._client = DBOSClient(
            system_database_engine=engine,
            dbos_system_schema=schema_of(engine),
            serializer=SERIALIZER,
            application_name=APPLICATION,
            retry_connection_errors=False,
        )

    def enqueue(self, kind: str, subject: str, order: Document, who: str) -> str:
        """Accept work and return the id of its run. Durable on return.

        Raises:
            InputError: kind or subject is no name.
            Unavailable: the database does not answer.
        """
        for name in (kind, subject):
            if not _NAME.match(name):
                raise InputError(f"{name!r} is no name of work.", "Use small letters, digits, `-` and `_`.")
        run = f"{kind}-{subject}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{token_hex(3)}"
        try:
            self._client.register_queue(
                queue_of(kind, subject),
                global_concurrency=1,
                polling_interval_sec=_POLL_SECONDS[self._engine.dialect.name],
            )
            with self._engine.begin() as connection:
                self.add(connection, run, kind, subject, order, who)
                self._client.enqueue_in_transaction(
                    connection,
                    {
                        "workflow_name": WORKFLOW,
                        "queue_name": queue_of(kind, subject),
                        "workflow_id": run,
                        "app_version": VERSION,
                    },
                    kind,
                    subject,
                    dict(order),
                )
        except OperationalError as error:
            raise Unavailable(
                f"The database of jobs at {shown(self._engine.url)} does not answer: {error.orig}.",
                "Nothing was accepted; try again.",
            ) from error
        return run

    def cancel(self, run: str, who: str) -> None:
        """Ask a run to stop; a queued one never starts. Raises InputError for an id nobody knows.

        DBOS lets go of the queue of a workflow it cancels at once, and the next run would start beside this one. So a
        run that is being worked on is ended by its worker, which looks at the row at each step and report of progress.
        """
        found = self.status(run)
        if not found.unfinished:
            return
        self.end(run, "cancelled", None, f"cancelled by {who}")
        if not found.worker or not self._names.living(found.worker):
            self._client.cancel_workflow(run)

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()
        self._engine.dispose()


def prepare(engine: Engine) -> None:
    """Make DBOS's own tables where there are none, or bring them up to date, one process at a time."""
    with engine.connect() as connection:
        there = inspect(connection.execution_options(isolation_level="AUTOCOMMIT")).has_table(
            "dbos_migrations", schema=schema_of(engine)
        )
    if there:
        return
    with only_one(engine):
        run_dbos_database_migrations(
            engine.url.render_as_string(hide_password=False), schema=schema_of(engine) or "dbos"
        )


def schema_of(engine: Engine) -> str | None:
    """Return the schema of DBOS's tables; None on SQLite, which has none."""
    return SCHEMA if engine.dialect.name == "postgresql" else None


def queue_of(kind: str, subject: str) -> str:
    """Return the name of the queue in which the runs of one kind and subject wait."""
    return f"{kind}.{subject}"
