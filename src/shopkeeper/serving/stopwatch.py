"""How long a call held up its thread, told apart from how long the machine let the thread wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from functools import partial
from resource import RUSAGE_THREAD, getrusage
from time import perf_counter, process_time, thread_time
from types import coroutine
from typing import Any

Stopwatch = Callable[[], Callable[[], float]]
"""Starts a watch; what it gives back returns the seconds since."""


def own_time() -> Callable[[], float]:
    """Start a watch in this thread; it tells the call's own seconds.

    A call that waited by its own doing (for a disk, a lock, a socket) took all the time that went by, less what other
    threads of this process worked meanwhile: only one of them runs Python at a time, so the call may have waited for
    them, and is charged with its own processor time at least. One that did not wait took its processor time: where
    other processes had the core, that says nothing of the call.
    """
    waits = getrusage(RUSAGE_THREAD).ru_nvcsw
    begun, together, worked = perf_counter(), process_time(), thread_time()

    def took() -> float:
        own = thread_time() - worked
        if getrusage(RUSAGE_THREAD).ru_nvcsw == waits:
            return own
        others = process_time() - together - own
        return max(own, perf_counter() - begun - others)

    return took


@coroutine
def steps(work: Awaitable[None], clock: Callable[[], float] = thread_time) -> Generator[Any, Any, float]:
    """Do some work of an event loop; return the seconds of its own steps, what the loop did between them left out.

    Args:
        clock: Processor seconds of the thread that runs the loop.

    Raises:
        BaseException: what the work raises.
    """
    running = work.__await__()
    step = partial(next, running)
    seconds = 0.0
    while True:
        begun = clock()
        try:
            waits_for = step()
        except StopIteration:
            return seconds + clock() - begun
        seconds += clock() - begun
        try:
            yield waits_for
            step = partial(next, running)
        except BaseException as error:  # noqa: BLE001 - the loop gives the work up: that is for the work to hear
            step = partial(running.throw, error)
