"""Model calls run in threads; a stuck one costs its caller the deadline and nobody else anything."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from shopkeeper.serving.workers import DeadlineMissed, Workers


def test_a_call_returns_what_it_returns_and_raises_what_it_raises() -> None:
    async def scenario() -> None:
        workers = Workers(1)
        assert await workers.run(str, 7, 1.0) == "7"
        with pytest.raises(ValueError, match="invalid literal"):
            await workers.run(int, "seven", 1.0)
        workers.close()

    asyncio.run(scenario())


def test_stuck_calls_cost_their_deadline_and_later_calls_go_on() -> None:
    release = threading.Event()

    async def scenario() -> None:
        workers = Workers(threads=2, spares=3)
        for _ in range(4):  # more than the threads there were
            with pytest.raises(DeadlineMissed):
                await workers.run(release.wait, 5.0, 0.01)
        assert await workers.run(str, 1, 1.0) == "1"
        release.set()
        workers.close()

    started = time.monotonic()
    asyncio.run(scenario())
    assert time.monotonic() - started < 1.0, "closing waits for nobody who is stuck"


def test_a_call_that_waited_past_its_deadline_is_never_made() -> None:
    release = threading.Event()
    made: list[int] = []

    async def scenario() -> None:
        workers = Workers(threads=1, spares=0)
        stuck = asyncio.create_task(workers.run(release.wait, 5.0, 2.0))
        await asyncio.sleep(0)
        with pytest.raises(DeadlineMissed, match="No thread was free") as missed:
            await workers.run(made.append, 1, 0.01)
        assert not missed.value.ran
        release.set()
        assert await stuck
        assert await workers.run(str, 2, 1.0) == "2"
        workers.close()

    asyncio.run(scenario())
    assert made == []


def test_a_call_that_was_done_in_time_counts_though_the_loop_came_late() -> None:
    called = threading.Event()

    async def scenario() -> None:
        workers = Workers(1)
        answer = asyncio.create_task(workers.run(lambda _: called.set(), None, 0.01))
        await asyncio.sleep(0)
        assert called.wait(5)
        time.sleep(0.2)
        await answer
        workers.close()

    asyncio.run(scenario())


def test_a_call_that_mostly_waited_for_a_thread_is_not_blamed() -> None:
    first, second = threading.Event(), threading.Event()

    async def scenario() -> None:
        workers = Workers(threads=1, spares=0)
        stuck = asyncio.create_task(workers.run(first.wait, 5.0, 3.0))
        behind = asyncio.create_task(workers.run(second.wait, 5.0, 1.0))
        await asyncio.sleep(0.9)
        first.set()
        with pytest.raises(DeadlineMissed) as missed:
            await behind
        assert not missed.value.ran
        second.set()
        assert await stuck
        workers.close()

    asyncio.run(scenario())


def test_threads_that_were_replaced_give_their_place_back() -> None:
    """Were they not given back, the second round would find no thread for the call behind the stuck one."""

    async def scenario() -> None:
        workers = Workers(threads=1, spares=1)
        for _ in range(3):
            release = threading.Event()
            with pytest.raises(DeadlineMissed):
                await workers.run(release.wait, 5.0, 0.005)
            assert await workers.run(str, 1, 1.0) == "1"
            release.set()
            async with asyncio.timeout(5):
                while workers.spares == 0:
                    await asyncio.sleep(0.001)
        workers.close()

    asyncio.run(scenario())
