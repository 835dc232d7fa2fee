"""Runs of jobs as others see them: one row a run, beside DBOS's own tables in the same database.

DBOS decides what is worked on, once, by whom; the row tells people and other processes. Whatever the two disagree on
after a crash is put right by the worker that takes a run up again. Reading a row needs nothing of DBOS, so a serving
process may do it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)  # fmt: skip
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateSchema

from shopkeeper.engines.state_engine import only_one, open_engine, queue_up, shown
from shopkeeper.engines.state_schema import from_micros, to_micros
from shopkeeper.errors import InputError, Unavailable
from shopkeeper.jobs.ports import UNFINISHED, Document, FinishedStep, JobState, JobStatus

SCHEMA: Final = "shopkeeper_jobs"
"""Schema of all tables of jobs on PostgreSQL; SQLite has none, there they have a file of their own."""
_QUICKEST: Final = 2.0
"""Seconds of work, and a hundredth of it, before time left is told."""

_METADATA = MetaData()
RUNS = Table(
    "shopkeeper_runs",
    _METADATA,
    Column("run", String(100), primary_key=True),
    Column("kind", String(50), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("state", String(20), nullable=False),
    Column("ordered", Text, nullable=False),
    Column("who", String(200), nullable=False),
    Column("created_micros", BigInteger, nullable=False, index=True),
    Column("updated_micros", BigInteger, nullable=False),
    Column("worker", String(100), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("share", Float, nullable=False),
    Column("progress", Text, nullable=False),
    Column("steps", Text, nullable=False),
    Column("result", Text),
    Column("begun_micros", BigInteger),
    Column("begun_share", Float, nullable=False),
)


def open_jobs(url: str) -> Engine:
    """Open the database of jobs and make its table where there is none.

    Raises:
        ConfigError: the URL names neither SQLite nor PostgreSQL.
        Unavailable: the database does not answer.
    """
    engine = open_engine(url)
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(schema_translate_map={None: SCHEMA})
    try:
        with only_one(engine), engine.begin() as connection:
            queue_up(connection, "jobs")
            if connection.dialect.name == "postgresql":
                connection.execute(CreateSchema(SCHEMA, if_not_exists=True))
            _METADATA.create_all(connection)
    except OperationalError as error:
        engine.dispose()
        raise Unavailable(
            f"The database of jobs at {shown(engine.url)} does not answer: {error.orig}.",
            "Check engines.jobs_url, that the database is there, and that this user may write to it.",
        ) from error
    return engine


class JobRows:
    """Implements `jobs.ports.JobReader`, and keeps the rows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def status(self, run: str) -> JobStatus:
        """Return one run. Raises InputError for an id nobody knows."""
        with self._engine.connect() as connection:
            reading = connection.execution_options(isolation_level="AUTOCOMMIT")
            row = reading.execute(select(RUNS).where(RUNS.c.run == run)).first()
        if row is None:
            raise InputError(f"There is no run {run!r}.", "See the runs there are: `shopkeeper jobs`.")
        return _status(row)

    def recent(self, kind: str | None = None, subject: str | None = None, limit: int = 50) -> Sequence[JobStatus]:
        """Return runs, newest first."""
        query = select(RUNS).order_by(RUNS.c.created_micros.desc(), RUNS.c.run.desc()).limit(limit)
        for column, wanted in ((RUNS.c.kind, kind), (RUNS.c.subject, subject)):
            if wanted is not None:
                query = query.where(column == wanted)
        return self._read(query)

    def unfinished(self) -> Sequence[JobStatus]:
        """Return every run that waits or works, oldest first."""
        return self._read(select(RUNS).where(RUNS.c.state.in_(UNFINISHED)).order_by(RUNS.c.created_micros))

    def add(self, connection: Connection, run: str, kind: str, subject: str, order: Document, who: str) -> None:
        """Add a queued run, inside the caller's transaction."""
        now = _now()
        connection.execute(
            insert(RUNS),
            {
                "run": run, "kind": kind, "subject": subject, "state": "queued", "who": who, "worker": "",
                "ordered": msgspec.json.encode(order).decode(), "created_micros": now, "updated_micros": now,
                "attempts": 0, "share": 0.0, "progress": "waits", "steps": "[]", "begun_share": 0.0,
            },
        )  # fmt: skip

    def begin(self, run: str, worker: str) -> JobStatus:
        """Note that a worker takes a run up, unless it was cancelled, and return the run."""
        now = _now()
        self._change(
            run,
            {
                "state": "running", "progress": "Beginning ...", "worker": worker, "attempts": RUNS.c.attempts + 1,
                "updated_micros": now, "begun_micros": now, "begun_share": RUNS.c.share,
            },
        )  # fmt: skip
        return self.status(run)

    def progress(self, run: str, share: float, text: str) -> JobState:
        """Note how far a run is, and return its state: `cancelled` when it should stop."""
        self._change(run, {"share": share, "progress": text, "updated_micros": _now()})
        with self._engine.connect() as connection:
            reading = connection.execution_options(isolation_level="AUTOCOMMIT")
            state: JobState = reading.execute(select(RUNS.c.state).where(RUNS.c.run == run)).scalar_one()
        return state

    def finished(self, run: str, steps: Sequence[FinishedStep]) -> None:
        """Note which steps are done."""
        self._change(run, {"steps": msgspec.json.encode(steps).decode(), "updated_micros": _now()})

    def end(self, run: str, state: JobState, result: Document | None, text: str) -> None:
        """Note how a run ended, unless it has ended already."""
        values: dict[str, Any] = {"state": state, "progress": text, "updated_micros": _now()}
        if state == "done":
            values["share"] = 1.0
        if result is not None:
            values["result"] = msgspec.json.encode(result).decode()
        self._change(run, values)

    def _change(self, run: str, values: dict[str, Any]) -> None:
        with self._engine.begin() as connection:
            connection.execute(update(RUNS).where(RUNS.c.run == run, RUNS.c.state.in_(UNFINISHED)).values(values))

    def _read(self, query: Select[Any]) -> list[JobStatus]:
        with self._engine.connect() as connection:
            return [_status(row) for row in connection.execution_options(isolation_level="AUTOCOMMIT").execute(query)]


def _now() -> int:
    return to_micros(datetime.now(UTC))


def _status(row: Row[Any]) -> JobStatus:
    return JobStatus(
        run=row.run,
        kind=row.kind,
        subject=row.subject,
        state=row.state,
        order=msgspec.json.decode(row.ordered),
        who=row.who,
        created_at=from_micros(row.created_micros),
        updated_at=from_micros(row.updated_micros),
        worker=row.worker,
        attempts=row.attempts,
        share=row.share,
        text=row.progress,
        steps=msgspec.json.decode(row.steps, type=tuple[FinishedStep, ...]),
        result=None if row.result is None else msgspec.json.decode(row.result),
        seconds_left=_seconds_left(row),
    )


def _seconds_left(row: Row[Any]) -> float | None:
    """Return the time left if the rest goes as fast as this worker's part went; None too early to tell."""
    if row.state != "running" or row.begun_micros is None:
        return None
    worked = (row.updated_micros - row.begun_micros) / 1e6
    done = row.share - row.begun_share
    if worked < _QUICKEST or done < 0.01:
        return None
    return float(worked * (1.0 - row.share) / done)
