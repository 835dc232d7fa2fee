"""What the server reads of the log about shoppers: the newest events before its first request, refusals after it."""

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
REFUSED_DAYS = 365
"""How long a refusal holds that the shopper does not take back."""
REFUSALS = 500_000
"""Refusals that lists for everybody heed at most, the newest."""
_QUERY = NamedQuery.load("shopkeeper.wiring", "live_events")
_REFUSALS = NamedQuery.load("shopkeeper.wiring", "standing_refusals")


def newest_events(warehouse: Warehouse, now: datetime) -> Iterator[Event]:
    """Yield the newest events of the last days that profiles need, oldest first."""
    return _events(warehouse, _QUERY, now, LIVE_DAYS, LIVE_EVENTS)


def standing_refusals(warehouse: Warehouse, now: datetime, most: int = REFUSALS) -> Iterator[Event]:
    """Yield the newest refusals of the last year that no later interest took back, as `refusals` says, oldest first."""
    return _events(warehouse, _REFUSALS, now, REFUSED_DAYS, most)


def _events(warehouse: Warehouse, query: NamedQuery, now: datetime, days: int, most: int) -> Iterator[Event]:
    columns = warehouse.fetch(query, since=now.astimezone(UTC) - timedelta(days=days), rows=most)
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
