"""A call is charged with what it did and what it waited for, not with what others did."""

from __future__ import annotations

import asyncio
import threading
from time import perf_counter, sleep, thread_time

import pytest

from shopkeeper.serving.stopwatch import own_time, steps


class Clock:
    """Shows the seconds that the test let go by."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_call_that_waits_took_the_time_it_waited() -> None:
    took = own_time()
    sleep(0.05)
    assert took() >= 0.025


def test_a_call_is_not_charged_with_what_other_threads_did_while_it_waited_for_them() -> None:
    worked: list[float] = []

    def work() -> None:
        begun = thread_time()
        sum(range(2_000_000))
        worked.append(thread_time() - begun)

    other = threading.Thread(target=work)
    begun, took = perf_counter(), own_time()
    other.start()
    other.join()
    own = took()
    assert own <= perf_counter() - begun - worked[0] + 0.001


def test_a_call_that_works_took_some_time() -> None:
    took = own_time()
    assert sum(range(10_000)) == 10_000 * 9_999 // 2
    assert took() > 0


def test_of_work_on_a_loop_its_own_steps_count_and_not_what_the_loop_did_between_them() -> None:
    clock = Clock()

    async def answer(model: asyncio.Future[None]) -> None:
        clock.seconds += 1.0
        await model
        clock.seconds += 2.0

    async def asked() -> float:
        model = asyncio.get_running_loop().create_future()
        answering = asyncio.ensure_future(steps(answer(model), clock))
        await asyncio.sleep(0)
        clock.seconds += 50.0  # the model
        model.set_result(None)
        return await answering

    assert asyncio.run(asked()) == 1.0 + 2.0


def test_work_that_is_given_up_hears_of_it_and_what_it_raises_is_raised() -> None:
    heard: list[str] = []

    async def answer(wait: asyncio.Future[None]) -> None:
        try:
            await wait
        except asyncio.CancelledError:
            heard.append("given up")
            raise

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("as asked")

    async def asked() -> None:
        answering = asyncio.ensure_future(steps(answer(asyncio.get_running_loop().create_future())))
        await asyncio.sleep(0)
        answering.cancel()
        await asyncio.wait({answering})
        assert answering.cancelled()
        with pytest.raises(ValueError, match="as asked"):
            await steps(fails())

    asyncio.run(asked())
    assert heard == ["given up"]
