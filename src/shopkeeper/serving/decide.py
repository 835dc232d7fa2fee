"""The way of every decision: arm, cache, breaker, model within its deadline, fallback, decision log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

import structlog

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.serving.arms import Arms
from shopkeeper.serving.breaker import Breaker
from shopkeeper.serving.cache import AnswerCache
from shopkeeper.serving.ports import DecisionLog, DecisionRequest, DecisionSystem
from shopkeeper.serving.telemetry import Telemetry
from shopkeeper.serving.workers import DeadlineMissed, Workers

RequestT = TypeVar("RequestT", bound=DecisionRequest)
AnswerT = TypeVar("AnswerT")
_MODEL_TRIES = 2
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Decision(Generic[AnswerT]):
    """One answer and how it came about.

    Attributes:
        model: Version that gave the answer; None = the rules did.
        variant: Arm that answered.
        fallback: Why the model did not answer: `no_model`, `deadline`, `error`, `breaker_open`, `changed` (shelf or
            model changed under each try), or `stale` (after one of these, the model's last good answer stood in).
        took_ms: Time in the server, milliseconds.
    """

    decision_id: str
    answer: AnswerT
    model: str | None
    variant: str
    fallback: str | None
    cached: bool
    took_ms: float


@dataclass(frozen=True, slots=True)
class _Found(Generic[AnswerT]):
    """An answer before it is logged; without one, `reason` says why the model gave none."""

    answer: AnswerT | None
    model: str | None = None
    reason: str | None = None
    cached: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a decider stands on.

    Attributes:
        seconds: Seconds that never go back, such as `time.perf_counter`.
        now: Time of day, UTC.
        new_id: Source of decision ids, unique for ever.
    """

    arms: Arms
    workers: Workers
    log: DecisionLog
    telemetry: Telemetry
    seconds: Callable[[], float]
    now: Callable[[], datetime]
    new_id: Callable[[], str]


class Decider(Generic[RequestT, AnswerT]):
    """Decides for one system. Used from one event loop; the model alone runs in other threads.

    Args:
        deadline_seconds: How long the model may take before the rules answer.
    """

    def __init__(
        self,
        system: DecisionSystem[RequestT, AnswerT],
        cache: AnswerCache[AnswerT],
        breaker: Breaker,
        around: Surroundings,
        deadline_seconds: float,
    ) -> None:
        self.system = system
        self.cache = cache
        self.breaker = breaker
        self._around = around
        self._deadline = deadline_seconds
        self._flights: dict[Hashable, asyncio.Future[_Found[AnswerT]]] = {}

    async def decide(self, request: RequestT) -> Decision[AnswerT]:
        """Answer a request; whatever the model or its cache does, an answer comes.

        Between the last look at the shelf (`still_holds`, or the rules reading it) and the return there is no await, so
        an answer never shows what was withdrawn before it.
        """
        around = self._around
        started = around.seconds()
        variant = around.arms.arm(self.system.name, request.store, request.unit)
        try:
            found = await self._find(request, variant)
        except Exception as error:  # noqa: BLE001 - the model's own cache_key or still_holds failed: the rules still answer
            _log.exception("decision_failed", system=self.system.name, error=repr(error))
            self._note_failure("error")
            found = _Found(None, reason="error")
        answer = self.system.fallback(request) if found.answer is None else found.answer
        took_ms = (around.seconds() - started) * 1000
        decision = Decision(around.new_id(), answer, found.model, variant, found.reason, found.cached, took_ms)
        around.log.put(self._record(request, decision))
        around.telemetry.observe(took_ms, found.reason, found.cached, self.system.name, variant)
        return decision

    def key(self, request: RequestT) -> Hashable | None:
        """Return the key under which the answer to a request is kept, arm included; None = it is not kept."""
        own = self.system.cache_key(request) if self.system.version is not None else None
        return None if own is None else (self._around.arms.arm(self.system.name, request.store, request.unit), own)

    def prime(self, request: RequestT, answer: AnswerT, model: str, seconds: float) -> None:
        """Keep an answer that another process's model gave to the same request, for some seconds."""
        key = self.key(request)
        if key is not None and self.cache.fresh(key) is None:
            self.cache.put_for(key, answer, model, seconds)

    async def _find(self, request: RequestT, variant: str) -> _Found[AnswerT]:
        """Return the model's answer from cache or anew; else its last good one; else none, with the reason."""
        for _ in range(_MODEL_TRIES):
            version = self.system.version
            if version is None:
                return _Found(None, reason="no_model")
            own_key = self.system.cache_key(request)
            key = None if own_key is None else (variant, own_key)
            kept = self.cache.fresh(key) if key is not None else None
            if kept is not None and self.system.still_holds(request, kept.answer):
                return _Found(kept.answer, kept.model, cached=True)
            found = await self._one_flight(key, request, version)
            if found.answer is None:
                last = self.cache.last(key) if key is not None else None
                if last is not None and self.system.still_holds(request, last.answer):
                    return _Found(last.answer, last.model, "stale", cached=True)
                return found
            # The shelf may have changed while the model worked, or another version may have taken over.
            if self.system.version == version and self.system.still_holds(request, found.answer):
                return found
        return _Found(None, reason="changed")

    async def _one_flight(self, key: Hashable | None, request: RequestT, version: str) -> _Found[AnswerT]:
        """Let requests with one key share one call of the model."""
        if key is None:
            return await self._ask_model(None, request, version)
        flight = self._flights.get(key)
        if flight is not None:
            return await asyncio.shield(flight)
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        found: _Found[AnswerT] = _Found(None, reason="error")
        try:
            found = await self._ask_model(key, request, version)
            return found
        finally:
            del self._flights[key]
            flight.set_result(found)

    async def _ask_model(self, key: Hashable | None, request: RequestT, version: str) -> _Found[AnswerT]:
        if not self.breaker.allow():
            return self._failed("breaker_open")
        try:
            answer = await self._around.workers.run(self.system.answer, request, self._deadline)
        except DeadlineMissed as missed:
            if missed.ran:  # a call that only waited for a thread is load, not a fault of the model
                self.breaker.failed()
            return self._failed("deadline")
        except Exception as error:  # noqa: BLE001 - whatever the model raises, the rules answer
            _log.exception("model_failed", system=self.system.name, model=version, error=repr(error))
            self.breaker.failed()
            return self._failed("error")
        self.breaker.succeeded()
        if key is not None and self.system.version == version:
            self.cache.put(key, answer, version)
        return _Found(answer, version)

    def _failed(self, reason: str) -> _Found[AnswerT]:
        self._note_failure(reason)
        return _Found(None, reason=reason)

    def _note_failure(self, reason: str) -> None:
        self._around.telemetry.model_failures[self.system.name, reason] += 1

    def _record(self, request: RequestT, decision: Decision[AnswerT]) -> DecisionRecord:
        """Return what is kept of a decision; of a shopper who is not measured, nothing that leads to them."""
        results, answer = self.system.record(decision.answer)
        measured = request.measured
        return DecisionRecord(
            decision_id=decision.decision_id,
            ts=self._around.now(),
            store=request.store,
            system=self.system.name,
            unit=request.unit if measured else None,
            session=request.session if measured else None,
            surface=request.surface,
            variant=decision.variant,
            model=decision.model,
            fallback=decision.fallback,
            answer=dict(answer) if measured else {},
            results=results,
            cached=decision.cached,
            took_ms=round(decision.took_ms, 3),
        )
