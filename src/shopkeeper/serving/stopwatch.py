"""How long a call held up its thread, told apart from how long the machine let the thread wait."""

from __future__ import annotations

from collections.abc import Callable
from resource import RUSAGE_THREAD, getrusage
from time import perf_counter, thread_time

Stopwatch = Callable[[], Callable[[], float]]
"""Starts a watch; what it gives back returns the seconds since."""


def own_time() -> Callable[[], float]:
    """Start a watch in this thread; it tells the call's own seconds.

    A call that waited by its own doing (for a disk, a lock, a socket) took all the time that went by. One that did not
    took its processor time: where other processes had the core meanwhile, that says nothing of the call.
    """
    begun, worked, waits = perf_counter(), thread_time(), getrusage(RUSAGE_THREAD).ru_nvcsw

    def took() -> float:
        waited = getrusage(RUSAGE_THREAD).ru_nvcsw > waits
        return perf_counter() - begun if waited else thread_time() - worked

    return took
