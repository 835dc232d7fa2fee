"""How far each source has been read, in the state database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Engine, delete, insert, select

from shopkeeper.engines.state_schema import CURSORS, to_micros


class StateCursors:
    """Implements `intake.ports.CursorStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self, source: str) -> dict[str, Any]:
        """Return how far a source has been read; empty where it never was."""
        query = select(CURSORS.c.body).where(CURSORS.c.source == source)
        with self._engine.connect() as connection:
            body = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).scalar()
        found: dict[str, Any] = {} if body is None else msgspec.json.decode(body)
        return found

    def move(self, source: str, body: Mapping[str, Any]) -> None:
        """Remember how far a source has been read."""
        row = {
            "source": source,
            "moved_micros": to_micros(datetime.now(UTC)),
            "body": msgspec.json.encode(body).decode(),
        }
        with self._engine.begin() as connection:
            connection.execute(delete(CURSORS).where(CURSORS.c.source == source))
            connection.execute(insert(CURSORS), row)
