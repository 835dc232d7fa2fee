"""The tables of the state database go down and up again on both engines, with rows in them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Boolean, Engine, Float, Integer, Table, insert, inspect, text

from shopkeeper.engines.state_engine import open_engine
from shopkeeper.engines.state_migration import bring_up_to_date, migrate_down, revision_of
from shopkeeper.engines.state_schema import HEAD, METADATA
from shopkeeper.errors import ConfigError

pytestmark = pytest.mark.integration


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'state.db'}"
    else:
        url = cast("Callable[[], str]", request.getfixturevalue("postgres_databases"))()
    opened = open_engine(url)
    yield opened
    opened.dispose()


def test_every_migration_goes_down_and_up_again_and_keeps_the_rows_of_tables_that_stay(engine: Engine) -> None:
    bring_up_to_date(engine)
    for steps in range(1, len(_revisions()) + 1):
        _fill(engine, [table for table in METADATA.sorted_tables if _rows(engine, table.name) == 0])
        migrate_down(engine, f"-{steps}")
        kept = set(inspect(engine).get_table_names()) - {"alembic_version"}
        assert {name: _rows(engine, name) for name in kept} == dict.fromkeys(kept, 1)
        bring_up_to_date(engine)
        assert revision_of(engine) == HEAD
        assert {name: _rows(engine, name) for name in kept} == dict.fromkeys(kept, 1)
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    migrate_down(engine, "base")
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    assert revision_of(engine) is None


def test_tables_of_a_newer_version_are_left_alone_and_said(engine: Engine) -> None:
    bring_up_to_date(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match=r"revision '9999', which this version does not know"):
        bring_up_to_date(engine)


def _revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", "shopkeeper:engines/migrations")
    config.set_main_option("path_separator", "os")
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]


def _rows(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one())  # noqa: S608


def _fill(engine: Engine, tables: list[Table]) -> None:
    """Put one row into each table, every column by its type."""
    with engine.begin() as connection:
        for table in tables:
            row: dict[str, object] = {}
            for column in table.columns:
                numbered = isinstance(column.type, (BigInteger, Float, Integer))
                row[column.name] = isinstance(column.type, Boolean) or (1 if numbered else "x")
            connection.execute(insert(table), row)


def test_two_processes_opening_a_new_database_at_once_both_succeed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'state.db'}"
    code = f"from shopkeeper.engines.state import open_state; open_state({url!r}).close()"
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
