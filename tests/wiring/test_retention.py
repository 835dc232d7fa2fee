"""What has been kept long enough goes, and only that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from shopkeeper.commerce.decision import ShadowAnswer
from shopkeeper.commerce.event import Event
from shopkeeper.commerce.tables import EVENTS, SHADOW_ANSWERS, TRAFFIC_VERDICTS
from shopkeeper.commerce.traffic import TrafficVerdict
from shopkeeper.engines.address_keys import FILE, AddressKeys
from shopkeeper.engines.feature_store import FeatureStore
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.errors import FieldProblem
from shopkeeper.intake.ports import RejectedRow
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.retention import enforce_retention

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)


def verdict(age: float) -> TrafficVerdict:
    return TrafficVerdict(store="uk", ts=NOW - timedelta(days=age), kind="session", subject="s", rule="behaviour.rate")


def shadow(age: float) -> ShadowAnswer:
    ts = NOW - timedelta(days=age)
    return ShadowAnswer(
        decision_id=f"d{age}", ts=ts, store="uk", system="recommendations", test="r1", version="v2", unit="u"
    )


def test_days_past_their_time_are_dropped_everywhere(tmp_path: Path) -> None:
    settings = create_workspace(tmp_path / "shop")
    kept_days = settings.privacy.event_days
    log = SegmentLog(settings.folder(settings.engines.log), "test")
    for age in (0.0, kept_days - 1, kept_days + 1, kept_days + 400):
        row = Event(event_id=f"e{age:.0f}", ts=NOW - timedelta(days=age), store="uk", type="search", user="u")
        log.append(EVENTS, [msgspec.json.encode(row)])
    brought = Event(event_id="brought", ts=NOW - timedelta(days=9_000), store="uk", type="search", received_at=NOW)
    log.append(EVENTS, [msgspec.json.encode(brought)])
    log.append(TRAFFIC_VERDICTS, [msgspec.json.encode(verdict(9_000)), msgspec.json.encode(verdict(kept_days + 1))])
    log.append(SHADOW_ANSWERS, [msgspec.json.encode(shadow(age)) for age in (kept_days - 1, kept_days + 1)])
    log.close()
    lake = Lake(settings.folder(settings.engines.log), settings.folder(settings.engines.lake), threads=1)
    lake.compact()
    rejected = RejectedRow("events", "uk", "http", 1, {"user": "u"}, (FieldProblem("ts", "is missing"),))
    for age in (1, 31):
        QuarantineFiles(
            settings.folder(settings.engines.quarantine), now=lambda age=age: NOW - timedelta(days=age)  # type: ignore[misc]
        ).keep([rejected])  # fmt: skip
    secrets = settings.folder(settings.engines.secrets)
    AddressKeys(secrets, lambda: NOW - timedelta(days=1))("203.0.113.7")
    dropped = enforce_retention(settings, lake, NOW)
    assert (dropped["events"], dropped["traffic_verdicts"], dropped["quarantine_days"]) == (2, 1, 1)
    assert dropped["shadow_answers"] == 1
    warehouse = lake.warehouse()
    left = warehouse.fetch(NamedQuery("test", "SELECT event_id FROM events ORDER BY ts DESC"))["event_id"].tolist()
    warehouse.close()
    assert left == ["e0", f"e{kept_days - 1:.0f}", "brought"]
    assert QuarantineFiles(settings.folder(settings.engines.quarantine)).count() == 1
    today = datetime.now(UTC).date().isoformat()
    assert all(day >= today for day in msgspec.json.decode((secrets / FILE).read_bytes()))


def test_features_forget_days_past_their_time_without_being_refreshed(tmp_path: Path) -> None:
    settings = create_workspace(tmp_path / "shop")
    kept_days = settings.privacy.event_days
    lake_folder = settings.folder(settings.engines.lake)
    log = SegmentLog(settings.folder(settings.engines.log), "test")
    for user, age in (("somebody-old", kept_days + 1), ("somebody-new", 1.0)):
        row = Event(event_id=user, ts=NOW - timedelta(days=age), store="uk", type="view", product="lamp", user=user)
        log.append(EVENTS, [msgspec.json.encode(row)])
    log.append(SHADOW_ANSWERS, [msgspec.json.encode(shadow(age)) for age in (kept_days - 1, kept_days + 1)])
    log.close()
    lake = Lake(settings.folder(settings.engines.log), lake_folder, threads=1)
    lake.compact()
    features = FeatureStore(lake_folder)
    features.refresh(NOW - timedelta(days=kept_days))
    features.refresh(NOW)
    assert enforce_retention(settings, lake, NOW)["feature_days"] == 1
    content = b"".join(path.read_bytes() for path in (lake_folder / "features").rglob("*.parquet"))
    assert b"somebody-old" not in content
    assert b"somebody-new" in content
    assert enforce_retention(settings, lake, NOW)["feature_days"] == 0
    assert features.refresh(NOW).rows["user"] == 1
