"""Stop orders in the state database, for processes that share no disk; `stop_file` is what works without it."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, delete, insert, select

from shopkeeper.engines.state_audit import write_audit
from shopkeeper.engines.state_engine import queue_up
from shopkeeper.engines.state_schema import STOP_ORDERS
from shopkeeper.experiments.live_test import StopOrder


class StateStops:
    """Implements `experiments.live_test.StopOrders`. Who gave an order is in the audit for ever."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def orders(self) -> tuple[StopOrder, ...]:
        """Return the orders that hold."""
        query = select(STOP_ORDERS).order_by(STOP_ORDERS.c.system, STOP_ORDERS.c.store)
        with self._engine.connect() as connection:
            rows = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).mappings().all()
        return tuple(StopOrder(**row) for row in rows)

    def give(self, order: StopOrder) -> None:
        """Let an order hold from now on."""
        named = {"system": order.system, "store": order.store}
        said = {"reason": order.reason, "at": order.at}
        with self._engine.begin() as connection:
            queue_up(connection, "stop orders")
            _remove(connection, order.system, order.store)
            connection.execute(insert(STOP_ORDERS), {**named, "person": order.person, **said})
            write_audit(connection, order.person, "stop.give", {**named, **said})

    def lift(self, system: str, store: str) -> bool:
        """Let the order for this system and store alone hold no more; say if there was one."""
        with self._engine.begin() as connection:
            queue_up(connection, "stop orders")
            return _remove(connection, system, store)


def _remove(connection: Connection, system: str, store: str) -> bool:
    same = (STOP_ORDERS.c.system == system, STOP_ORDERS.c.store == store)
    return bool(connection.execute(delete(STOP_ORDERS).where(*same)).rowcount)
