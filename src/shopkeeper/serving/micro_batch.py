"""Requests of one turn of the event loop, answered by one call of the model: no timer, nobody waits for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Final, Generic, TypeVar

from shopkeeper.serving.ports import DecisionRequest, DecisionSystem
from shopkeeper.serving.stopwatch import Stopwatch
from shopkeeper.serving.workers import DeadlineMissed

RequestT = TypeVar("RequestT", bound=DecisionRequest)
AnswerT = TypeVar("AnswerT")
MOST: Final = 32
"""Requests in one call."""
TURN_SECONDS: Final = 0.02
"""How long one call may hold up the event loop: among 32 an answer costs four fifths of one among 8."""


def at_once(each: float, most: int) -> int:
    """Return how many requests one call may have: as many as take `TURN_SECONDS`, 1 at least and `most` at most.

    Args:
        each: Seconds that one answer took in the last call; 0 = nothing was asked yet.
    """
    return most if each <= 0 else max(1, min(most, int(TURN_SECONDS / each)))


class MicroBatch(Generic[RequestT, AnswerT]):
    """Gathers requests until the loop has turned once, then asks the model for all. Used from one event loop.

    As many are asked at once as took `TURN_SECONDS` by the last call, so that the loop never stands still for long.

    Args:
        wait_seconds: How long a request may wait for its turn.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        system: DecisionSystem[RequestT, AnswerT],
        stopwatch: Stopwatch,
        wait_seconds: float,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._system = system
        self._stopwatch = stopwatch
        self._wait_seconds = wait_seconds
        self._clock = clock
        self._waiting: list[tuple[RequestT, asyncio.Future[tuple[AnswerT, float]]]] = []
        self._since: deque[float] = deque()
        """When each of those waiting came."""
        self._each = 0.0
        """Seconds that one answer took in the last call."""

    async def ask(self, request: RequestT) -> tuple[AnswerT, float]:
        """Return the model's answer and its share of the seconds of the call; raise what the model raises for it.

        Raises:
            DeadlineMissed: others were before it for too long; the model was not asked.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[AnswerT, float]] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._flush, loop)
        self._waiting.append((request, future))
        self._since.append(self._clock())
        return await future

    def _flush(self, loop: asyncio.AbstractEventLoop) -> None:
        self._leave_out_late()
        most = at_once(self._each, MOST)
        batch, self._waiting = self._waiting[:most], self._waiting[most:]
        for _ in batch:
            self._since.popleft()
        if self._waiting:
            loop.call_soon(self._flush, loop)
        if len(batch) > 1:
            took = self._stopwatch()
            try:
                answers = self._system.answers([request for request, _ in batch])
            except Exception:  # noqa: BLE001 - one of them fails: each is asked alone, and only that one fails
                self._alone(batch)
                return
            self._each = took() / len(batch)
            self._tell(batch, answers)
        else:
            self._alone(batch)

    def _leave_out_late(self) -> None:
        """Tell those who waited for too long, who are the first in the line, that the model will not answer."""
        longest, late = self._clock() - self._wait_seconds, 0
        while self._since and self._since[0] < longest:
            self._since.popleft()
            late += 1
        for _, future in self._waiting[:late]:
            if not future.done():
                future.set_exception(DeadlineMissed(self._wait_seconds, ran=False))
        del self._waiting[:late]

    def _tell(
        self, batch: Sequence[tuple[RequestT, asyncio.Future[tuple[AnswerT, float]]]], answers: Sequence[AnswerT]
    ) -> None:
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():  # who asked is gone
                future.set_result((answer, self._each))

    def _alone(self, batch: Sequence[tuple[RequestT, asyncio.Future[tuple[AnswerT, float]]]]) -> None:
        for request, future in batch:
            if future.done():
                continue
            took = self._stopwatch()
            try:
                answer = self._system.answer(request)
            except Exception as error:  # noqa: BLE001 - whatever a model raises is for serving.decide to judge
                future.set_exception(error)
                continue
            self._each = took()
            future.set_result((answer, self._each))
