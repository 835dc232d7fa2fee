"""A few threads in which models answer, so that a stuck model holds a thread and never the server."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from time import monotonic
from typing import Any, Final, Literal, TypeVar

from shopkeeper.errors import Unavailable

ArgumentT = TypeVar("ArgumentT")
ResultT = TypeVar("ResultT")
_RAN_SHARE: Final = 0.5
"""Part of its deadline that a call must have run to be blamed for missing it."""


class DeadlineMissed(Unavailable):
    """A call took longer than it was given.

    Attributes:
        ran: The call itself ran over; False where it mostly waited for a thread, which says nothing against the model.
    """

    def __init__(self, deadline_seconds: float, *, ran: bool) -> None:
        what = "The model did not answer" if ran else "No thread was free"
        super().__init__(f"{what} within {deadline_seconds * 1000:g} ms.", "The rules answer instead.")
        self.ran = ran


@dataclass(slots=True, eq=False)
class _Job:
    call: Callable[[Any], Any]
    argument: Any
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    state: Literal["waiting", "running", "dropped", "replaced", "done"] = "waiting"
    begun: float = math.inf
    """When a thread took it."""


class Workers:
    """Runs calls in `threads` daemon threads; the standard pool would hold the process at exit for a stuck call.

    A call that misses its deadline while it runs has its thread replaced by a fresh one, up to `spares` at a time; the
    old thread ends when the call does.
    """

    def __init__(self, threads: int = 2, spares: int = 6) -> None:
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._spares = spares
        self._threads = threads
        for _ in range(threads):
            self._start_thread()

    async def run(self, call: Callable[[ArgumentT], ResultT], argument: ArgumentT, deadline_seconds: float) -> ResultT:
        """Return `call(argument)`, or raise what it raises.

        Raises:
            DeadlineMissed: it took longer; a call that still waits is dropped, one that runs is left to itself.
        """
        loop = asyncio.get_running_loop()
        job = _Job(call, argument, loop, loop.create_future())
        timer = loop.call_later(deadline_seconds, self._overrun, job, deadline_seconds)
        self._queue.put(job)
        try:
            return await job.future  # type: ignore[no-any-return]
        finally:
            timer.cancel()

    @property
    def spares(self) -> int:
        """How many stuck threads could be replaced now."""
        return self._spares

    def close(self) -> None:
        """Let idle threads end; a stuck one ends with the process."""
        for _ in range(self._threads):
            self._queue.put(None)

    def _overrun(self, job: _Job, deadline_seconds: float) -> None:
        with self._lock:
            if job.state == "done":  # in time: it was this loop that came late, and finds the answer next
                return
            ran = monotonic() - job.begun > deadline_seconds * _RAN_SHARE
            if job.state == "waiting":
                job.state = "dropped"
            elif self._spares > 0:
                job.state = "replaced"
                self._spares -= 1
                self._start_thread()
        if not job.future.done():
            job.future.set_exception(DeadlineMissed(deadline_seconds, ran=ran))

    def _start_thread(self) -> None:
        threading.Thread(target=self._work, name="model", daemon=True).start()

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            if not self._begin(job):
                continue
            result: Any = None
            error: Exception | None = None
            try:
                result = job.call(job.argument)
            except Exception as raised:  # noqa: BLE001 - whatever a model raises is for serving.decide to judge
                error = raised
            replaced = self._end(job)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                job.loop.call_soon_threadsafe(_settle, job.future, result, error)
            if replaced:
                return

    def _begin(self, job: _Job) -> bool:
        with self._lock:
            if job.state == "dropped":
                return False
            job.state = "running"
            job.begun = monotonic()
            return True

    def _end(self, job: _Job) -> bool:
        """Note that a call is over; say whether its thread was replaced meanwhile."""
        with self._lock:
            replaced = job.state == "replaced"
            job.state = "done"
            self._spares += replaced
            return replaced


def _settle(future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:  # noqa: ANN401 - of any call
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
