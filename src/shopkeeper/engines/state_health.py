"""Looking at the state database without changing it: the doctor's view, before any migration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from shopkeeper.engines.state_engine import open_engine
from shopkeeper.engines.state_schema import HEAD
from shopkeeper.errors import ConfigError, Unavailable


@dataclass(frozen=True, slots=True)
class StateHealth:
    """What a state database says about itself.

    Attributes:
        url: Without its password.
        trouble: Why it does not answer, or what its own check of its pages found; None when it is sound.
        revision: Revision of its tables; None when it has none.
        head: Revision this version works with.
        known: Whether this version knows the revision.
    """

    url: str
    trouble: str | None
    revision: str | None
    head: str = HEAD
    known: bool = True


def look_at_state(url: str) -> StateHealth:
    """Return the health of the database at a URL; nothing is created, migrated or written."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return StateHealth("(no URL)", "it is not a database URL", None)
    shown = parsed.render_as_string(hide_password=True)
    lite = parsed.get_backend_name() == "sqlite"
    if lite and parsed.database and not Path(parsed.database).is_file():
        return StateHealth(shown, "the file is not there", None)
    try:
        engine = create_engine(parsed) if lite else open_engine(url)  # what prepares SQLite would write to it
    except (ConfigError, ImportError) as error:
        return StateHealth(shown, str(error), None)
    try:
        with engine.connect() as connection:
            revision = None
            if inspect(connection).has_table("alembic_version"):
                revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            sound = str(connection.execute(text("PRAGMA quick_check(1)")).scalar()) if lite else "ok"
    except DBAPIError as error:
        return StateHealth(shown, str(error.orig).splitlines()[0], None)
    except Unavailable as error:
        return StateHealth(shown, error.reason, None)
    finally:
        engine.dispose()
    return StateHealth(shown, None if sound == "ok" else sound, revision, known=revision in _revisions())


def _revisions() -> set[str]:
    config = Config()
    config.set_main_option("script_location", "shopkeeper:engines/migrations")
    config.set_main_option("path_separator", "os")
    return {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
