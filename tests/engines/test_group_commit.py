"""Callers share a sync; each is told of its own rows alone, and never before they are durable."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.group_commit import GroupCommit
from shopkeeper.engines.segment_log import Payload, SegmentLog
from shopkeeper.engines.segment_recovery import read_segment, recover, sealed_segments
from shopkeeper.errors import InputError, Overloaded
from shopkeeper.testing.event_log_suite import numbered


class GatedLog(SegmentLog):
    """A log whose disk waits for a gate to open, and counts its writes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "test")
        self.gate = threading.Event()
        self.gate.set()
        self.writes: list[int] = []

    def append_payloads(self, payloads: list[Payload]) -> None:  # type: ignore[override]
        self.gate.wait()
        self.writes.append(len(payloads))
        super().append_payloads(payloads)


def rows_in(folder: Path) -> list[bytes]:
    recover(folder)
    return [r for path in sealed_segments(folder) for frame in read_segment(path) for r in frame.payload.splitlines()]


def test_callers_of_one_tick_share_one_sync(tmp_path: Path) -> None:
    async def run() -> GatedLog:
        log = GatedLog(tmp_path)
        live = GroupCommit(log)
        await asyncio.gather(*(live.append(EVENTS, numbered(n, 1)) for n in range(20)))
        assert (live.counts.rows, live.counts.groups, live.counts.waiting) == (20, 1, 0)
        await live.close()
        return log

    assert asyncio.run(run()).writes == [20]
    assert rows_in(tmp_path) == numbered(0, 20)


def test_what_comes_during_a_sync_forms_the_next_group(tmp_path: Path) -> None:
    async def run() -> GatedLog:
        log = GatedLog(tmp_path)
        live = GroupCommit(log)
        log.gate.clear()
        first = asyncio.create_task(live.append(EVENTS, numbered(0, 1)))
        while live.counts.waiting == 0:
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        later = [asyncio.create_task(live.append(EVENTS, numbered(n, 1))) for n in range(1, 6)]
        await asyncio.sleep(0.01)
        assert not first.done()
        assert live.counts.waiting == 6
        log.gate.set()
        await asyncio.gather(first, *later)
        await live.close()
        return log

    assert asyncio.run(run()).writes == [1, 5]
    assert rows_in(tmp_path) == numbered(0, 6)


def test_rows_are_on_disk_when_the_call_returns(tmp_path: Path) -> None:
    async def run() -> None:
        live = GroupCommit(SegmentLog(tmp_path, "test"))
        for number in range(10):
            await live.append(EVENTS, numbered(number, 1))
            (path,) = tmp_path.iterdir()
            assert numbered(number, 1)[0] in path.read_bytes()
        await live.close()

    asyncio.run(run())


def test_a_full_queue_turns_callers_away_and_loses_none_it_took(tmp_path: Path) -> None:
    async def run() -> None:
        log = GatedLog(tmp_path)
        live = GroupCommit(log, most_waiting_bytes=200)
        log.gate.clear()
        taken = [asyncio.create_task(live.append(EVENTS, numbered(0, 1)))]
        await asyncio.sleep(0.01)
        taken += [asyncio.create_task(live.append(EVENTS, numbered(n, 1))) for n in (1, 2)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded, match="behind"):
            await live.append(EVENTS, numbered(3, 1))
        log.gate.set()
        await asyncio.gather(*taken)
        assert live.counts.refused == 1
        await live.close()

    asyncio.run(run())
    assert rows_in(tmp_path) == numbered(0, 3)


def test_a_failed_write_is_told_to_every_caller_of_the_group_and_the_next_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        live = GroupCommit(SegmentLog(tmp_path, "test"))
        with monkeypatch.context() as patched:
            patched.setattr(os, "fdatasync", _no_space)
            told = await asyncio.gather(
                *(live.append(EVENTS, numbered(n, 1)) for n in range(3)), return_exceptions=True
            )
            assert [type(error) for error in told] == [Overloaded] * 3
        await live.append(EVENTS, numbered(7, 1))
        assert (live.counts.rows, live.counts.refused) == (1, 3)
        await live.close()

    asyncio.run(run())
    assert rows_in(tmp_path) == numbered(7, 1)


def test_a_bad_row_harms_nobody_else_of_the_group(tmp_path: Path) -> None:
    async def run() -> None:
        live = GroupCommit(SegmentLog(tmp_path, "test"))
        told = await asyncio.gather(
            live.append(EVENTS, numbered(0, 1)), live.append(EVENTS, [b"{\n}"]), return_exceptions=True
        )
        assert (told[0], type(told[1])) == (None, InputError)
        await live.close()

    asyncio.run(run())
    assert rows_in(tmp_path) == numbered(0, 1)


def test_a_caller_that_gave_up_does_not_disturb_the_others(tmp_path: Path) -> None:
    async def run() -> None:
        log = GatedLog(tmp_path)
        live = GroupCommit(log)
        log.gate.clear()
        patient = asyncio.create_task(live.append(EVENTS, numbered(0, 1)))
        hasty = asyncio.create_task(live.append(EVENTS, numbered(1, 1)))
        await asyncio.sleep(0.01)
        hasty.cancel()
        await asyncio.sleep(0)
        log.gate.set()
        await patient
        await live.close()

    asyncio.run(run())
    assert rows_in(tmp_path) == numbered(0, 2)


def test_sealing_hands_over_what_was_written_and_writing_goes_on(tmp_path: Path) -> None:
    async def run() -> None:
        live = GroupCommit(SegmentLog(tmp_path, "test"))
        assert await live.seal() is None
        await live.append(EVENTS, numbered(0, 1))
        sealed = await live.seal()
        assert sealed is not None
        assert [frame.payload.splitlines() for frame in read_segment(sealed)] == [numbered(0, 1)]
        await live.append(EVENTS, numbered(1, 1))
        await live.close()

    asyncio.run(run())
    assert rows_in(tmp_path) == numbered(0, 2)


def _no_space(_: int) -> None:
    raise OSError(28, "No space left on device")
