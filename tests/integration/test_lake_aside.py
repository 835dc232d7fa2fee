"""Compaction in a process of its own does what it does in the server, and says the same where it cannot."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines import lake_aside
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.lake_aside import WORTH_BYTES, compact_aside, worth_a_process
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.errors import LogDamaged

pytestmark = pytest.mark.integration


def log(folder: Path, *numbers: int, letters: int = 0) -> None:
    """Append events and seal."""
    writer = SegmentLog(folder / "log", "test")
    rows = [{"event_id": f"e{n}", "ts": "2026-03-01T12:00:00Z", "store": "uk", "type": "view"} for n in numbers]
    writer.append(EVENTS, [msgspec.json.encode(row | {"session": "s" * letters}) for row in rows])
    writer.close()


def test_segments_are_in_the_lake_when_the_process_has_ended_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    log(tmp_path, 1, 2)
    log(tmp_path, 3)
    damaged = max((tmp_path / "log").iterdir(), key=lambda path: path.name.rsplit("-", 2)[1])
    content = bytearray(damaged.read_bytes())
    content[20] ^= 1
    damaged.write_bytes(content)
    with pytest.raises(LogDamaged, match=damaged.name):
        asyncio.run(compact_aside(tmp_path / "log", tmp_path / "lake"))
    lake = Lake(tmp_path / "log", tmp_path / "lake")
    assert [part.rows for part in lake.manifest().parts] == [2]
    assert list((tmp_path / "log").iterdir()) == [damaged]


def test_one_that_is_given_up_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[subprocess.Popen[bytes]] = []

    def started(command: Sequence[str]) -> subprocess.Popen[bytes]:
        begun.append(start(command))
        return begun[0]

    async def given_up() -> None:
        compaction = asyncio.create_task(compact_aside(tmp_path / "log", tmp_path / "lake"))
        while not begun:
            await asyncio.sleep(0.001)
        compaction.cancel()
        with pytest.raises(asyncio.CancelledError):
            await compaction

    start = lake_aside._started
    monkeypatch.setattr(lake_aside, "_started", started)
    asyncio.run(given_up())
    assert begun[0].returncode == -signal.SIGKILL


def test_a_process_is_started_only_where_enough_waits(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    assert not worth_a_process(tmp_path / "log")
    log(tmp_path, 1)
    assert not worth_a_process(tmp_path / "log")
    log(tmp_path, *range(2, 2 + WORTH_BYTES // 100), letters=100)
    assert worth_a_process(tmp_path / "log")
