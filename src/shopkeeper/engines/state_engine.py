"""How SQLite and PostgreSQL are opened and locked, so that the rest of the state database is one text for both.

Writers queue on both: SQLite by `BEGIN IMMEDIATE`, PostgreSQL by row locks and, where a change reads before it writes,
by an advisory lock named after what is changed. Times, flags and documents are numbers, booleans and text on both.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, Select, create_engine, event, make_url, text
from sqlalchemy.engine import ExceptionContext, Row
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import StaticPool

from shopkeeper.errors import ConfigError, Unavailable

_BUSY_MILLISECONDS: Final = 10_000
_POSTGRES_NAMES: Final = frozenset({"postgres", "postgresql", "postgresql+psycopg"})
_READ_ROWS: Final = 5_000

POOL_SIZE: Final = 5
"""Connections a process keeps to PostgreSQL; under load it opens up to `POOL_OVERFLOW` more and closes them again."""
POOL_OVERFLOW: Final = 10
_POOL_WAIT_SECONDS: Final = 10
_CONNECT_SECONDS: Final = 10
_CONNECTION_LIFE_SECONDS: Final = 1_800


def open_engine(url: str) -> Engine:
    """Return the engine behind a URL such as `sqlite:///state.db` or `postgresql+psycopg://user@host/database`.

    `postgresql://` and `postgres://` mean psycopg 3 as well. Nothing is connected yet.

    Raises:
        ConfigError: the URL is not one of these.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "postgresql":
        return _postgres(parsed)
    return _sqlite(parsed)


@contextmanager
def only_one(engine: Engine) -> Iterator[None]:
    """Let one process at a time open and migrate a database file; two at once would both create its tables."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        yield
        return
    database = Path(engine.url.database)
    database.parent.mkdir(parents=True, exist_ok=True)
    with database.with_name(database.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def queue_up(connection: Connection, name: str) -> None:
    """Wait until no other transaction holds `name`, and hold it until this one ends.

    SQLite lets one writer in at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(f"shopkeeper:{name}".encode()).digest()[:8], "big", signed=True)
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def stream(engine: Engine, query: Select[Any]) -> Iterator[Sequence[Row[Any]]]:
    """Yield the rows of a query as they stood when it began, some at a time, without holding them all in memory.

    On PostgreSQL a cursor lives in a transaction; on SQLite a transaction would keep writers out, so there is none.
    """
    with engine.connect() as connection:
        options: dict[str, Any] = {"yield_per": _READ_ROWS}
        if engine.dialect.name == "sqlite":
            options["isolation_level"] = "AUTOCOMMIT"
        yield from connection.execution_options(**options).execute(query).partitions()


def shown(url: URL | str) -> str:
    """Return a URL as it may be printed: without its password."""
    return re.sub(r"(://[^:@/]*):[^@/]*@", r"\1:***@", str(url) if isinstance(url, str) else url.render_as_string())


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            f"engines.state_url is not a database URL: {shown(url)!r}.", "Use for example sqlite:///state.db."
        ) from error
    if parsed.drivername in _POSTGRES_NAMES:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return parsed
    raise ConfigError(
        f"engines.state_url names {parsed.drivername!r}, which the state database does not speak.",
        "Use sqlite:///state.db or postgresql+psycopg://user:password@host/database.",
    )


def _postgres(url: URL) -> Engine:
    defaults = {"connect_timeout": _CONNECT_SECONDS, "application_name": "shopkeeper"}
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=_POOL_WAIT_SECONDS,
        pool_recycle=_CONNECTION_LIFE_SECONDS,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        connect_args={name: value for name, value in defaults.items() if name not in url.query},
    )

    @event.listens_for(engine, "handle_error")
    def on_error(context: ExceptionContext) -> None:
        if context.is_disconnect and not context.is_pre_ping:
            raise Unavailable(
                f"The state database at {shown(url)} went away: {context.original_exception}.",
                "Try again; connections are opened anew by themselves once it answers.",
            ) from context.original_exception

    return engine


def _sqlite(url: URL) -> Engine:
    """Make SQLite safe for several processes: write-ahead log, patience, and writers that queue up front.

    Each commit is on disk when it returns (synchronous=FULL): a 202 promises the row, and what a power cut took from
    here would not come back, as keyed rows are not replayed from the log at start.
    """
    options: dict[str, Any] = {} if url.database else {"poolclass": StaticPool}
    engine = create_engine(url, connect_args={"check_same_thread": False}, **options)

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

    return engine
