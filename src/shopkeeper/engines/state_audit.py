"""The trail of admin actions, written in the same transaction as the action itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, insert, select

from shopkeeper.engines.state_schema import AUDIT, from_micros, to_micros


def write_audit(connection: Connection, who: str, action: str, detail: Mapping[str, Any]) -> None:
    """Note who did what, inside the caller's transaction."""
    connection.execute(
        insert(AUDIT),
        {
            "at_micros": to_micros(datetime.now(UTC)),
            "who": who,
            "action": action,
            "detail": msgspec.json.encode(detail).decode(),
        },
    )


class StateAudit:
    """Reads the trail."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def latest(self, limit: int = 100) -> Sequence[dict[str, Any]]:
        """Return the newest entries, newest first: at, who, action, detail."""
        query = select(AUDIT).order_by(AUDIT.c.number.desc()).limit(limit)
        with self._engine.connect() as connection:
            rows = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).all()
        return [
            {"at": from_micros(r.at_micros), "who": r.who, "action": r.action, "detail": msgspec.json.decode(r.detail)}
            for r in rows
        ]
