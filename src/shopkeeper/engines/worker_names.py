"""Names of workers: a name is held by one living process at most, and is free the moment that process dies.

DBOS takes up what a name left undone, so two processes under one name would work on the same runs at once. On SQLite
a name is a lock on a file beside the database; on PostgreSQL it is an advisory lock of a session of its own, so names
hold across machines.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, repeat
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, text

from shopkeeper.engines.durable_files import try_lock
from shopkeeper.errors import ConfigError, InputError

_NAME: Final = re.compile(r"^(work|train)-([1-9][0-9]{0,3})$")
_CLASSES: Final = {"work": 0x5EED0001, "train": 0x5EED0002}
"""First half of the advisory lock of a name; the second is its number."""
_TRIES: Final = 10
_PAUSE_SECONDS: Final = 0.05
"""Whoever looks whether a name is held holds it for a moment; a claim outlasts that."""


@dataclass(frozen=True, slots=True)
class HeldName:
    """A name this process holds until `release`.

    Attributes:
        held: False once the lock is lost: the database ended the session, and another process may take the name.
    """

    name: str
    release: Callable[[], None]
    held: Callable[[], bool]


class WorkerNames:
    """The names that go with one database of jobs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, kind: str, number: int | None = None) -> HeldName:
        """Hold `KIND-NUMBER`, or the lowest free number.

        Raises:
            InputError: a living process holds the number that was asked for.
        """
        for one in count(1) if number is None else repeat(number, _TRIES):
            if (held := self.take(f"{kind}-{one}")) is not None:
                return held
            if number is not None:
                time.sleep(_PAUSE_SECONDS)
        raise InputError(
            f"A living worker holds the name {kind}-{number}.", "Choose another with `--id N`, or leave it out."
        )

    def take(self, name: str) -> HeldName | None:
        """Hold a name; None while a living process holds it."""
        if self._engine.dialect.name == "postgresql":
            return self._take_in_session(name)
        return self._take_file(name)

    def living(self, name: str) -> bool:
        """Return whether a process holds a name."""
        held = self.take(name)
        if held is None:
            return True
        held.release()
        return False

    def workers(self) -> list[str]:
        """Return the names of living `work` processes."""
        if self._engine.dialect.name == "postgresql":
            query = text(
                "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2"
                " AND classid = :kind AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            with self._engine.connect() as connection:
                return [f"work-{row[0]}" for row in connection.execute(query, {"kind": _CLASSES["work"]})]
        names = [
            path.name.removesuffix(".lock").rpartition(".")[2] for path in self._folder().glob(self._file("work-*"))
        ]
        return sorted(name for name in names if _NAME.match(name) and self.living(name))

    def _take_file(self, name: str) -> HeldName | None:
        _parts(name)
        folder = self._folder()
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / self._file(name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if not try_lock(handle):
            os.close(handle)
            return None
        return HeldName(name, lambda: os.close(handle), lambda: True)

    def _take_in_session(self, name: str) -> HeldName | None:
        keys = _parts(name)
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if not connection.execute(text("SELECT pg_try_advisory_lock(:kind, :number)"), keys).scalar():
            connection.close()
            return None

        def release() -> None:
            connection.invalidate()  # ends the session, and the lock with it
            connection.close()

        return HeldName(name, release, lambda: _still_held(connection, keys))

    def _folder(self) -> Path:
        database = self._engine.url.database
        if not database:
            raise ConfigError("Jobs need a database in a file, not in memory.", "Set engines.jobs_url.")
        return Path(database).parent

    def _file(self, name: str) -> str:
        return f"{Path(self._engine.url.database or '').name}.{name}.lock"


def _parts(name: str) -> dict[str, int]:
    found = _NAME.match(name)
    if found is None:
        raise InputError(
            f"{name!r} is no name of a worker.", "Names are work-1 to work-9999 and train-1 to train-9999."
        )
    return {"kind": _CLASSES[found[1]], "number": int(found[2])}


def _still_held(connection: Connection, keys: dict[str, int]) -> bool:
    query = text(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2"
        " AND classid = :kind AND objid = :number AND pid = pg_backend_pid()"
    )
    try:
        return bool(connection.execute(query, keys).scalar())
    except Exception:  # noqa: BLE001 - whatever it is, the session is not there to answer
        return False
