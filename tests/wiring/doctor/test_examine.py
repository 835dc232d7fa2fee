"""The doctor on a real workspace: each thing broken for real is the one thing it finds."""

from __future__ import annotations

import os
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.commerce.event import Event
from shopkeeper.commerce.tables import DECISIONS, EVENTS
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import open_state
from shopkeeper.registry.bundle import BundleContent, write_bundle
from shopkeeper.registry.ports import ModelVersion
from shopkeeper.serving.ports import Scope
from shopkeeper.web.storefront_keys import browser_keys
from shopkeeper.wiring.doctor.examine import examine
from shopkeeper.wiring.doctor.finding import Finding
from shopkeeper.wiring.new_workspace import create_workspace

NOW = datetime.now(UTC)
SCOPES: tuple[Scope, ...] = ("events", "decide")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A healthy workspace: rows in the lake, a champion with its bundle, a key."""
    folder = tmp_path / "shop"
    settings = create_workspace(folder)
    append(folder)
    Lake(folder / "log", folder / "lake").compact()
    content = BundleContent(
        "recommendations", "popular", "0", {}, 1, "f" * 8, {}, {"scores": np.arange(2_000, dtype=np.float64)}
    )
    manifest = write_bundle(folder / "models", content, NOW)
    state = open_state(settings.state_url)
    place = f"recommendations/{manifest.version}"
    state.registry.register(
        ModelVersion("recommendations", manifest.version, "popular", place, NOW, True, {}, manifest.fingerprint)
    )
    state.registry.point("recommendations", "champion", manifest.version, "test", "first")
    state.keys.create("uk", SCOPES, "test")
    state.close()
    return folder


def append(folder: Path, rows: int = 200, batches: int = 3) -> None:
    log = SegmentLog(folder / "log", "test")
    for batch in range(batches):
        events = [Event(event_id=f"{batch}-{n}", ts=NOW, store="uk", type="view", product="p") for n in range(rows)]
        log.append(EVENTS, [msgspec.json.encode(event) for event in events])
    log.close()


def faults(workspace: Path) -> dict[str, Finding]:
    """Return what is not well; the disk of the machine that runs the tests is its own affair."""
    found = examine(workspace, lambda folder, keys: browser_keys(folder, keys)[1]).findings
    return {finding.name: finding for finding in found if finding.status != "pass" and finding.name != "disk.space"}


def only(found: dict[str, Finding], name: str, status: str = "fail") -> str:
    """Return what the only fault says."""
    assert {key: finding.status for key, finding in found.items()} == {name: status}
    assert found[name].remedy
    return found[name].what


def test_a_healthy_workspace_has_no_fault_and_stays_as_it_is(workspace: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in workspace.rglob("*") if path.is_file()}
    assert faults(workspace) == {}
    after = {path: path.stat().st_mtime_ns for path in workspace.rglob("*") if path.is_file()}
    assert {path.name for path in before.keys() ^ after.keys()} <= {"state.db-wal", "state.db-shm"}


def test_settings_that_cannot_be_read_are_the_only_finding(workspace: Path) -> None:
    (workspace / "shopkeeper.toml").write_text("[serving]\nport = 'eighty'\n")
    assert "serving.port" in only(faults(workspace), "config")


def test_a_folder_everybody_may_write_to_is_found(workspace: Path) -> None:
    (workspace / "lake").chmod(0o777)
    assert str(workspace / "lake") in only(faults(workspace), "workspace.permissions")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")
def test_a_folder_this_user_may_not_write_to_is_found(workspace: Path) -> None:
    (workspace / "models").chmod(0o500)
    assert str(workspace / "models") in only(faults(workspace), "workspace.permissions")


def test_a_missing_folder_is_found(workspace: Path) -> None:
    (workspace / "quarantine").rmdir()
    assert str(workspace / "quarantine") in only(faults(workspace), "workspace.permissions")


def test_broken_bytes_before_acknowledged_rows_are_found(workspace: Path) -> None:
    append(workspace)
    (segment,) = (workspace / "log").glob("*.sealed")
    content = bytearray(segment.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 8] = b"\0" * 8
    segment.write_bytes(content)
    assert segment.name in only(faults(workspace), "log.damage")


def test_a_segment_cut_in_its_middle_is_found(workspace: Path) -> None:
    append(workspace)
    (segment,) = (workspace / "log").glob("*.sealed")
    os.truncate(segment, segment.stat().st_size // 2)
    assert "cut short" in only(faults(workspace), "log.damage")


def test_a_torn_tail_of_a_killed_writer_is_no_damage(workspace: Path) -> None:
    append(workspace)
    (segment,) = (workspace / "log").glob("*.sealed")
    left = segment.rename(segment.with_suffix(".open"))
    os.truncate(left, left.stat().st_size - 5)
    assert faults(workspace) == {}


def test_segments_nobody_brings_into_the_lake_are_found(workspace: Path) -> None:
    append(workspace)
    (segment,) = (workspace / "log").glob("*.sealed")
    born = time.time_ns() - 2 * 3600 * 10**9
    segment.rename(segment.with_name(f"test-{born:020d}-abcdefab.sealed"))
    assert "1 sealed" in only(faults(workspace), "log.waiting", "warn")


def test_a_part_of_the_lake_that_is_gone_is_found(workspace: Path) -> None:
    (part,) = (workspace / "lake").rglob("*.parquet")
    part.unlink()
    assert part.name in only(faults(workspace), "lake.files")


def test_a_part_of_the_lake_that_was_cut_is_found(workspace: Path) -> None:
    (part,) = (workspace / "lake").rglob("*.parquet")
    os.truncate(part, 100)
    assert "100 bytes" in only(faults(workspace), "lake.files")


def test_a_file_no_manifest_names_is_found(workspace: Path) -> None:
    (part,) = (workspace / "lake").rglob("*.parquet")
    (part.parent / "stray.parquet").write_bytes(part.read_bytes())
    assert "1 files besides" in only(faults(workspace), "lake.files", "warn")


def test_a_manifest_that_is_no_json_is_found(workspace: Path) -> None:
    (workspace / "lake/manifest.json").write_text("{")
    only(faults(workspace), "lake.files")


def test_one_changed_byte_of_the_champion_is_found(workspace: Path) -> None:
    (array,) = (workspace / "models").rglob("*.npy")
    content = bytearray(array.read_bytes())
    content[-1] ^= 1
    array.write_bytes(content)
    assert "champion" in only(faults(workspace), "models.bundles")


def test_a_champion_nobody_registered_is_found(workspace: Path) -> None:
    with sqlite3.connect(workspace / "state.db") as connection:
        connection.execute("UPDATE model_aliases SET version = 'gone'")
    connection.close()
    assert "gone" in only(faults(workspace), "models.champion.recommendations")


def test_a_system_that_models_were_trained_for_needs_a_champion(workspace: Path) -> None:
    state = open_state(f"sqlite:///{workspace / 'state.db'}")
    state.registry.register(ModelVersion("pricing", "v1", "elasticity", "pricing/v1", NOW, False, {}, "f" * 8))
    state.close()
    assert faults(workspace)["models.champion.pricing"].status == "warn"


def test_a_database_without_its_file_is_found_and_not_made(workspace: Path) -> None:
    for path in workspace.glob("state.db*"):
        path.unlink()
    assert "not there" in only(faults(workspace), "state.database")
    assert not (workspace / "state.db").exists()


def test_a_database_of_a_newer_version_is_found_and_left_alone(workspace: Path) -> None:
    with sqlite3.connect(workspace / "state.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert "9999" in only(faults(workspace), "state.database")


def test_a_damaged_database_file_is_found(workspace: Path) -> None:
    for path in workspace.glob("state.db-*"):
        path.unlink()
    (workspace / "state.db").write_bytes(b"no database at all" * 100)
    only(faults(workspace), "state.database")


def test_a_workspace_without_a_valid_key_is_found(workspace: Path) -> None:
    state = open_state(f"sqlite:///{workspace}/state.db")
    for key in state.keys.keys():  # noqa: SIM118 - not a dictionary
        state.keys.revoke(key.key_id, "test")
    state.close()
    only(faults(workspace), "keys", "warn")


@pytest.mark.parametrize(("scopes", "mode", "status"), [
    (SCOPES, 0o600, None), (SCOPES, 0o644, "warn"), ((*SCOPES, "manage"), 0o600, "fail"),
])  # fmt: skip
def test_the_storefront_key_file_is_private_and_its_keys_cannot_manage(
    workspace: Path, scopes: tuple[Scope, ...], mode: int, status: str | None
) -> None:
    state = open_state(f"sqlite:///{workspace}/state.db")
    _, secret = state.keys.create("uk", scopes, "test")
    state.close()
    path = workspace / "storefront-keys.json"
    path.write_bytes(msgspec.json.encode({"uk": secret}))
    path.chmod(mode)
    found = faults(workspace)
    if status is None:
        assert found == {}
    else:
        only(found, "keys.storefront", status)


def test_a_file_from_the_future_tells_of_a_clock_that_went_back(workspace: Path) -> None:
    later = time.time() + 3600
    os.utime(workspace / "lake/manifest.json", (later, later))
    assert "ahead" in only(faults(workspace), "clock")


def test_a_page_that_does_not_report_back_is_named(workspace: Path) -> None:
    log = SegmentLog(workspace / "log", "serve")
    asked = [(surface, n) for surface in ("home", "cart") for n in range(60)]
    rows = [
        DecisionRecord(
            decision_id=f"{surface}-{n}", ts=NOW - timedelta(hours=1), store="uk", system="recommendations",
            unit=f"u{n}", surface=surface, results=5,
        )
        for surface, n in asked
    ]  # fmt: skip
    shown = [
        Event(event_id=f"i{n}", ts=NOW, store="uk", type="impression", product="p", decision_id=f"home-{n}")
        for n in range(60)
    ]
    log.append(DECISIONS, [msgspec.json.encode(row) for row in rows])
    log.append(EVENTS, [msgspec.json.encode(row) for row in shown])
    log.close()
    Lake(workspace / "log", workspace / "lake").compact()
    assert "0 of 60" in only(faults(workspace), "feedback.uk.cart", "warn")


def test_an_objective_that_is_broken_or_missing_is_named(workspace: Path) -> None:
    path = workspace / "objectives/pricing.yaml"
    text = path.read_text()
    path.write_text(text.replace("metric: revenue\n", "metric: revenu\n"))
    assert "primary.metric: line" in only(faults(workspace), "objectives")
    path.unlink()
    assert "pricing missing" in only(faults(workspace), "objectives", "warn")
