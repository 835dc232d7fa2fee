"""Decisions wait in a bounded queue and reach the log in batches; what is lost is counted."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.commerce.tables import DECISIONS, TableSchema
from shopkeeper.engines.group_commit import GroupCommit
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.errors import Overloaded
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.serving.queued_log import QueuedLog


def record(number: int) -> DecisionRecord:
    ts = datetime(2026, 1, 1, tzinfo=UTC)
    return DecisionRecord(decision_id=f"d{number}", ts=ts, store="uk", system="recommendations")


def test_what_waits_is_in_the_log_after_a_flush(tmp_path: Path) -> None:
    async def scenario() -> None:
        live = GroupCommit(SegmentLog(tmp_path / "log", "test"))
        log = QueuedLog[DecisionRecord](live, DECISIONS, batch=2)
        for number in range(5):
            log.put(record(number))
        await log.flush()
        assert len(log) == 0
        await live.close()

    asyncio.run(scenario())
    lake = Lake(tmp_path / "log", tmp_path / "lake")
    lake.compact()
    warehouse = lake.warehouse()
    query = NamedQuery("all", "SELECT decision_id FROM decisions ORDER BY decision_id")
    assert warehouse.fetch(query)["decision_id"].tolist() == [f"d{number}" for number in range(5)]
    warehouse.close()


class FullDisk:
    """A log whose disk is full until told otherwise."""

    full = True
    rows = 0

    async def append(self, table: TableSchema, rows: list[bytes]) -> None:  # noqa: ARG002 - the port
        if self.full:
            raise Overloaded("disk full")
        self.rows += len(rows)


def test_a_full_queue_drops_and_counts_and_a_full_disk_loses_nothing_that_waits() -> None:
    async def scenario() -> None:
        disk = FullDisk()
        log = QueuedLog[DecisionRecord](disk, DECISIONS, capacity=3)  # type: ignore[arg-type]  # rows as a list
        for number in range(5):
            log.put(record(number))
        assert (len(log), log.dropped) == (3, 2)
        with pytest.raises(Overloaded):
            await log.flush()
        assert len(log) == 3
        disk.full = False
        await log.flush()
        assert (len(log), disk.rows) == (0, 3)

    asyncio.run(scenario())


def test_answers_go_on_while_many_decisions_are_written() -> None:
    async def scenario() -> int:
        disk, turns = FullDisk(), 0
        disk.full = False
        log = QueuedLog[DecisionRecord](disk, DECISIONS)  # type: ignore[arg-type]  # rows as a list
        for number in range(1_000):
            log.put(record(number))
        flush = asyncio.ensure_future(log.flush())
        while not flush.done():
            turns += 1
            await asyncio.sleep(0)
        assert disk.rows == 1_000
        return turns

    assert asyncio.run(scenario()) >= 1_000 / 50
