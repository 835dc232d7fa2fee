"""What challengers would have answered, computed off the response path: it never delays an answer."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import thread_time
from typing import Final, Generic, Literal, TypeVar

import structlog

from shopkeeper.commerce.decision import ShadowAnswer
from shopkeeper.experiments.live_test import LiveTest
from shopkeeper.serving.lineup import Lineup
from shopkeeper.serving.micro_batch import at_once
from shopkeeper.serving.ports import DecisionRequest, DecisionSystem

RequestT = TypeVar("RequestT", bound=DecisionRequest)
AnswerT = TypeVar("AnswerT")
Outcome = Literal["answered", "error", "dropped", "not_opened"]
WAITING = 64
"""Most requests that wait for a challenger or are being answered by it; more are left out and counted."""
AT_ONCE: Final = 16
"""Requests in one call: alone an answer costs two to three times what it does among so many."""
GATHER_SECONDS = 0.5
"""How long the first of them waits for others, while `AT_ONCE` have not come; nobody waits for it."""
CLOSE_SECONDS = 5.0
"""How long a server that goes down lets the challengers finish."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shown(Generic[RequestT, AnswerT]):
    """A decision as it was shown."""

    request: RequestT
    decision_id: str
    ts: datetime
    answer: AnswerT


@dataclass(frozen=True, slots=True)
class _Job(Generic[RequestT, AnswerT]):
    test: LiveTest
    version: str
    system: DecisionSystem[RequestT, AnswerT]
    shown: Shown[RequestT, AnswerT]


@dataclass(frozen=True, slots=True)
class _Answered(Generic[AnswerT]):
    """What a challenger answered, or what it raised.

    Attributes:
        took_ms: How long the call took that the answer came by.
    """

    answer: AnswerT | None
    error: str | None
    took_ms: float


