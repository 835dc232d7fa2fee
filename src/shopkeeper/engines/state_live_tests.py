"""What runs now, in the state database: rollouts and experiments as serving processes are told of them."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, Engine, delete, insert, select, update

from shopkeeper.engines.state_audit import write_audit
from shopkeeper.engines.state_counters import count, counted
from shopkeeper.engines.state_schema import LIVE_TESTS, to_micros
from shopkeeper.errors import InputError
from shopkeeper.experiments.live_test import LiveTest

_COUNTER = "live_tests"


class StateLiveTests:
    """Implements `experiments.live_test.LiveTests` and `rollout.ports.LiveTestStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def revision(self) -> int:
        """Return the number of the last change; one row by its key."""
        return counted(self._engine, _COUNTER)

    def running(self) -> tuple[LiveTest, ...]:
        """Return every test that runs now, the oldest first."""
        query = select(LIVE_TESTS.c.body).order_by(LIVE_TESTS.c.started_micros, LIVE_TESTS.c.test)
        with self._engine.connect() as connection:
            found = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).scalars().all()
        return tuple(msgspec.json.decode(body, type=LiveTest) for body in found)

    def put(self, test: LiveTest, who: str, why: str) -> None:
        """Let an experiment run, or run as it is now. Raises InputError where its id is a rollout's."""
        with self._engine.begin() as connection:
            _refuse_rollout(connection, test.test)
            put_live_test(connection, test)
            detail = {"test": test.test, "system": test.system, "epoch": test.epoch, "why": why}
            write_audit(connection, who, "experiment.put", detail)

    def remove(self, test: str, who: str, why: str) -> None:
        """End an experiment. Raises InputError where the id is a rollout's."""
        with self._engine.begin() as connection:
            _refuse_rollout(connection, test)
            if remove_live_test(connection, test):
                write_audit(connection, who, "experiment.remove", {"test": test, "why": why})


def put_live_test(connection: Connection, test: LiveTest) -> None:
    """Write a test inside the caller's transaction; another rollout of its system makes room for it."""
    count_change(connection)
    body = msgspec.json.encode(test).decode()
    there = update(LIVE_TESTS).where(LIVE_TESTS.c.test == test.test).values(system=test.system, body=body)
    if connection.execute(there).rowcount:
        return
    if test.kind == "rollout":
        others = (LIVE_TESTS.c.kind == "rollout", LIVE_TESTS.c.system == test.system)
        connection.execute(delete(LIVE_TESTS).where(*others))
    row = {"test": test.test, "kind": test.kind, "system": test.system, "body": body}
    connection.execute(insert(LIVE_TESTS), row | {"started_micros": to_micros(datetime.now(UTC))})


def remove_live_test(connection: Connection, test: str) -> bool:
    """Remove a test inside the caller's transaction; return whether it ran."""
    count_change(connection)
    return bool(connection.execute(delete(LIVE_TESTS).where(LIVE_TESTS.c.test == test)).rowcount)


def count_change(connection: Connection) -> None:
    """Count a change inside the caller's transaction."""
    count(connection, _COUNTER)


def _refuse_rollout(connection: Connection, test: str) -> None:
    kind = connection.execute(select(LIVE_TESTS.c.kind).where(LIVE_TESTS.c.test == test)).scalar()
    if kind == "rollout":
        raise InputError(f"{test} is a rollout.", "It changes through the gate alone: `shopkeeper rollout`.")
