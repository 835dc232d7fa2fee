"""Reports kept for people, in the state database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Engine, insert, select

from shopkeeper.engines.state_schema import REPORTS, from_micros, to_micros
from shopkeeper.quality.ports import Report


class StateReports:
    """Implements `quality.ports.ReportStore`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def save(self, kind: str, body: Mapping[str, Any], store: str | None = None) -> int:
        """Keep one report and return its number."""
        row = {
            "kind": kind,
            "store": store,
            "created_micros": to_micros(datetime.now(UTC)),
            "body": msgspec.json.encode(body).decode(),
        }
        with self._engine.begin() as connection:
            key = connection.execute(insert(REPORTS), row).inserted_primary_key
        return int(key[0]) if key is not None else 0

    def latest(self, kind: str, limit: int = 20, store: str | None = None) -> Sequence[Report]:
        """Return the newest reports of a kind, newest first; empty when there are none."""
        query = select(REPORTS).where(REPORTS.c.kind == kind).order_by(REPORTS.c.number.desc()).limit(limit)
        if store is not None:
            query = query.where(REPORTS.c.store == store)
        with self._engine.connect() as connection:
            rows = connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).all()
        return [
            Report(r.number, r.kind, r.store, from_micros(r.created_micros), msgspec.json.decode(r.body)) for r in rows
        ]