class Shadows(Generic[RequestT, AnswerT]):
    """Computes challengers in a thread of its own, several requests by one call. `look` is used from one event loop.

    As many are asked at once as `micro_batch.at_once` says by the processor time of the last call.

    Args:
        keep: Takes a row; called from the thread.
        seconds: Seconds that never go back.
        chance: Random number in [0, 1) that chooses the requests.
    """

    def __init__(
        self,
        lineup: Lineup[RequestT, AnswerT],
        keep: Callable[[ShadowAnswer], None],
        seconds: Callable[[], float],
        chance: Callable[[], float],
        waiting: int = WAITING,
        gather_seconds: float = GATHER_SECONDS,
    ) -> None:
        self._lineup = lineup
        self._keep = keep
        self._seconds = seconds
        self._chance = chance
        self._most = waiting
        self._gather_seconds = gather_seconds
        self._jobs: deque[_Job[RequestT, AnswerT]] = deque()
        self._came, self._enough = threading.Event(), threading.Event()
        self._taken = 0
        """Requests that were to be answered so far."""
        self._each = 0.0
        """Seconds of the processor that one answer took in the last call."""
        self._thread: threading.Thread | None = None
        self._closing = False
        self._left = False
        """Nobody waits for the challengers any more."""
        self.counts: Counter[Outcome] = Counter()

    def look(self, tests: Sequence[LiveTest], shown: Shown[RequestT, AnswerT]) -> None:
        """Let the challengers of some tests answer a request too, as often as their tests say; never waits."""
        for test in tests:
            if self._chance() >= test.shadow_share or test.shadow_version is None:
                continue
            system = self._lineup.shadow(test.shadow_version)
            if system is None:
                self.counts["not_opened"] += 1
                continue
            if self._open() >= self._most:
                self.counts["dropped"] += 1
                continue
            self._taken += 1
            self._jobs.append(_Job(test, test.shadow_version, system, shown))
            self._came.set()
            if len(self._jobs) >= AT_ONCE:
                self._enough.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="shadow", daemon=True)
                self._thread.start()

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Let the challengers answer what waits, and return when every row was kept; `look` is not called again.

        Args:
            seconds: How long at most; what is not answered by then is left out, and counted as dropped.
        """
        if self._thread is None:
            return
        self._closing = True
        self._enough.set()
        self._came.set()
        self._thread.join(seconds)
        if self._thread.is_alive():
            self._leave_out()

    def _open(self) -> int:
        """Return how many requests wait or are being answered."""
        return self._taken - self.counts["answered"] - self.counts["error"]

    def _leave_out(self) -> None:
        """Drop what waits, and count it with what is being computed, of which no row will be kept."""
        self._left = True
        left = self._open()
        self.counts["dropped"] += left
        _log.warning("shadows_left_out", requests=left)

    def _work(self) -> None:
        while not self._left and not (self._closing and not self._jobs):
            self._came.wait()
            self._enough.wait(self._gather_seconds)
            self._came.clear()
            self._enough.clear()
            gathered = len(self._jobs)
            while gathered and not self._left:
                jobs = self._next(gathered)
                gathered -= len(jobs)
                answered = self._compute(jobs)
                if not self._left:
                    self._tell(jobs, answered)

    def _next(self, gathered: int) -> list[_Job[RequestT, AnswerT]]:
        """Take the first of some requests, and those after it that the same challenger may be asked with it."""
        most = at_once(self._each, AT_ONCE)
        jobs = [self._jobs.popleft()]
        while len(jobs) < min(most, gathered) and self._jobs[0].system is jobs[0].system:
            jobs.append(self._jobs.popleft())
        return jobs

    def _tell(self, jobs: Sequence[_Job[RequestT, AnswerT]], answered: Sequence[_Answered[AnswerT]]) -> None:
        for job, one in zip(jobs, answered, strict=True):
            try:
                self._keep(_row(job, one))
            except Exception as error:  # noqa: BLE001 - the outermost loop of a thread
                _log.error("shadow_lost", system=job.system.name, error=repr(error), exc_info=error)
                self.counts["error"] += 1
            else:
                self.counts["answered" if one.error is None else "error"] += 1

    def _compute(self, jobs: Sequence[_Job[RequestT, AnswerT]]) -> list[_Answered[AnswerT]]:
        if len(jobs) == 1:
            return [self._alone(jobs[0])]
        started, begun = self._seconds(), thread_time()
        try:
            answers = jobs[0].system.answers([job.shown.request for job in jobs])
        except Exception:  # noqa: BLE001 - one of them fails: each is asked alone, and only that one fails
            return [self._alone(job) for job in jobs]
        self._each = (thread_time() - begun) / len(jobs)
        took_ms = (self._seconds() - started) * 1000
        return [_Answered(answer, None, took_ms) for answer in answers]

    def _alone(self, job: _Job[RequestT, AnswerT]) -> _Answered[AnswerT]:
        started, begun = self._seconds(), thread_time()
        answer: AnswerT | None = None
        error: str | None = None
        try:
            answer = job.system.answer(job.shown.request)
        except Exception as raised:  # noqa: BLE001 - whatever a challenger raises is what is to be found out
            _log.warning("shadow_failed", system=job.system.name, model=job.version, error=repr(raised))
            error = type(raised).__name__
        self._each = thread_time() - begun
        return _Answered(answer, error, (self._seconds() - started) * 1000)


def _row(job: _Job[RequestT, AnswerT], answered: _Answered[AnswerT]) -> ShadowAnswer:
    """Return what is kept; of a shopper who is not measured, nothing that leads to them."""
    request, shown, answer = job.shown.request, job.shown, answered.answer
    results, kept = job.system.record(answer) if answer is not None else (0, {})
    measured = request.measured
    return ShadowAnswer(
        decision_id=shown.decision_id,
        ts=shown.ts,
        store=request.store,
        system=job.system.name,
        test=job.test.test,
        version=job.version,
        unit=request.unit if measured else None,
        session=request.session if measured else None,
        surface=request.surface,
        error=answered.error,
        agreement=job.system.agreement(shown.answer, answer) if answer is not None else None,
        results=results,
        answer=dict(kept) if measured else {},
        chances=tuple(job.system.likelihoods(request, shown.answer, answer)) if answer is not None and measured else (),
        took_ms=round(answered.took_ms, 3),
    )
