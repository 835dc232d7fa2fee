"""Tests of prices as they were drawn, in the state database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, Engine, insert, select, update

from shopkeeper.engines.state_engine import queue_up
from shopkeeper.engines.state_schema import PRICE_TEST_MEMBERS, PRICE_TESTS
from shopkeeper.errors import InputError
from shopkeeper.pricing.price_tests.price_test import Member, PriceTest
from shopkeeper.pricing.price_tests.turns import refuse_held

_RUNNING = "running"


class StatePriceTests:
    """Implements `pricing.price_tests.ports.PriceTests`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def begin(self, test: PriceTest, members: Iterable[Member]) -> PriceTest:
        """Keep a test. Raises ContractNotMet where a running one holds a member."""
        taken = list(members)
        rows = [
            {"test": test.name, "store": one.store, "product": one.product, "cluster": one.cluster} for one in taken
        ]
        with self._engine.begin() as connection:
            queue_up(connection, "price tests")
            kept = _body(connection, test.name)
            if kept is not None:
                return kept
            refuse_held(taken, _held(connection), test.name)
            body = msgspec.json.encode(test).decode()
            connection.execute(insert(PRICE_TESTS), {"test": test.name, "state": test.state, "body": body})
            if rows:
                connection.execute(insert(PRICE_TEST_MEMBERS), rows)
        return test

    def get(self, name: str) -> PriceTest:
        """Return a test. Raises InputError for an unknown name."""
        with self._engine.connect() as connection:
            found = _body(connection.execution_options(isolation_level="AUTOCOMMIT"), name)
        if found is None:
            raise InputError(f"No test of prices called {name!r} was drawn.", "`shopkeeper experiment list` has them.")
        return found

    def running(self) -> Sequence[PriceTest]:
        """Return the tests that are not over, by name."""
        query = select(PRICE_TESTS.c.body).where(PRICE_TESTS.c.state == _RUNNING).order_by(PRICE_TESTS.c.test)
        with self._engine.connect() as connection:
            rows = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).all()
        return [msgspec.json.decode(row.body, type=PriceTest) for row in rows]

    def members(self, name: str) -> Sequence[Member]:
        """Return the members of a test by store and product."""
        table = PRICE_TEST_MEMBERS
        query = select(table).where(table.c.test == name).order_by(table.c.store, table.c.product)
        with self._engine.connect() as connection:
            rows = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).all()
        return [Member(row.store, row.product, row.cluster) for row in rows]

    def held(self) -> Mapping[tuple[str, str], str]:
        """Return the name of the running test that holds each store and product."""
        with self._engine.connect() as connection:
            return _held(connection.execution_options(isolation_level="AUTOCOMMIT"))

    def end(self, name: str) -> None:
        """Note that a test is over."""
        with self._engine.begin() as connection:
            queue_up(connection, "price tests")
            test = _body(connection, name)
            if test is None or test.state != _RUNNING:
                return
            over = msgspec.structs.replace(test, state="over")
            values = {"state": over.state, "body": msgspec.json.encode(over).decode()}
            connection.execute(update(PRICE_TESTS).where(PRICE_TESTS.c.test == name).values(values))


def _body(connection: Connection, name: str) -> PriceTest | None:
    body = connection.execute(select(PRICE_TESTS.c.body).where(PRICE_TESTS.c.test == name)).scalar()
    return None if body is None else msgspec.json.decode(body, type=PriceTest)


def _held(connection: Connection) -> dict[tuple[str, str], str]:
    table = PRICE_TEST_MEMBERS
    query = select(table.c.test, table.c.store, table.c.product).join(PRICE_TESTS, PRICE_TESTS.c.test == table.c.test)
    rows = connection.execute(query.where(PRICE_TESTS.c.state == _RUNNING)).all()
    return {(row.store, row.product): row.test for row in rows}
