"""The state database keeps the laws of all its ports."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given
from hypothesis import strategies as st
from tests.state_stores import StateStores

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.tables import PRODUCTS
from shopkeeper.content.review import reject
from shopkeeper.engines.state import State, open_state
from shopkeeper.engines.state_privacy import forget_user
from shopkeeper.engines.state_schema import HEAD, METADATA, from_micros, to_micros
from shopkeeper.engines.state_sessions import KEPT
from shopkeeper.errors import ChangedMeanwhile, ConfigError, Unavailable
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.people.person import Person, signed
from shopkeeper.rollout.stages import hold
from shopkeeper.testing.key_store_suite import KeyStoreSuite
from shopkeeper.testing.people_suite import HOUR, PeopleStoreSuite, PersonSessionsSuite, SignInTriesSuite, now
from shopkeeper.testing.piece_store_suite import ANNA, PieceStoreSuite, example_changes
from shopkeeper.testing.price_tests_suite import PriceTestsSuite
from shopkeeper.testing.prices_suite import PricesSuite
from shopkeeper.testing.registry_suite import RegistrySuite, example_version
from shopkeeper.testing.rollouts_suite import RolloutsSuite, example_rollout
from shopkeeper.testing.rule_store_suite import RuleStoreSuite, example_set
from shopkeeper.testing.stop_orders_suite import StopOrdersSuite
from shopkeeper.testing.table_store_suite import TableStoreSuite


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = open_state(f"sqlite:///{tmp_path / 'state.db'}")
    yield opened
    opened.close()


def test_every_connection_puts_a_commit_on_disk_before_it_returns(state: State) -> None:
    """SQLite calls fsync at each commit only at `synchronous` 2 (FULL) or 3; in WAL mode 1 leaves it to checkpoints."""
    reading = state.engine.execution_options(isolation_level="AUTOCOMMIT")
    with reading.connect() as first, reading.connect() as second:
        for connection in (first, second):
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_the_mark_changes_with_every_commit_of_whoever_it_is_and_only_then(state: State, tmp_path: Path) -> None:
    other = open_state(f"sqlite:///{tmp_path / 'state.db'}")
    for writer in (state, other):
        before = state.mark.read()
        assert state.mark.read() == before is not None
        assert not writer.rules.current()
        assert state.mark.read() == before
        writer.keys.create("uk", ("decide",), "anna")
        assert state.mark.read() != before
    other.close()


def test_a_mark_read_over_another_connection_is_another(state: State) -> None:
    before = state.mark.read()
    state.mark.close()
    assert state.mark.read() != before


def test_a_database_in_memory_has_no_mark() -> None:
    state = open_state("sqlite://")
    assert state.mark.read() is None
    state.close()


class TestTables(StateStores, TableStoreSuite):
    """The laws of its port."""

    def test_rows_about_some_products_are_of_one_store_and_with_deleted_ones(self, state: State) -> None:
        at = datetime(2026, 11, 1, tzinfo=UTC)
        said = [("lamp", "uk", False), ("lamp", "", False), ("sofa", "uk", True), ("cup", "uk", False)]
        rows = [SourcedRow(Product(product=name, store=store), at, gone) for name, store, gone in said]
        state.tables.upsert(PRODUCTS, rows)
        found = state.tables.about(PRODUCTS, "uk", ["lamp", "sofa", *(f"p{one}" for one in range(1_000))])
        assert sorted(found, key=lambda one: one.deleted) == [rows[0], rows[2]]


class TestRegistry(StateStores, RegistrySuite):
    def test_moving_an_alias_is_audited(self, state: State) -> None:
        state.registry.register(example_version("a"))
        state.registry.point("recommendations", "champion", "a", "anna", "it is better")
        entry = state.audit.latest(1)[0]
        assert (entry["who"], entry["action"], entry["detail"]["why"]) == ("anna", "model.point", "it is better")


class TestRollouts(StateStores, RolloutsSuite):
    """The laws of its port."""


class TestStopOrders(StateStores, StopOrdersSuite):
    """The laws of its port."""


class TestRules(StateStores, RuleStoreSuite):
    def test_a_change_of_rules_is_audited(self, state: State) -> None:
        state.rules.put(example_set())
        entry = state.audit.latest(1)[0]
        assert (entry["who"], entry["action"]) == ("anna", "rules.put")
        assert entry["detail"] == {"store": "uk", "version": 1, "rules": 2, "why": "the sale"}


class TestPieces(StateStores, PieceStoreSuite):
    def test_what_a_person_does_with_a_text_is_audited_and_what_a_job_writes_is_not(self, state: State) -> None:
        (change,) = example_changes()
        state.pieces.put([change, reject(change.piece, ANNA)])
        (entry,) = state.audit.latest(10)
        assert (entry["who"], entry["action"]) == ("anna", "content.reject")
        assert entry["detail"]["piece"] == change.piece.id
        assert entry["detail"]["reason"] == "fine"


class TestPrices(StateStores, PricesSuite):
    """The laws of its port."""


class TestPriceTests(StateStores, PriceTestsSuite):
    """The laws of its port."""


class TestKeys(StateStores, KeyStoreSuite):
    def test_the_database_file_does_not_hold_the_secret(self, state: State, tmp_path: Path) -> None:
        _, secret = state.keys.create("uk", ("events",), "test")
        state.close()
        content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert secret.encode() not in content


class TestPeople(StateStores, PeopleStoreSuite):
    def test_who_did_what_to_whom_is_audited_and_an_erased_name_goes_from_it(self, state: State) -> None:
        bob = state.people.add("Bob", "bob@shop.example", {"*": ("viewer",)}, "shell:test")
        session, _ = state.sessions.begin(bob.person_id, "shell", "shell:bob", now() + HOUR)
        state.keys.create("uk", ("events",), signed(bob, session).who)
        [key, sign_in, add] = state.audit.latest()
        assert (key["person"], key["session"]) == (bob.person_id, session.session_id)
        assert [one["action"] for one in state.audit.found(bob.person_id, None, 10)] == ["key.create", "person.sign_in"]
        assert [one["action"] for one in state.audit.found(None, "person.", 10)] == ["person.sign_in", "person.add"]
        assert (sign_in["who"], add["who"], add["person"]) == (signed(bob, session).who, "shell:test", None)
        state.reports.save("drift", {"by": signed(bob, session).who})
        state.people.remove(bob.person_id, "shell:test", erase=True)
        assert "Bob" not in repr(state.audit.latest())
        assert state.reports.latest("drift")[0].body["by"].startswith(f"(removed) (person {bob.person_id}")
        assert state.audit.latest()[1]["who"] == f"(removed) (person {bob.person_id}, session {session.session_id})"


class TestSessions(StateStores, PersonSessionsSuite):
    def test_the_database_file_does_not_hold_the_token(self, state: State, bob: Person, tmp_path: Path) -> None:
        _, token = state.sessions.begin(bob.person_id, "browser", "10.0.0.9", now() + HOUR)
        state.close()
        assert token.encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir())

    def test_a_session_long_over_is_deleted(self, state: State, bob: Person) -> None:
        state.sessions.begin(bob.person_id, "browser", "10.0.0.9", now() - KEPT - HOUR)
        state.sessions.begin(bob.person_id, "browser", "10.0.0.9", now() + HOUR)
        with state.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM person_sessions").scalar() == 1


class TestTries(StateStores, SignInTriesSuite):
    """The laws of its port."""


def test_reports_come_newest_first_by_kind_and_store(state: State) -> None:
    for number in range(3):
        state.reports.save("import", {"number": number}, "uk" if number else None)
    state.reports.save("check", {"number": 9})
    assert [report.body["number"] for report in state.reports.latest("import")] == [2, 1, 0]
    assert [report.body["number"] for report in state.reports.latest("import", 1, "uk")] == [2]


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001
def test_times_survive_the_number_exactly(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    assert from_micros(to_micros(aware)) == aware


def test_times_before_1970_are_negative() -> None:
    assert to_micros(datetime(1970, 1, 1, tzinfo=UTC) - timedelta(seconds=2)) == -2_000_000


def test_the_expected_revision_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "shopkeeper:engines/migrations")
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_the_migrations_build_the_tables_the_code_expects(state: State) -> None:
    with state.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_a_url_nobody_knows_is_named() -> None:
    with pytest.raises(ConfigError, match=r"engines\.state_url"):
        open_state("not a url")


def test_a_database_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "state.db"
    folder.mkdir()
    with pytest.raises(Unavailable, match="does not answer"):
        open_state(f"sqlite:///{folder}")


def test_the_write_ahead_log_is_on(state: State, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_person_who_is_forgotten_is_no_tester_any_more_and_a_reader_cannot_write_them_back(state: State) -> None:
    before = example_rollout()
    state.rollouts.begin(before, "anna")
    told = state.live_tests.revision()
    assert forget_user(state.engine, ["uk"], "tester")["testers"] == 2
    assert (state.rollouts.get("r1").forced, state.live_tests.running()[0].forced) == ({}, {})
    assert state.live_tests.revision() > told
    with pytest.raises(ChangedMeanwhile):
        state.rollouts.step(before, hold(before, "anna", "sale", before.started_at), "anna", "held")
    assert forget_user(state.engine, ["uk"], "treatment")["testers"] == 0
