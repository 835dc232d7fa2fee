"""The state database keeps the laws of all its ports on PostgreSQL as it does on SQLite."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text
from tests.state_stores import StateStores

from shopkeeper.commerce.tables import PRODUCTS
from shopkeeper.engines.state import State, open_state
from shopkeeper.engines.state_schema import METADATA
from shopkeeper.errors import Unavailable
from shopkeeper.testing.experiment_store_suite import ExperimentStoreSuite
from shopkeeper.testing.key_store_suite import KeyStoreSuite
from shopkeeper.testing.people_suite import PeopleStoreSuite, PersonSessionsSuite, SignInTriesSuite
from shopkeeper.testing.piece_store_suite import PieceStoreSuite
from shopkeeper.testing.price_tests_suite import PriceTestsSuite
from shopkeeper.testing.prices_suite import PricesSuite
from shopkeeper.testing.registry_suite import RegistrySuite, example_version
from shopkeeper.testing.report_store_suite import ReportStoreSuite
from shopkeeper.testing.rollouts_suite import RolloutsSuite
from shopkeeper.testing.rule_store_suite import RuleStoreSuite
from shopkeeper.testing.stop_orders_suite import StopOrdersSuite
from shopkeeper.testing.table_store_suite import TableStoreSuite, example_product

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def opened(postgres_databases: Callable[[], str]) -> Iterator[State]:
    """Give one state database for all tests of the suites; making one takes most of a second."""
    state = open_state(postgres_databases())
    yield state
    state.close()


@pytest.fixture
def state(opened: State) -> State:
    """Give the state database with every table empty."""
    with opened.engine.begin() as connection:
        connection.execute(text("TRUNCATE " + ", ".join(METADATA.tables) + " RESTART IDENTITY"))
    return opened


class TestTables(StateStores, TableStoreSuite):
    """The laws of its port."""


class TestRegistry(StateStores, RegistrySuite):
    def test_moving_an_alias_is_audited(self, state: State) -> None:
        state.registry.register(example_version("a"))
        state.registry.point("recommendations", "champion", "a", "anna", "it is better")
        entry = state.audit.latest(1)[0]
        assert (entry["who"], entry["action"], entry["detail"]["why"]) == ("anna", "model.point", "it is better")

    def test_two_who_move_one_alias_at_once_come_one_after_the_other(self, state: State) -> None:
        for name in ("a", "b", "c"):
            state.registry.register(example_version(name))
        state.registry.point("recommendations", "champion", "a", "test", "first")
        start = threading.Barrier(8)

        def move(number: int) -> None:
            start.wait()
            state.registry.point("recommendations", "champion", "bc"[number % 2], "test", "race")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(move, range(8)))
        trail = [entry["detail"] for entry in reversed(state.audit.latest(9))]
        assert [entry["from"] for entry in trail[1:]] == [entry["to"] for entry in trail[:-1]]
        assert state.registry.pointer("recommendations", "champion") == trail[-1]["to"]


class TestRollouts(StateStores, RolloutsSuite):
    """The laws of its port."""


class TestStopOrders(StateStores, StopOrdersSuite):
    """The laws of its port."""


class TestExperiments(StateStores, ExperimentStoreSuite):
    """The laws of its port."""


class TestPrices(StateStores, PricesSuite):
    """The laws of its port."""


class TestPriceTests(StateStores, PriceTestsSuite):
    """The laws of its port."""


class TestRules(StateStores, RuleStoreSuite):
    """The laws of its port."""


class TestPieces(StateStores, PieceStoreSuite):
    """The laws of its port."""


class TestKeys(StateStores, KeyStoreSuite):
    """The laws of its port."""


class TestPeople(StateStores, PeopleStoreSuite):
    """The laws of its port."""


class TestSessions(StateStores, PersonSessionsSuite):
    """The laws of its port."""


class TestTries(StateStores, SignInTriesSuite):
    """The laws of its port."""


class TestReports(StateStores, ReportStoreSuite):
    """The laws of its port."""


def test_the_mark_changes_with_a_commit_and_not_before_its_work_is_seen(state: State) -> None:
    before = state.mark.read()
    assert state.mark.read() == before
    with state.engine.begin() as connection:
        connection.execute(text("INSERT INTO counters (counter, value) VALUES ('mark', 1)"))
        open_now = state.mark.read()
        assert open_now == state.mark.read()
    assert state.mark.read() not in (before, open_now)


def test_a_scan_of_many_rows_shows_them_as_they_stood_when_it_began(state: State) -> None:
    state.tables.upsert(PRODUCTS, [example_product(f"p{n}", n) for n in range(12_000)])
    scan = state.tables.scan(PRODUCTS)
    first = next(scan)
    state.tables.upsert(PRODUCTS, [example_product(f"p{n}", 1e6, hours=1) for n in range(12_000)])
    prices = {getattr(row.row, "price", None) for row in (first, *scan)}
    assert prices == set(range(12_000))


def test_two_batches_with_the_same_keys_in_opposite_order_do_not_lock_each_other(state: State) -> None:
    rows = [example_product(f"p{n}", n) for n in range(500)]
    with ThreadPoolExecutor(4) as pool:
        done = pool.map(lambda turn: state.tables.upsert(PRODUCTS, rows[:: -1 if turn % 2 else 1]), range(16))
    assert [one.written for one in done] == [500] * 16


def test_the_text_of_any_language_comes_back(state: State) -> None:
    row = example_product("Ключ-鍵-🔑-'\"\\%s:x", 1)
    state.tables.upsert(PRODUCTS, [row])
    assert list(state.tables.scan(PRODUCTS)) == [row]


def test_the_migrations_build_the_tables_the_code_expects(state: State) -> None:
    with state.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_processes_opening_a_new_database_at_once_all_succeed(postgres_databases: Callable[[], str]) -> None:
    url = postgres_databases()
    code = f"from shopkeeper.engines.state import open_state; open_state({url!r}).close()"
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]


def test_a_lost_connection_is_opened_anew(state: State) -> None:
    state.tables.upsert(PRODUCTS, [example_product("lamp", 1)])
    with state.engine.connect() as connection:
        victim = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    other = create_engine(state.engine.url, isolation_level="AUTOCOMMIT")
    with other.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 1000)"), {"pid": victim})
    other.dispose()
    assert state.tables.count(PRODUCTS) == 1


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    with pytest.raises(Unavailable, match=r"anna:\*\*\*@127\.0\.0\.1:1/shop does not answer") as caught:
        open_state("postgresql://anna:secret@127.0.0.1:1/shop")
    assert "secret" not in str(caught.value)
