"""What holds for every test."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Engine

from shopkeeper.engines import state
from shopkeeper.engines.state_engine import only_one, open_engine
from shopkeeper.engines.state_migration import bring_up_to_date

# How long an example takes is the machine's affair, and no rule of ours.
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")

INTEGRATION = Path(__file__).parent / "integration"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a test that neither `make test` nor `make integration` would run: they look into folders of their own."""
    for item in items:
        if (INTEGRATION in item.path.parents) != (item.get_closest_marker("integration") is not None):
            raise pytest.UsageError(
                f"{item.nodeid}: what is marked integration, and only that, is in tests/integration."
            )


@pytest.fixture(autouse=True, scope="session")
def _no_experiment_log() -> Iterator[None]:
    """Training in a test writes to no MLflow, which takes seconds to import; tests of the log name one themselves.

    For the whole session, as shops that a module shares are made before anything that holds for a single test.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOPKEEPER_ENGINES__MLFLOW_URL", "")
        yield


@pytest.fixture(autouse=True, scope="session")
def _few_timed_answers() -> Iterator[None]:
    """Training in a test times a tenth of the answers: at the default that is a third of its processor time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOPKEEPER_TRAINING__TIMED_ANSWERS", "50")
        yield


@pytest.fixture(autouse=True, scope="session")
def _migrated_once() -> Iterator[None]:
    """An empty SQLite database gets its tables by a copy of one that was migrated: 2 ms instead of 40.

    That migrations lead to these tables, from every revision, is held by tests/integration/test_state_migrations.py.
    """
    engine, lock = open_engine("sqlite://"), threading.Lock()
    bring_up_to_date(engine)

    def copied(target: Engine) -> None:
        if target.dialect.name != "sqlite":
            return bring_up_to_date(target)
        with only_one(target), target.connect() as connection:
            own = connection.connection.driver_connection
            assert isinstance(own, sqlite3.Connection)
            if own.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
                with lock, engine.connect() as template:
                    made = template.connection.driver_connection
                    assert isinstance(made, sqlite3.Connection)
                    made.backup(own)
        return bring_up_to_date(target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "bring_up_to_date", copied)
        yield
    engine.dispose()
