"""Deletes what has been kept long enough. `quality.personal_data` names every place and the rule that holds for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shopkeeper.engines.lake import Lake
from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.wiring.arriving import address_keys
from shopkeeper.wiring.settings import Settings


def enforce_retention(settings: Settings, lake: Lake, now: datetime | None = None) -> dict[str, int]:
    """Delete days of the lake, rejected rows and keys of addresses that are past their time; return how many."""
    today = (now or datetime.now(UTC)).astimezone(UTC).date()
    chosen = settings.privacy
    dropped = lake.expire(today - timedelta(days=chosen.event_days))
    quarantine = QuarantineFiles(settings.folder(settings.engines.quarantine))
    dropped["quarantine_days"] = quarantine.expire(today - timedelta(days=chosen.quarantine_days))
    dropped["address_keys"] = address_keys(settings).rotate()
    return dropped
