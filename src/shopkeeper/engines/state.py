"""The state database: opened, migrated and handed out as its ports."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import StaticPool

from shopkeeper.engines.state_audit import StateAudit
from shopkeeper.engines.state_keys import StateKeys
from shopkeeper.engines.state_registry import StateRegistry
from shopkeeper.engines.state_reports import StateReports
from shopkeeper.engines.state_schema import HEAD
from shopkeeper.engines.state_tables import StateTables
from shopkeeper.errors import ConfigError, Unavailable

_BUSY_MILLISECONDS = 10_000


@dataclass(frozen=True, slots=True)
class State:
    """The state database by its ports. Close it when done."""

    engine: Engine
    tables: StateTables
    registry: StateRegistry
    keys: StateKeys
    reports: StateReports
    audit: StateAudit

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def open_state(url: str) -> State:
    """Open the database at a SQLAlchemy URL and bring its tables up to date.

    Raises:
        ConfigError: the URL is not one SQLAlchemy knows.
        Unavailable: the database does not answer.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            f"engines.state_url is not a database URL: {url!r}.", "Use for example sqlite:///state.db."
        ) from error
    file = Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None
    options: dict[str, Any] = {"pool_pre_ping": True}
    if parsed.get_backend_name() == "sqlite":
        options = {"connect_args": {"check_same_thread": False}}
        if file is None:
            options["poolclass"] = StaticPool
    engine = create_engine(url, **options)
    if parsed.get_backend_name() == "sqlite":
        _prepare_sqlite(engine)
    try:
        with _only_one(file):
            _migrate(engine)
    except OperationalError as error:
        engine.dispose()
        raise Unavailable(
            f"The state database at {parsed.render_as_string(hide_password=True)} does not answer: {error.orig}.",
            "Check that it is there and that this user may write to it.",
        ) from error
    return State(
        engine,
        StateTables(engine),
        StateRegistry(engine),
        StateKeys(engine),
        StateReports(engine),
        StateAudit(engine),
    )


def _migrate(engine: Engine) -> None:
    with engine.connect() as connection:
        reading = connection.execution_options(isolation_level="AUTOCOMMIT")
        there = inspect(reading).has_table("alembic_version")
        if there and reading.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD:
            return
    config = Config()
    config.set_main_option("script_location", "shopkeeper:engines/migrations")
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _only_one(database: Path | None) -> Iterator[None]:
    """Let one process at a time migrate a database file; two at once would both create its tables."""
    if database is None:
        yield
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    with database.with_name(database.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _prepare_sqlite(engine: Engine) -> None:
    """Make SQLite safe for several processes: write-ahead log, patience, and writers that queue up front.

    Each commit is on disk when it returns (synchronous=FULL): a 202 promises the row, and what a power cut took from
    here would not come back, as keyed rows are not replayed from the log at start.
    """

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:  # noqa: ANN401 - the driver's own connection
        connection.isolation_level = None  # SQLAlchemy says BEGIN, not the driver
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", f"busy_timeout={_BUSY_MILLISECONDS}", "synchronous=FULL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
