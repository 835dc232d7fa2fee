"""Looking at PostgreSQL as a server, without writing to it."""

from __future__ import annotations

import time
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shopkeeper.engines.server_facts import ServerFacts
from shopkeeper.engines.state_engine import open_engine, shown
from shopkeeper.errors import ConfigError, Unavailable

_OLDEST: Final = 130_000
_FACTS: Final = text(
    "SELECT current_setting('server_version'), CAST(current_setting('server_version_num') AS INTEGER), "
    "extract(epoch FROM clock_timestamp()), has_schema_privilege(current_schema(), 'CREATE'), "
    "CAST(current_setting('transaction_read_only') AS BOOLEAN), pg_is_in_recovery()"
)


def look_at_postgres(url: str) -> ServerFacts:
    """Return what is to be known of the server behind a URL."""
    try:
        engine = open_engine(url)
    except (ConfigError, ImportError) as error:
        return ServerFacts(shown(url), str(getattr(error, "reason", error)))
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            began = time.time()
            version, number, epoch, creates, reads_only, recovers = connection.execute(_FACTS).one()
            ended = time.time()
    except (DBAPIError, Unavailable) as error:
        said = error.orig if isinstance(error, DBAPIError) else error.reason
        return ServerFacts(shown(url), str(said).splitlines()[0])
    finally:
        engine.dispose()
    forbidden = () if creates else ("CREATE in its schema",)
    advice = []
    if number < _OLDEST:
        advice.append("it is older than PostgreSQL 13: upgrade it")
    if recovers or reads_only:
        advice.append("it takes no writes: name the primary")
    skew = float(epoch) - (began + ended) / 2
    return ServerFacts(shown(url), None, f"PostgreSQL {version.split()[0]}", skew, forbidden, tuple(advice))
