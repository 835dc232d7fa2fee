"""The trail of admin actions, written in the same transaction as the action itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Select, insert, select

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
    """Reads the trail, and takes notes of acts that change nothing else here."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, who: str, action: str, detail: Mapping[str, Any]) -> None:
        """Note who did what."""
        with self._engine.begin() as connection:
            write_audit(connection, who, action, detail)

    def latest(self, limit: int = 100) -> Sequence[dict[str, Any]]:
        """Return the newest entries, newest first: at, who, action, detail."""
        return self._entries(select(AUDIT).order_by(AUDIT.c.number.desc()).limit(limit))

    def of_model(self, system: str, version: str) -> Sequence[dict[str, Any]]:
        """Return the entries about one model version, newest first: aliases that came and went, pins, pruning."""
        query = select(AUDIT).where(AUDIT.c.action.like("model.%"), AUDIT.c.detail.contains(version, autoescape=True))
        return [
            entry
            for entry in self._entries(query.order_by(AUDIT.c.number.desc()))
            if entry["detail"].get("system") == system
            and version in (entry["detail"].get(name) for name in ("from", "to", "version"))
        ]

    def _entries(self, query: Select[Any]) -> list[dict[str, Any]]:
        with self._engine.connect() as connection:
            rows = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).all()
        return [
            {"at": from_micros(r.at_micros), "who": r.who, "action": r.action, "detail": msgspec.json.decode(r.detail)}
            for r in rows
        ]
