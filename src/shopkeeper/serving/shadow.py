"""What challengers would have answered, computed off the response path: it never delays an answer."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

import structlog

from shopkeeper.commerce.decision import ShadowAnswer
from shopkeeper.experiments.live_test import LiveTest
from shopkeeper.serving.lineup import Lineup
from shopkeeper.serving.ports import DecisionRequest, DecisionSystem

RequestT = TypeVar("RequestT", bound=DecisionRequest)
AnswerT = TypeVar("AnswerT")
Outcome = Literal["answered", "error", "dropped", "not_opened"]
WAITING = 64
"""Most requests that wait for a challenger; more are left out and counted."""
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


class Shadows(Generic[RequestT, AnswerT]):
    """Computes challengers one after the other in a thread of its own. `look` is used from one event loop.

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
    ) -> None:
        self._lineup = lineup
        self._keep = keep
        self._seconds = seconds
        self._chance = chance
        self._queue: queue.Queue[_Job[RequestT, AnswerT] | None] = queue.Queue(waiting)
        self._thread: threading.Thread | None = None
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
            try:
                self._queue.put_nowait(_Job(test, test.shadow_version, system, shown))
            except queue.Full:
                self.counts["dropped"] += 1
                continue
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
        until = self._seconds() + seconds
        try:
            self._queue.put(None, timeout=seconds)
            self._thread.join(max(0.0, until - self._seconds()))
        except queue.Full:
            pass
        if self._thread.is_alive():
            self._leave_out()

    def _leave_out(self) -> None:
        """Drop what waits, and count it with what is being computed, of which no row will be kept."""
        self._left = True
        left = 1
        with contextlib.suppress(queue.Empty):
            while True:
                left += self._queue.get_nowait() is not None
        self._queue.put_nowait(None)
        self.counts["dropped"] += left
        _log.warning("shadows_left_out", requests=left)

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            try:
                row = self._compute(job)
                if self._left:
                    continue
                self._keep(row)
            except Exception as error:  # noqa: BLE001 - the outermost loop of a thread
                _log.error("shadow_lost", system=job.system.name, error=repr(error), exc_info=error)
                self.counts["error"] += 1
            else:
                self.counts["answered" if row.error is None else "error"] += 1

    def _compute(self, job: _Job[RequestT, AnswerT]) -> ShadowAnswer:
        started = self._seconds()
        answer: AnswerT | None = None
        error: str | None = None
        try:
            answer = job.system.answer(job.shown.request)
        except Exception as raised:  # noqa: BLE001 - whatever a challenger raises is what is to be found out
            _log.warning("shadow_failed", system=job.system.name, model=job.version, error=repr(raised))
            error = type(raised).__name__
        took_ms = (self._seconds() - started) * 1000
        return _row(job, answer, error, took_ms)


def _row(job: _Job[RequestT, AnswerT], answer: AnswerT | None, error: str | None, took_ms: float) -> ShadowAnswer:
    """Return what is kept; of a shopper who is not measured, nothing that leads to them."""
    request, shown = job.shown.request, job.shown
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
        error=error,
        agreement=job.system.agreement(shown.answer, answer) if answer is not None else None,
        results=results,
        answer=dict(kept) if measured else {},
        chances=tuple(job.system.likelihoods(request, shown.answer, answer)) if answer is not None and measured else (),
        took_ms=round(took_ms, 3),
    )
