"""Numbers that rise with every change of something, so that who follows it asks for one row."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, insert, select, update

from shopkeeper.engines.state_engine import queue_up
from shopkeeper.engines.state_schema import COUNTERS


def counted(engine: Engine, counter: str) -> int:
    """Return the number of the last change; one row by its key."""
    with engine.connect() as connection:
        reading = connection.execution_options(isolation_level="AUTOCOMMIT")
        return int(reading.execute(select(COUNTERS.c.value).where(COUNTERS.c.counter == counter)).scalar() or 0)


def count(connection: Connection, counter: str) -> None:
    """Count a change inside the caller's transaction; others wait until it ends, so numbers follow changes."""
    queue_up(connection, counter.replace("_", " "))
    counting = update(COUNTERS).where(COUNTERS.c.counter == counter).values(value=COUNTERS.c.value + 1)
    if not connection.execute(counting).rowcount:
        connection.execute(insert(COUNTERS), {"counter": counter, "value": 1})
