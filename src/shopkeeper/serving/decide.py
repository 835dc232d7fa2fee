"""The way of every decision: arm, cache, breaker, model within its deadline, fallback, decision log."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import structlog
from msgspec import Struct

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.experiments.live_assignment import RULES, UNASSIGNED, Assigned
from shopkeeper.serving.arms import Arms
from shopkeeper.serving.asking import Asking, Found, Keys
from shopkeeper.serving.breaker import Breaker
from shopkeeper.serving.cache import AnswerCache, KeptAnswer
from shopkeeper.serving.lineup import Line, Lineup, Page
from shopkeeper.serving.ports import DecisionLog, DecisionRequest
from shopkeeper.serving.shadow import Shadows, Shown
from shopkeeper.serving.telemetry import Telemetry
from shopkeeper.serving.workers import Workers

RequestT = TypeVar("RequestT", bound=DecisionRequest)
AnswerT = TypeVar("AnswerT")
ShownT = TypeVar("ShownT")
UNANSWERED = "unanswered"
"""Why nothing was answered: not even the rules could."""
_MODEL_TRIES = 2
_ARM_TRIES = 2
_log = structlog.get_logger(__name__)


class Decision(Struct, Generic[AnswerT], frozen=True, gc=False):
    """One answer and how it came about.

    Attributes:
        answer: What is shown.
        made: What the model answered, before chance had its part in it; None = the rules answered.
        model: Version that gave the answer; None = the rules did.
        variant: Arm that answered.
        fallback: Why the model did not answer: `no_model`, `not_opened` (the arm's version cannot be), `deadline`,
            `error`, `breaker_open`, `changed` (shelf, model or arm changed under each try), `stopped` (by order), or
            `stale` (after one of these, the model's last good answer stood in). None for an arm of the rules.
        took_ms: Time in the server, milliseconds.
        test, epoch: Test the decision is of, and its allocation; None = of none.
    """

    decision_id: str
    answer: AnswerT
    model: str | None
    variant: str
    fallback: str | None
    cached: bool
    took_ms: float
    test: str | None = None
    epoch: int = 0
    made: AnswerT | None = None


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
    """Decides for one system. Used from one event loop; a model that is not quick runs in other threads, see `Pace`.

    Args:
        lineup: The forms of the system that arms are answered by.
        shadows: Computes what is not shown; None = nothing is.
        deadline_seconds: How long the model may take before the rules answer.
    """

    def __init__(
        self,
        lineup: Lineup[RequestT, AnswerT],
        cache: AnswerCache[AnswerT],
        around: Surroundings,
        deadline_seconds: float,
        shadows: Shadows[RequestT, AnswerT] | None = None,
    ) -> None:
        self.system = lineup.champion.system
        self.cache = cache
        self.lineup = lineup
        self.shadows = shadows
        self._around = around
        self._asking: Asking[RequestT, AnswerT] = Asking(
            self.system.name, cache, around.workers, around.telemetry, deadline_seconds
        )

    async def decide(self, request: RequestT, page: Page[RequestT, AnswerT] | None = None) -> Decision[AnswerT]:
        """Answer a request; whatever the model or its cache does, an answer comes.

        Should even the rules fail, that is kept as a decision of the arm (`unanswered`), for its error rate.

        Between the last look at the shelf (`still_holds`, or the rules reading it) and the return there is no await, so
        an answer never shows what was withdrawn before it.

        Args:
            page: Page the request is a list of: arm, model and rules of its first list answer all of them. An order to
                stop holds within a page too.
        """
        started, decision_id = self._around.seconds(), self._around.new_id()
        assigned, found = await self._answer(request, decision_id, page)
        return self._told(request, decision_id, assigned, found, started)

    def kept(self, request: RequestT) -> Decision[AnswerT] | None:
        """Return what `decide` would from the cache, without waiting; None where it would ask the model or the rules.

        Then nothing is logged or counted, and whatever failed is for `decide` to say.
        """
        started = self._around.seconds()
        assigned = self.arm(request)
        line = None if self._stopped(request) or assigned.version == RULES else self.lineup.line(assigned)
        if line is None or line.system.version is None:
            return None
        try:
            kept = self._fresh(_key(line, assigned, request), request, line)
            if kept is None:
                return None
            decision_id = self._around.new_id()
            shown = line.system.draw(request, kept.answer, decision_id)
        except Exception:  # noqa: BLE001 - the model's own cache_key, still_holds or draw failed: `decide` meets it again
            return None
        found = Found(kept.answer, kept.model, cached=True, shown=shown)
        return self._told(request, decision_id, assigned, found, started)

    def _told(
        self, request: RequestT, decision_id: str, assigned: Assigned, found: Found[AnswerT], started: float
    ) -> Decision[AnswerT]:
        """Return a decision that is logged and counted; the rules answer where nothing was found."""
        around, name = self._around, self.system.name
        if assigned.test is not None:
            around.arms.keep(request.names, assigned)
        try:
            answer = self.system.fallback(request) if found.shown is None else found.shown
        except Exception:
            nothing = self._decision(decision_id, None, Found(None, reason=UNANSWERED), assigned, started)
            around.log.put(self._record(request, nothing, 0, {}))
            raise
        decision = self._decision(decision_id, answer, found, assigned, started)
        took_ms = decision.took_ms
        record = self._record(request, decision, *self.system.record(answer))
        around.log.put(record)
        around.telemetry.observe(took_ms, found.reason, found.cached, name, assigned.variant)
        if self.shadows is not None and (tests := around.arms.shadows(name, request.store)):
            self.shadows.look(tests, Shown(request, decision.decision_id, record.ts, answer))
        return decision

    @property
    def breaker(self) -> Breaker:
        """The breaker of the champion."""
        return self.lineup.champion.breaker

    def key(self, request: RequestT, page: Page[RequestT, AnswerT] | None = None) -> Hashable | None:
        """Return the key under which the answer to a request is kept, arm included; None = it is not kept."""
        assigned = self.arm(request, page)
        line = None if self._stopped(request) or assigned.version == RULES else self._line(assigned, page)
        return None if line is None or line.system.version is None else _key(line, assigned, request)

    def prime(
        self,
        request: RequestT,
        answer: AnswerT,
        model: str,
        seconds: float,
        page: Page[RequestT, AnswerT] | None = None,
    ) -> None:
        """Keep an answer that another process's model gave to the same request, for some seconds."""
        assigned, key = self.arm(request, page), self.key(request, page)
        line = self._line(assigned, page)
        if line is None or key is None or line.system.version != model:  # of a version that was replaced meanwhile
            return
        if self.cache.fresh(key) is None:
            self.cache.put_for(key, answer, model, seconds, _last_key(line, assigned, request))

    def arm(self, request: RequestT, page: Page[RequestT, AnswerT] | None = None) -> Assigned:
        """Return the arm that answers a request."""
        if page is not None and page.arm is not None:
            return page.arm
        return self._around.arms.assign(self.system.name, request.store, request.names)

    def _line(self, assigned: Assigned, page: Page[RequestT, AnswerT] | None) -> Line[RequestT, AnswerT] | None:
        """Return what answers an arm; for a page, as it was when its first list was answered."""
        if page is None:
            return self.lineup.line(assigned)
        return self.lineup.line_now(assigned) if page.arm is None else page.line

    def _stopped(self, request: RequestT) -> bool:
        return self._around.arms.stopped(self.system.name, request.store)

    async def _answer(
        self, request: RequestT, decision_id: str, page: Page[RequestT, AnswerT] | None
    ) -> tuple[Assigned, Found[AnswerT]]:
        """Return an arm and its answer; one that was taken back or stopped while its model worked answers no more."""
        arms = self._around.arms
        for _ in range(_ARM_TRIES):
            if self._stopped(request):
                return UNASSIGNED, Found(None, reason="stopped")
            turn, assigned = arms.turn, self.arm(request, page)
            line = None if assigned.version == RULES else self._line(assigned, page)
            found = await self._by_arm(request, assigned, line, decision_id)
            if arms.turn == turn or (not self._stopped(request) and self.arm(request, page) == assigned):
                if page is not None:
                    page.arm, page.line = assigned, line
                return assigned, found
        return UNASSIGNED, Found(None, reason="changed")

    async def _by_arm(
        self, request: RequestT, assigned: Assigned, line: Line[RequestT, AnswerT] | None, decision_id: str
    ) -> Found[AnswerT]:
        if assigned.version == RULES:
            return Found(None)
        if line is None:
            return self._asking.failed("not_opened")
        try:
            found = await self._find(request, assigned, line)
            if found.answer is None:
                return found
            shown = line.system.draw(request, found.answer, decision_id)
            return Found(found.answer, found.model, found.reason, found.cached, shown)
        except Exception as error:  # noqa: BLE001 - the model's own cache_key, still_holds or draw failed: the rules answer
            _log.exception("decision_failed", system=self.system.name, error=repr(error))
            return self._asking.failed("error")

    async def _find(self, request: RequestT, assigned: Assigned, line: Line[RequestT, AnswerT]) -> Found[AnswerT]:
        """Return the model's answer from cache or anew; else its last good one; else none, with the reason."""
        system = line.system
        for _ in range(_MODEL_TRIES):
            version = system.version
            if version is None:
                return Found(None, reason="no_model")
            key = _key(line, assigned, request)
            kept = self._fresh(key, request, line)
            if kept is not None:
                return Found(kept.answer, kept.model, cached=True)
            keys = Keys(key, None if key is None else _last_key(line, assigned, request))
            found = await self._asking.ask(keys, request, line, version)
            if found.answer is None:
                return self._last_good(keys, request, line) or found
            # The shelf may have changed while the model worked, or another version may have taken over.
            if system.version == version and system.still_holds(request, found.answer):
                return found
        return Found(None, reason="changed")

    def _last_good(self, keys: Keys, request: RequestT, line: Line[RequestT, AnswerT]) -> Found[AnswerT] | None:
        """Return the version's last answer to the same shopper and page, with what has to change in it since."""
        last = self.cache.last(keys.last) if keys.last is not None else None
        if last is None:
            return None
        return Found(line.system.renewed(request, last.answer), last.model, "stale", cached=True)

    def _fresh(
        self, key: Hashable | None, request: RequestT, line: Line[RequestT, AnswerT]
    ) -> KeptAnswer[AnswerT] | None:
        """Return an answer from the cache that may be shown now."""
        kept = self.cache.fresh(key) if key is not None else None
        return kept if kept is not None and line.system.still_holds(request, kept.answer) else None

    def _decision(
        self, decision_id: str, answer: ShownT, found: Found[ShownT], assigned: Assigned, started: float
    ) -> Decision[ShownT]:
        took_ms = (self._around.seconds() - started) * 1000
        return Decision(
            decision_id, answer, found.model, assigned.variant, found.reason, found.cached, took_ms,
            assigned.counted_test, assigned.epoch if assigned.counted else 0, found.answer,
        )  # fmt: skip

    def _record(
        self, request: RequestT, decision: Decision[ShownT], results: int, answer: Mapping[str, Any]
    ) -> DecisionRecord:
        """Return what is kept of a decision; of a shopper who is not measured, nothing that leads to them."""
        measured = request.measured
        return DecisionRecord(
            decision_id=decision.decision_id,
            ts=self._around.now(),
            store=request.store,
            system=self.system.name,
            unit=request.unit if measured else None,
            session=request.session if measured else None,
            surface=request.surface,
            test=decision.test,
            epoch=decision.epoch,
            variant=decision.variant,
            model=decision.model,
            fallback=decision.fallback,
            answer=dict(answer) if measured else {},
            results=results,
            cached=decision.cached,
            took_ms=round(decision.took_ms, 3),
        )


def _key(line: Line[RequestT, AnswerT], assigned: Assigned, request: RequestT) -> Hashable | None:
    own = line.system.cache_key(request)
    return None if own is None else (assigned.key, own)


def _last_key(line: Line[RequestT, AnswerT], assigned: Assigned, request: RequestT) -> Hashable | None:
    own = line.system.last_key(request)
    return None if own is None else (assigned.key, line.system.version, own)
