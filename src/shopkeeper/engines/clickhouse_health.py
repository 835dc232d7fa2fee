"""Looking at ClickHouse without writing to it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from shopkeeper.engines.clickhouse_client import client_options
from shopkeeper.engines.clickhouse_loading import Behind, behind
from shopkeeper.engines.clickhouse_schema import LOADED
from shopkeeper.engines.server_facts import ServerFacts
from shopkeeper.engines.state_engine import shown
from shopkeeper.errors import ConfigError

_WAIT_SECONDS: Final = 5
_NEEDED: Final = (
    "CREATE TABLE", "CREATE VIEW", "ALTER TABLE", "ALTER DELETE", "INSERT", "SELECT", "DROP VIEW",
)  # fmt: skip


def look_at_clickhouse(url: str, lake_folder: Path) -> tuple[ServerFacts, Behind | None]:
    """Return what is to be known of the server behind a URL, and what its mirror of a lake lacks.

    The second is None where nothing can be said: it does not answer, or nothing was ever loaded.
    """
    try:
        database, options = client_options(url)
        options |= {"connect_timeout": _WAIT_SECONDS, "send_receive_timeout": _WAIT_SECONDS}
        client = clickhouse_connect.get_client(**options)
    except (ConfigError, ClickHouseError) as error:
        return ServerFacts(shown(url), _said(error)), None
    try:
        return _look(client, database, shown(url)), _lag(client, database, lake_folder)
    except ClickHouseError as error:
        return ServerFacts(shown(url), _said(error)), None
    finally:
        client.close()


def _look(client: Client, database: str, url: str) -> ServerFacts:
    began = time.time()
    version, micros = client.query("SELECT version(), toUnixTimestamp64Micro(now64(6))").result_rows[0]
    ended = time.time()
    forbidden = tuple(right for right in _NEEDED if not _may(client, right, database))
    return ServerFacts(url, None, f"ClickHouse {version}", micros / 1e6 - (began + ended) / 2, forbidden)


def _may(client: Client, right: str, database: str) -> bool:
    """Return whether this user has a right on a database; a server too old to say is believed to grant it."""
    try:
        return bool(client.query(f"CHECK GRANT {right} ON {database}.*").result_rows[0][0])
    except ClickHouseError:
        return True


def _lag(client: Client, database: str, lake_folder: Path) -> Behind | None:
    there = client.query(
        f"SELECT count() FROM system.tables WHERE database = '{database}' AND name = '{LOADED}'"  # noqa: S608
    ).result_rows[0][0]
    if not there:
        return None
    rows = client.query(f"SELECT path FROM {database}.{LOADED} FINAL WHERE gone = 0").result_rows  # noqa: S608
    return behind(lake_folder, frozenset(str(row[0]) for row in rows))


def _said(error: Exception) -> str:
    return " ".join(str(getattr(error, "reason", error)).split())[:300]
