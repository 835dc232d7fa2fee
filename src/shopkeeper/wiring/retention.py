"""Deletes what has been kept long enough. `quality.personal_data` names every place and the rule that holds for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shopkeeper.engines.day_rows import expire_tests
from shopkeeper.engines.feature_expiry import expire_features
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.wiring.arriving import address_keys
from shopkeeper.wiring.settings import Settings


def enforce_retention(settings: Settings, lake: Lake, now: datetime | None = None) -> dict[str, int]:
    """Delete days of lake and features, days of tests nobody asks about, rejected rows and keys past their time."""
    today = (now or datetime.now(UTC)).astimezone(UTC).date()
    chosen = settings.privacy
    oldest = today - timedelta(days=chosen.event_days)
    dropped = lake.expire(oldest)
    dropped["tests"] = expire_tests(settings.folder(settings.engines.lake), now or datetime.now(UTC))
    dropped["feature_days"] = expire_features(settings.folder(settings.engines.lake), oldest)
    quarantine = QuarantineFiles(settings.folder(settings.engines.quarantine))
    dropped["quarantine_days"] = quarantine.expire(today - timedelta(days=chosen.quarantine_days))
    dropped["address_keys"] = address_keys(settings).rotate()
    return dropped
