"""A mark of everything in the state database, so that who follows many parts of it asks one small question."""

from __future__ import annotations

import contextlib
import threading
from typing import Final

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

_MARKS: Final = {"sqlite": "PRAGMA data_version", "postgresql": "SELECT pg_current_snapshot()::text"}


class StateMark:
    """Reads the mark over a connection of its own, from any thread.

    On SQLite it is the number that a connection sees change with every commit of any other connection, in any process;
    it never writes itself. On PostgreSQL it is the set of transactions whose work is seen: it changes at the very
    moment the work of one comes in sight. (A change elsewhere on the same server changes it, too.)
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._one_at_a_time = threading.RLock()
        self._connection: Connection | None = None
        self._connections = 0

    def read(self) -> str | None:
        """Return the mark: where it equals the one before, nothing that is read now differs from what was read then.

        None = there is none, as of a database in memory, in which all share one connection.

        Raises:
            SQLAlchemyError: the database does not answer; the next call connects anew.
            Unavailable: likewise.
        """
        if self._engine.dialect.name == "sqlite" and not self._engine.url.database:
            return None
        with self._one_at_a_time:
            try:
                said = self._connected().execute(text(_MARKS[self._engine.dialect.name])).scalar_one()
            except Exception:
                self.close()
                raise
            return f"{self._connections} {said}"

    def close(self) -> None:
        """Close the connection; the next mark is another than all before."""
        with self._one_at_a_time:
            connection, self._connection = self._connection, None
            if connection is not None:
                with contextlib.suppress(SQLAlchemyError):
                    connection.invalidate()

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connections += 1  # SQLite counts for each connection anew
        return self._connection
