"""The connection to ClickHouse, with the settings under which it means by SQL what DuckDB means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

from shopkeeper.errors import ConfigError, Unavailable

MEANING: Final[dict[str, Any]] = {
    "join_use_nulls": 1,  # an outer join that finds nothing gives NULL, not 0 or ''
    "aggregate_functions_null_for_empty": 1,  # so do sum and max over no rows
    "cast_keep_nullable": 1,  # CAST(NULL AS DOUBLE) is NULL
    "session_timezone": "UTC",
    "max_partitions_per_insert_block": 0,  # one load may bring years of days
}
"""Sent with every statement, so that they hold whatever the server's profile says."""

_SCHEMES: Final = {"clickhouse": False, "http": False, "clickhouses": True, "https": True}
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONNECT_SECONDS: Final = 10
_ANSWER_SECONDS: Final = 600


def open_clickhouse(url: str) -> Client:
    """Connect to the server behind a URL and return a client of its database, which is made if it is missing.

    Args:
        url: Such as `clickhouse://user:password@host:8123/shopkeeper`, or `clickhouses://` for TLS.
    Raises:
        ConfigError: the URL is not of that form.
        Unavailable: the server does not answer.
    """
    database, options = client_options(url)
    with answering(options["host"]):
        client = clickhouse_connect.get_client(**options)
        use_database(client, database)
    return client


def client_options(url: str) -> tuple[str, dict[str, Any]]:
    """Return the database a URL names, and how the client connects to its server.

    Raises:
        ConfigError: the URL is not of that form.
    """
    parts = urlsplit(url)
    database = parts.path.strip("/") or "shopkeeper"
    if parts.scheme not in _SCHEMES or not parts.hostname or not _NAME.fullmatch(database):
        raise ConfigError(
            f"{url.rpartition('@')[2]!r} does not name a ClickHouse database.",
            "Use for example clickhouse://user:password@host:8123/shopkeeper; a database has letters, digits and _.",
        )
    return database, {
        "host": parts.hostname,
        "port": parts.port or (8443 if _SCHEMES[parts.scheme] else 8123),
        "secure": _SCHEMES[parts.scheme],
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password or ""),
        "connect_timeout": _CONNECT_SECONDS,
        "send_receive_timeout": _ANSWER_SECONDS,
        "autogenerate_session_id": False,  # sessions allow one query at a time
    }


def use_database(client: Client, name: str) -> None:
    """Make a database if it is missing, and let the client mean it from now on."""
    client.command(f"CREATE DATABASE IF NOT EXISTS {name}")
    client.database = name


@contextmanager
def answering(where: str) -> Iterator[None]:
    """Say of a server that cannot be reached, breaks off or refuses, that it is unavailable. Raises Unavailable."""
    try:
        yield
    except OperationalError as error:
        raise Unavailable(
            f"ClickHouse ({where}) does not answer: {error}.", "Check that it runs and that this user may use it."
        ) from error
    except ClickHouseError as error:  # out of memory, too many queries, no such user, read only, ...
        raise Unavailable(
            f"ClickHouse ({where}) refuses: {' '.join(str(error).split())[:500]}.",
            "Its log says more; a user of Shopkeeper's own with all rights on its own database avoids most of it.",
        ) from error
