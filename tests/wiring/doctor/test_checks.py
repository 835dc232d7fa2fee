"""What the doctor makes of facts: one limit a test, the figure on either side of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shopkeeper.engines.clickhouse_loading import Behind
from shopkeeper.engines.lake_health import LakeHealth
from shopkeeper.engines.log_health import LogHealth
from shopkeeper.engines.server_facts import ServerFacts
from shopkeeper.engines.state_health import StateHealth
from shopkeeper.wiring.doctor.data import (
    LIVE_WARN_SECONDS,
    SURFACE_DECISIONS,
    WAITING_WARN_SECONDS,
    SurfaceFacts,
    check_lake,
    check_log_damage,
    check_log_waiting,
    check_state,
    check_surface,
)
from shopkeeper.wiring.doctor.finding import Diagnosis, Finding
from shopkeeper.wiring.doctor.machine import (
    CLOCK_FAIL_SECONDS,
    CLOCK_WARN_SECONDS,
    DISK_FAIL_BYTES,
    DISK_WARN_BYTES,
    ClockFacts,
    FolderFacts,
    PackageFacts,
    check_clock,
    check_disk,
    check_folders,
    check_packages,
    meets,
)
from shopkeeper.wiring.doctor.servers import MIRROR_WARN_SECONDS, about_servers, check_mirror, check_server
from shopkeeper.wiring.doctor.serving import (
    BundleFacts,
    KeyFileFacts,
    PointerFacts,
    check_bundles,
    check_champion,
    check_key_file,
    check_keys,
)

FOLDER = FolderFacts("log", "/shop/log", exists=True, usable=True, others_write=False)
STATE = StateHealth("sqlite:///state.db", None, "0001", head="0001", known=True)
STEADY = ClockFacts(drift=0.0, file_system=0.0, ahead=-5.0)


@pytest.mark.parametrize(
    ("finding", "status"),
    [
        (check_disk(DISK_WARN_BYTES, DISK_WARN_BYTES * 9), "pass"),
        (check_disk(DISK_WARN_BYTES - 1, DISK_WARN_BYTES * 9), "warn"),
        (check_disk(DISK_FAIL_BYTES - 1, DISK_WARN_BYTES * 9), "fail"),
        (check_folders([FOLDER]), "pass"),
        (check_folders([FOLDER, replace(FOLDER, exists=False)]), "fail"),
        (check_folders([FOLDER, replace(FOLDER, usable=False)]), "fail"),
        (check_folders([FOLDER, replace(FOLDER, others_write=True)]), "fail"),
        (check_clock(STEADY), "pass"),
        (check_clock(replace(STEADY, drift=-CLOCK_WARN_SECONDS - 0.1)), "warn"),
        (check_clock(replace(STEADY, file_system=-CLOCK_FAIL_SECONDS - 1)), "fail"),
        (check_clock(replace(STEADY, ahead=CLOCK_FAIL_SECONDS + 1)), "fail"),
        (check_clock(replace(STEADY, ahead=-CLOCK_FAIL_SECONDS - 1)), "pass"),  # old files are no fault
        (check_state(STATE), "pass"),
        (check_state(replace(STATE, revision="0000")), "warn"),
        (check_state(replace(STATE, revision=None)), "warn"),
        (check_state(replace(STATE, revision="9999", known=False)), "fail"),
        (check_state(replace(STATE, trouble="no answer")), "fail"),
        (check_log_damage(LogHealth(live=1)), "pass"),
        (check_log_damage(LogHealth(damaged=("a.sealed: broken",))), "fail"),
        (check_log_waiting(LogHealth(live=1, live_age=LIVE_WARN_SECONDS)), "pass"),
        (check_log_waiting(LogHealth(live=1, live_age=LIVE_WARN_SECONDS + 1)), "warn"),
        (check_log_waiting(LogHealth(sealed=1, waiting_age=WAITING_WARN_SECONDS + 1)), "warn"),
        (check_lake(LakeHealth(parts=2, rows=9)), "pass"),
        (check_lake(LakeHealth(parts=2, rows=9, stray=1)), "warn"),
        (check_lake(LakeHealth(parts=2, rows=9, broken=("events/x.parquet: gone",))), "fail"),
        (check_lake(LakeHealth(trouble="not JSON")), "fail"),
        (check_server("mlflow_url", ServerFacts("http://h:5000")), "pass"),
        (check_server("cache_url", ServerFacts("redis://h:6379", None, "Valkey 9.1", CLOCK_WARN_SECONDS / 2)), "pass"),
        (check_server("cache_url", ServerFacts("redis://h:6379", None, "Valkey 9.1", CLOCK_WARN_SECONDS)), "warn"),
        (check_server("cache_url", ServerFacts("redis://h:6379", None, "Valkey 9.1", -CLOCK_FAIL_SECONDS)), "fail"),
        (check_server("cache_url", ServerFacts("redis://h:6379", "refused")), "fail"),
        (check_server("state_url", ServerFacts("postgresql://h/d", forbidden=("CREATE",))), "fail"),
        (check_server("state_url", ServerFacts("postgresql://h/d", advice=("it is old: upgrade it",))), "warn"),
        (check_mirror(None), "warn"),
        (check_mirror(Behind(0, 0.0)), "pass"),
        (check_mirror(Behind(5, MIRROR_WARN_SECONDS)), "pass"),
        (check_mirror(Behind(5, MIRROR_WARN_SECONDS + 1)), "warn"),
        (check_surface(SurfaceFacts("uk", "home", SURFACE_DECISIONS, SURFACE_DECISIONS // 2)), "pass"),
        (check_surface(SurfaceFacts("uk", "home", SURFACE_DECISIONS, 0)), "warn"),
        (check_surface(SurfaceFacts("uk", "home", SURFACE_DECISIONS - 1, 0)), "pass"),  # too few to tell
        (check_bundles([BundleFacts("r", "v1", ("champion",), None)]), "pass"),
        (check_bundles([BundleFacts("r", "v1", ("champion",), "hash")]), "fail"),
        (check_bundles([BundleFacts("r", "v1", (), "hash")]), "warn"),
        (check_champion(PointerFacts("r", "v1", registered=True)), "pass"),
        (check_champion(PointerFacts("r", None, registered=False)), "warn"),
        (check_champion(PointerFacts("r", "v1", registered=False)), "fail"),
        (check_keys(1), "pass"),
        (check_keys(0), "warn"),
        (check_key_file(KeyFileFacts(exists=False)), "pass"),
        (check_key_file(KeyFileFacts(True, others_read=True)), "warn"),
        (check_key_file(KeyFileFacts(True, problems=("also manages",))), "fail"),
        (check_packages([PackageFacts("python", ">=3.11", "3.11.9", required=True)]), "pass"),
        (check_packages([PackageFacts("duckdb", ">=2,<3", "3.0.1", required=True)]), "fail"),
        (check_packages([PackageFacts("duckdb", ">=2,<3", None, required=True)]), "fail"),
        (check_packages([PackageFacts("plotly", ">=7.1", None, required=False)]), "pass"),
        (check_packages([PackageFacts("plotly", ">=7.1", "6.9", required=False)]), "fail"),
    ],
)
def test_each_limit_holds_on_both_sides_and_every_fault_says_what_to_do(finding: Finding, status: str) -> None:
    assert (finding.status, bool(finding.remedy)) == (status, status != "pass")


@pytest.mark.parametrize(
    ("version", "asked", "kept"),
    [
        ("2.0.0", ">=2,<3", True),
        ("3.0", "<3", False),
        ("3.10", ">=3.9", True),
        ("2.13.0", "==2.13", True),
        ("1", "", True),
    ],
)
def test_versions_are_compared_as_numbers(version: str, asked: str, kept: bool) -> None:
    assert meets(version, asked) is kept


def test_the_verdict_is_the_worst_finding() -> None:
    found = tuple(Finding("x", status, "y") for status in ("pass", "fail", "warn"))
    assert Diagnosis("shop", found).status == "fail"


def test_a_port_nobody_listens_on_is_named_and_files_are_no_servers(tmp_path: Path) -> None:
    urls = {
        "state_url": "sqlite:///state.db", "shards": "processes", "cache_url": "redis://u:hunter2@127.0.0.1:1/0",
        "mlflow_url": "http://127.0.0.1:1", "warehouse_url": "clickhouse://127.0.0.1:1/shop",
        "jobs_url": "postgresql://127.0.0.1:1/d",
    }  # fmt: skip
    found = list(about_servers(urls, tmp_path))
    assert [(one.name, one.status) for one in found] == [
        (f"engine.{name}", "fail") for name in ("cache_url", "mlflow_url", "warehouse_url", "jobs_url")
    ]
    assert not any("hunter2" in one.what for one in found)
    assert "reads run on the lake" in found[2].remedy
