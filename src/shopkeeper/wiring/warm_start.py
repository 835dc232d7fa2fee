"""What the server knows of shoppers before its first request."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.event import Event
from shopkeeper.quality.ports import NamedQuery, Warehouse

LIVE_DAYS = 2
LIVE_EVENTS = 200_000
_QUERY = NamedQuery.load("shopkeeper.wiring", "live_events")


def newest_events(warehouse: Warehouse, now: datetime) -> Iterator[Event]:
    """Yield the newest logged events of the last days, as far as profiles need them, oldest first."""
    since = now.astimezone(UTC) - timedelta(days=LIVE_DAYS)
    columns = warehouse.fetch(_QUERY, since=since, rows=LIVE_EVENTS)
    names = list(columns)
    rows = zip(*(columns.pop(name)[::-1].tolist() for name in names), strict=True)
    for row in rows:
        yield _event(dict(zip(names, row, strict=True)))


def _event(row: dict[str, Any]) -> Event:
    ts = row["ts"] if isinstance(row["ts"], datetime) else np.datetime64(row["ts"], "us").item()
    consent = row["consent"]
    return Event(
        event_id=row["event_id"],
        ts=ts.replace(tzinfo=UTC),
        store=row["store"],
        type=row["type"],
        visitor=row["visitor"],
        user=row["user"],
        session=row["session"],
        product=row["product"],
        value=None if np.isnan(row["value"]) else row["value"],
        consent=msgspec.json.decode(consent, type=Consent) if isinstance(consent, str) else None,
    )
