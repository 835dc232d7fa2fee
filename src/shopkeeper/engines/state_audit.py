"""The trail of admin actions, written in the same transaction as the action itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Select, insert, select

from shopkeeper.engines.state_schema import AUDIT, from_micros, to_micros
from shopkeeper.people.person import read_signature


def write_audit(connection: Connection, who: str, action: str, detail: Mapping[str, Any]) -> None:
    """Note who did what, inside the caller's transaction.

    Args:
        who: As `people.person.Actor.who` gives it; of somebody signed in, person and session are kept beside it.
    """
    person, session = read_signature(who)
    connection.execute(
        insert(AUDIT),
        {
            "at_micros": to_micros(datetime.now(UTC)),
            "who": who,
            "action": action,
            "detail": msgspec.json.encode(detail).decode(),
            "person": person,
            "session": session,
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
        """Return the newest entries, newest first: at, who, action, detail, and person and session where signed in."""
        return self._entries(select(AUDIT).order_by(AUDIT.c.number.desc()).limit(limit))

    def found(self, person: str | None, action: str | None, limit: int) -> Sequence[dict[str, Any]]:
        """Return the newest entries of a person or of actions that begin with some letters, or both."""
        query = select(AUDIT).order_by(AUDIT.c.number.desc()).limit(limit)
        if person is not None:
            query = query.where(AUDIT.c.person == person)
        if action is not None:
            query = query.where(AUDIT.c.action.startswith(action, autoescape=True))
        return self._entries(query)

    def since(self, at: datetime, limit: int = 1_000) -> Sequence[dict[str, Any]]:
        """Return the newest entries from a moment on, newest first."""
        query = select(AUDIT).where(AUDIT.c.at_micros >= to_micros(at))
        return self._entries(query.order_by(AUDIT.c.number.desc()).limit(limit))

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
            {
                "at": from_micros(row.at_micros),
                "who": row.who,
                "action": row.action,
                "detail": msgspec.json.decode(row.detail),
                "person": row.person,
                "session": row.session,
            }
            for row in rows
        ]
