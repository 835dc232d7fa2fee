"""Reads a query of any database SQLAlchemy knows, as a stream, from a watermark on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from shopkeeper.errors import ConfigError, InputError

ROWS_AT_A_TIME = 5_000
_COLUMN = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class SqlQuery:
    """What to read.

    Attributes:
        query: One SELECT.
        watermark: Column of its result that only grows, such as `updated_at` or `id`; None = everything each time.
        overlap: Seconds a watermark that is a time is taken back, for rows that were committed late.
    """

    url: str
    query: str
    watermark: str | None = None
    overlap: float = 0.0


@dataclass(frozen=True, slots=True)
class Extracted:
    """What one extraction wrote: its rows, and the watermark to go on from (`{}` without one)."""

    rows: int
    after: dict[str, Any]


def extract(
    query: SqlQuery, after: Mapping[str, Any], into: Path, limit: int | None = None, *, source_time: bool = False
) -> Extracted:
    """Write rows from `after` on (that watermark included) into a file of JSON lines, in constant memory.

    Rows of the watermark itself come again, so that rows sharing it are never missed; an import knows them again.

    Args:
        after: The `after` of the extraction before; empty for everything.
        limit: Most rows; None = all.
        source_time: Give rows without a `source_ts` their watermark as one, where it is a time.

    Raises:
        ConfigError: the URL or the watermark cannot be used.
        InputError: the database refuses the connection or the query.
    """
    statement, bound = _statement(query, after, limit)
    engine = _engine(query.url)
    rows, newest = 0, dict(after)
    try:
        with engine.connect() as connection, into.open("wb") as file:
            result = connection.execution_options(stream_results=True, yield_per=ROWS_AT_A_TIME).execute(
                text(statement), bound
            )
            columns = list(result.keys())
            if query.watermark is not None and query.watermark not in columns:
                raise ConfigError(
                    f"The query has no column {query.watermark!r} (it has {', '.join(columns)}).",
                    "Name the watermark as the query's result does.",
                )
            stamped = source_time and not {"source_ts", "updated_at"} & set(columns)
            for found in result:
                row = dict(zip(columns, found, strict=True))
                mark = row.get(query.watermark) if query.watermark is not None else None
                if mark is not None:
                    newest = _remembered(mark)
                    if stamped and isinstance(mark, datetime):
                        row["source_ts"] = mark
                file.write(_encode({name: _plain(value) for name, value in row.items()}) + b"\n")
                rows += 1
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise InputError(
            f"The source at {_shown(query.url)} cannot be read: {reason}.",
            "Check its URL, the rights of its user and the query; nothing was imported.",
        ) from error
    finally:
        engine.dispose()
    return Extracted(rows, newest)


def _statement(query: SqlQuery, after: Mapping[str, Any], limit: int | None) -> tuple[str, dict[str, Any]]:
    """Return the SQL to run and its parameters."""
    inner = query.query.strip().rstrip(";")
    ending = "" if limit is None else f" LIMIT {int(limit)}"
    # The parentheses stand on lines of their own, so that a comment at the end of the query does not reach them.
    if query.watermark is None:
        return f"SELECT * FROM (\n{inner}\n) AS source{ending}", {}  # noqa: S608 - the operator's own query
    if not _COLUMN.fullmatch(query.watermark):
        raise ConfigError(
            f"The watermark {query.watermark!r} is no column name.", "Give it a plain alias in the query."
        )
    if not after:
        return f"SELECT * FROM (\n{inner}\n) AS source ORDER BY {query.watermark}{ending}", {}  # noqa: S608 - see above
    return (
        f"SELECT * FROM (\n{inner}\n) AS source WHERE {query.watermark} >= :shopkeeper_after "  # noqa: S608 - see above
        f"ORDER BY {query.watermark}{ending}",
        {"shopkeeper_after": _bound(after, query.overlap)},
    )


def _engine(url: str) -> Engine:
    try:
        return create_engine(make_url(url))
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigError(
            f"The URL {_shown(url)} of a source cannot be used: {error}.",
            "Write one such as postgresql+psycopg://user@host/database, and install its driver.",
        ) from error


def _shown(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "(no database URL)"


def _remembered(mark: object) -> dict[str, Any]:
    """Return a watermark as the state keeps it, with its kind, so that it comes back as what it was."""
    if isinstance(mark, datetime):
        return {"kind": "time", "value": mark.isoformat()}
    if isinstance(mark, date):
        return {"kind": "day", "value": mark.isoformat()}
    if isinstance(mark, Decimal):
        return {"kind": "decimal", "value": str(mark)}
    if isinstance(mark, (int, float)) and not isinstance(mark, bool):
        return {"kind": "number", "value": mark}
    return {"kind": "text", "value": str(mark)}


def _bound(after: Mapping[str, Any], overlap: float) -> object:
    """Return a kept watermark as a parameter, taken back by the overlap where it is a time."""
    kind, value = after["kind"], after["value"]
    if kind == "time":
        return datetime.fromisoformat(value) - timedelta(seconds=overlap)
    if kind == "day":
        return date.fromisoformat(value) - timedelta(seconds=overlap)
    if kind == "decimal":
        return Decimal(value)
    if kind == "text" and overlap:
        return _earlier(value, overlap)
    return value


def _earlier(value: str, overlap: float) -> str:
    """Return a time kept as text (SQLite) taken back, in the form it had; text that is no time as it is."""
    try:
        moment = datetime.fromisoformat(value) - timedelta(seconds=overlap)
    except ValueError:
        return value
    return moment.isoformat(sep="T" if "T" in value else " ")


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a driver gives
    """Return a database value as JSON holds it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).decode("utf-8", "backslashreplace")
    if isinstance(value, (UUID, time, timedelta)):
        return str(value)
    return value


def _encode(row: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(row, enc_hook=str)
