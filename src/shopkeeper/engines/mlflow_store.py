"""Opens MLflow, and makes its SQLite store where there is none.

MLflow makes its tables itself at the first use, by some seventy migrations, straight in the file; two processes that do
so at once break it, and so does a kill in the middle. Here the store is made in a file beside its place, by MLflow's
own code, under a lock, and renamed into it: it is there whole or not at all. `shopkeeper init` has that done by a
process of its own (`python -m shopkeeper.engines.mlflow_store URL`), so nobody waits for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from shopkeeper.errors import ConfigError, Unavailable

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",  # what fails is tried again later, without a run waiting for it
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
_SQLITE = "sqlite:///"


def installed() -> bool:
    """Tell whether MLflow can be imported, without importing it."""
    return importlib.util.find_spec("mlflow") is not None


def check_url(url: str) -> None:
    """Raise ConfigError for a URL no experiment log can have."""
    if not url.startswith((_SQLITE, "postgresql", "mysql", "http://", "https://")):
        raise ConfigError(
            f"engines.mlflow_url is {url!r}, which MLflow does not speak.",
            "Use sqlite:///mlflow.db, the http(s):// address of an MLflow server, or an empty text for no log.",
        )


def open_client(url: str) -> MlflowClient:
    """Return MLflow's client for a store, which is made first where it is a file that is not there.

    Raises:
        Unavailable: MLflow is not installed.
    """
    if not installed():
        raise Unavailable("MLflow is not installed.", "Install it with `pip install 'shopkeeper[train]'`.")
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from mlflow.tracking import MlflowClient  # noqa: PLC0415 - takes seconds and 80 MB, and only who writes needs it

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if url.startswith(_SQLITE):
        _ensure_file(Path(url.removeprefix(_SQLITE)))
    return MlflowClient(tracking_uri=url, registry_uri=url)


def prepare_in_background(url: str) -> subprocess.Popen[bytes] | None:
    """Have the store made by a process of its own; None where there is nothing to make."""
    if not url.startswith(_SQLITE) or not installed() or Path(url.removeprefix(_SQLITE)).exists():
        return None
    return subprocess.Popen(  # noqa: S603 - our own module, and a path from the settings
        [sys.executable, "-m", "shopkeeper.engines.mlflow_store", url],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _ensure_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with _lock(path):
        if not path.exists():
            _make(path)
        elif _outdated(path):
            _upgrade(path)


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(path: Path) -> None:
    from mlflow.tracking import MlflowClient  # noqa: PLC0415

    draft = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        MlflowClient(tracking_uri=f"{_SQLITE}{draft}").search_experiments(max_results=1)
        with contextlib.closing(sqlite3.connect(draft)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")  # stays with the file: readers never wait for a run's writes
        draft.rename(path)
    finally:
        for left in path.parent.glob(f"{draft.name}*"):
            left.unlink()


def _outdated(path: Path) -> bool:
    """Tell whether an older MLflow made the store."""
    from mlflow.store.db.utils import _get_latest_schema_revision  # noqa: PLC0415

    with contextlib.closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return found is not None and found[0] != _get_latest_schema_revision()  # type: ignore[no-untyped-call]


def _upgrade(path: Path) -> None:
    """Bring a store of an older MLflow to this one's tables, as `mlflow db upgrade` does, after copying it."""
    from mlflow.store.db.utils import _upgrade_db, create_sqlalchemy_engine_with_retry  # noqa: PLC0415

    with (
        contextlib.closing(sqlite3.connect(path)) as old,
        contextlib.closing(sqlite3.connect(path.with_name(f"{path.name}.before-upgrade"))) as copy,
    ):
        old.backup(copy)
    engine = create_sqlalchemy_engine_with_retry(f"{_SQLITE}{path}")  # type: ignore[no-untyped-call]
    try:
        _upgrade_db(engine)  # type: ignore[no-untyped-call]
    finally:
        engine.dispose()


if __name__ == "__main__":
    open_client(sys.argv[1])
