"""How a model is asked: once for requests that are alike, within its deadline, and not at all while it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from time import thread_time
from typing import Generic, TypeVar

import structlog
from msgspec import Struct

from shopkeeper.serving.cache import AnswerCache
from shopkeeper.serving.lineup import Line
from shopkeeper.serving.ports import DecisionRequest
from shopkeeper.serving.telemetry import Telemetry
from shopkeeper.serving.workers import DeadlineMissed, Workers

RequestT = TypeVar("RequestT", bound=DecisionRequest)
AnswerT = TypeVar("AnswerT")
_log = structlog.get_logger(__name__)


class Found(Struct, Generic[AnswerT], frozen=True, gc=False):
    """An answer before it is logged; without one the rules answer, and `reason` says why the model gave none.

    Attributes:
        shown: The answer as it is shown, after chance had its part in it.
    """

    answer: AnswerT | None
    model: str | None = None
    reason: str | None = None
    cached: bool = False
    shown: AnswerT | None = None


class Keys(Struct, frozen=True, gc=False):
    """Under what the answer to a request is kept.

    Attributes:
        own: All that it depends on; None = it is not kept.
        last: What was asked and by whom; None = it never stands in for a later one.
    """

    own: Hashable | None
    last: Hashable | None


class Asking(Generic[RequestT, AnswerT]):
    """Asks the models of one system, and keeps what they answer. Used from one event loop.

    Args:
        system: Its name.
        deadline_seconds: How long a model may take.
    """

    def __init__(
        self,
        system: str,
        cache: AnswerCache[AnswerT],
        workers: Workers,
        telemetry: Telemetry,
        deadline_seconds: float,
    ) -> None:
        self._system = system
        self._cache = cache
        self._workers = workers
        self._telemetry = telemetry
        self._deadline = deadline_seconds
        self._flights: dict[Hashable, asyncio.Future[Found[AnswerT]]] = {}

    async def ask(self, keys: Keys, request: RequestT, line: Line[RequestT, AnswerT], version: str) -> Found[AnswerT]:
        """Return what a line's model answers, or why it does not; requests with one key share one call of it."""
        if keys.own is None:
            return await self._ask_model(keys, request, line, version)
        flight = self._flights.get(keys.own)
        if flight is not None:
            return await asyncio.shield(flight)
        flight = self._flights[keys.own] = asyncio.get_running_loop().create_future()
        found: Found[AnswerT] = Found(None, reason="error")
        try:
            found = await self._ask_model(keys, request, line, version)
            return found
        finally:
            del self._flights[keys.own]
            flight.set_result(found)

    async def _ask_model(
        self, keys: Keys, request: RequestT, line: Line[RequestT, AnswerT], version: str
    ) -> Found[AnswerT]:
        system, breaker = line.system, line.breaker
        if not breaker.allow():
            return self.failed("breaker_open")
        on_loop = line.pace.on_loop()
        try:
            answer, took = await (line.batch.ask(request) if on_loop else self._in_thread(line, request))
        except DeadlineMissed as missed:
            if missed.ran:  # a call that only waited for a thread is load, not a fault of the model
                breaker.failed()
            return self.failed("deadline")
        except Exception as error:  # noqa: BLE001 - whatever the model raises, the rules answer
            _log.exception("model_failed", system=system.name, model=version, error=repr(error))
            breaker.failed()
            return self.failed("error")
        line.pace.took(took, on_loop=on_loop)
        if took > self._deadline:  # on the loop nothing could cut it short; the answer is there, so it is given
            line.pace.reset()
            breaker.failed()
        else:
            breaker.succeeded()
        if keys.own is not None and system.version == version:
            self._cache.put(keys.own, answer, version, keys.last)
        return Found(answer, version)

    async def _in_thread(self, line: Line[RequestT, AnswerT], request: RequestT) -> tuple[AnswerT, float]:
        """Return the answer and the processor time it took: threads that wait for each other say nothing of a model."""

        def timed(asked: RequestT) -> tuple[AnswerT, float]:
            begun = thread_time()
            return line.system.answer(asked), thread_time() - begun

        return await self._workers.run(timed, request, self._deadline)

    def failed(self, reason: str) -> Found[AnswerT]:
        """Return that a model did not answer, and count it."""
        self._telemetry.model_failures[self._system, reason] += 1
        return Found(None, reason=reason)
