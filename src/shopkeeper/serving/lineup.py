"""The forms of one system that arms are answered by: the champion, other versions, other settings, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from shopkeeper.experiments.live_assignment import Assigned
from shopkeeper.serving.breaker import Breaker
from shopkeeper.serving.micro_batch import MicroBatch
from shopkeeper.serving.pace import Pace
from shopkeeper.serving.ports import DecisionRequest, DecisionSystem
from shopkeeper.serving.stopwatch import Stopwatch, own_time

RequestT = TypeVar("RequestT", bound=DecisionRequest)
AnswerT = TypeVar("AnswerT")
ArmKey = tuple[str | None, str]
"""Test and arm, as `Assigned.key`."""


@dataclass(frozen=True, slots=True)
class Line(Generic[RequestT, AnswerT]):
    """One form of a system, with a breaker of its own: a challenger that fails must not silence the champion.

    Attributes:
        batch: Asks the system on the event loop.
    """

    system: DecisionSystem[RequestT, AnswerT]
    breaker: Breaker
    batch: MicroBatch[RequestT, AnswerT]
    pace: Pace = field(default_factory=Pace)

    def renew(self, pace: Pace) -> None:
        """Forget how the model behaved: another one answers here now, of which no more is known than its pace."""
        self.breaker.reset()
        self.pace.adopt(pace)


@dataclass(slots=True)
class Page(Generic[RequestT, AnswerT]):
    """What answers every list of one page, whatever is swapped meanwhile.

    Attributes:
        arm: Arm of the first list; None until that is answered.
        line: Form that answers the arm, as it was then; None where the arm is the rules, or cannot be opened.
    """

    arm: Assigned | None = None
    line: Line[RequestT, AnswerT] | None = None


class Lineup(Generic[RequestT, AnswerT]):
    """Which form answers which arm. Used from one event loop.

    Args:
        wait_seconds: How long a request may wait for a model on the event loop.
        stopwatch: Times calls of a model there.
    """

    def __init__(
        self,
        champion: DecisionSystem[RequestT, AnswerT],
        new_breaker: Callable[[], Breaker],
        wait_seconds: float,
        stopwatch: Stopwatch = own_time,
    ) -> None:
        self._new_breaker = new_breaker
        self._wait_seconds = wait_seconds
        self._stopwatch = stopwatch
        self.champion = self._line(champion)
        self._arms: dict[ArmKey, Line[RequestT, AnswerT]] = {}
        self._shadows: Mapping[str, DecisionSystem[RequestT, AnswerT]] = {}
        self._now: dict[ArmKey | None, Line[RequestT, AnswerT]] = {}
        """Lines of pages by arm, None = the champion's; pages that begin between two changes are asked together."""

    def field(
        self,
        arms: Mapping[ArmKey, DecisionSystem[RequestT, AnswerT]],
        shadows: Mapping[str, DecisionSystem[RequestT, AnswerT]],
    ) -> None:
        """Let arms be answered by these forms, and no others, from the next decision on.

        Args:
            arms: Form by arm; arms that differ from the champion in nothing need none.
            shadows: Form by version, for versions that are computed and not shown.
        """
        kept = {key: self._arms[key] for key in arms if key in self._arms and self._arms[key].system is arms[key]}
        self._arms = {key: kept.get(key) or self._line(system) for key, system in arms.items()}
        self._shadows = dict(shadows)
        self.let_go()

    def let_go(self) -> None:
        """Hold nothing of what answered before but for pages that are being answered."""
        self._now = {}

    def _line(self, system: DecisionSystem[RequestT, AnswerT]) -> Line[RequestT, AnswerT]:
        return Line(system, self._new_breaker(), MicroBatch(system, self._stopwatch, self._wait_seconds))

    def line(self, assigned: Assigned) -> Line[RequestT, AnswerT] | None:
        """Return what answers an arm; None while its version cannot be opened."""
        if assigned.version is None and not assigned.settings:
            return self.champion
        return self._arms.get(assigned.key)

    def line_now(self, assigned: Assigned) -> Line[RequestT, AnswerT] | None:
        """Return what answers an arm as it is at this moment, for all lists of a page that begins."""
        line = self.line(assigned)
        if line is None:
            return None
        key = None if line is self.champion else assigned.key
        before = self._now.get(key)
        form = line.system.as_now(None if before is None else before.system)
        if before is None or before.system is not form:
            batch = MicroBatch(form, self._stopwatch, self._wait_seconds)
            before = self._now[key] = Line(form, line.breaker, batch, line.pace)
        return before

    def shadow(self, version: str) -> DecisionSystem[RequestT, AnswerT] | None:
        """Return the form that computes a version nobody is shown; None while it cannot be opened."""
        return self._shadows.get(version)
