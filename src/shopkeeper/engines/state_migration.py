"""Brings the tables of the state database to a revision, up or down, one process at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text

from shopkeeper.engines.state_engine import only_one, queue_up, shown
from shopkeeper.engines.state_schema import HEAD
from shopkeeper.errors import ConfigError

if TYPE_CHECKING:
    from alembic.config import Config

NOTHING = "base"
"""The revision before the first: no tables."""


def bring_up_to_date(engine: Engine) -> None:
    """Bring the tables to the revision the code expects.

    Raises:
        ConfigError: a newer Shopkeeper made the tables.
    """
    with only_one(engine):
        found = revision_of(engine)
        if found == HEAD:
            return
        from alembic import command  # noqa: PLC0415 - every verb opens the state, few bring it to another revision
        from alembic.util import CommandError  # noqa: PLC0415

        try:
            _run(engine, "head", command.upgrade)
        except CommandError as error:
            raise ConfigError(
                f"The state database at {shown(engine.url)} has revision {found!r}, which this version does not know.",
                "Use the version of Shopkeeper that last opened it, or a newer one.",
            ) from error


def migrate_down(engine: Engine, revision: str) -> None:
    """Take the tables back to an earlier revision, or by steps such as `-1`; what came later is dropped with its rows.

    For going back to an earlier version of Shopkeeper: stop every process first.
    """
    from alembic import command  # noqa: PLC0415

    with only_one(engine):
        _run(engine, revision, command.downgrade)


def revision_of(engine: Engine) -> str | None:
    """Return the revision the tables have; None where there are none."""
    with engine.connect() as connection:
        reading = connection.execution_options(isolation_level="AUTOCOMMIT")
        if not inspect(reading).has_table("alembic_version"):
            return None
        return reading.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _run(engine: Engine, revision: str, move: Callable[[Config, str], None]) -> None:
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "shopkeeper:engines/migrations")
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        queue_up(connection, "schema")
        config.attributes["connection"] = connection
        move(config, revision)
