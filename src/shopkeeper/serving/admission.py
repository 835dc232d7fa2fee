"""How long a newcomer would wait for those before it, so that no more are let in than can be answered in time."""

from __future__ import annotations

from collections.abc import Callable
from time import thread_time
from typing import Final

MEMORY: Final = 64
"""Answers over which their cost is averaged; before so many were seen nobody is turned away."""
NOT_BEGUN: Final = (-1, 0.0)
"""What `leave` is told of a request that was given up before it was begun."""
MOST: Final = 4.0
"""An answer counts for no more than so many usual ones: a pause of the machine is no cost of the next answer."""


class Admission:
    """Requests for decisions that are inside, and what one answer costs without a model. Used from one event loop.

    A loop does one thing after another, so a newcomer waits for as many as are inside times what one answer costs,
    where the rules or a last good answer stand in for the model, as they do for all who waited too long for it. The
    cost is measured: processor time from the begin of an answer to its end, of those without a break in between.

    Args:
        wait_seconds: How long a newcomer may expect to wait.
        clock: Processor seconds of the thread that runs the loop.

    Attributes:
        turned_away: Requests not let in so far.
        answer_seconds: What an answer without a model cost of late.
    """

    def __init__(self, wait_seconds: float, clock: Callable[[], float] = thread_time) -> None:
        self._wait = wait_seconds
        self._clock = clock
        self._turn = 0
        self._turn_ends = False
        self._seen = 0
        self.inside = 0
        self.turned_away = 0
        self.answer_seconds = 0.0

    def enter(self) -> bool:
        """Count a request in, unless it could not be answered in time; say whether it is."""
        if self._seen >= MEMORY and self.inside * self.answer_seconds > self._wait:
            self.turned_away += 1
            return False
        self.inside += 1
        return True

    def begin(self, later: Callable[[Callable[[], None]], object]) -> tuple[int, float]:
        """Begin to answer a request that was let in; return what `leave` wants to know.

        Args:
            later: Calls a function once what runs now has come to its end or to a wait, as `loop.call_soon` does.
        """
        if not self._turn_ends:
            self._turn_ends = True
            later(self._end_turn)
        return self._turn, self._clock()

    def leave(self, begun: tuple[int, float]) -> None:
        """Count out a request, answered or failed."""
        self.inside -= 1
        turn, at = begun
        if turn == self._turn:  # nothing else ran meanwhile
            self._learn(self._clock() - at)

    def _learn(self, seconds: float) -> None:
        if self._seen < MEMORY:
            self._seen += 1
            self.answer_seconds += (seconds - self.answer_seconds) / self._seen
        else:
            self.answer_seconds += (min(seconds, MOST * self.answer_seconds) - self.answer_seconds) / MEMORY

    def _end_turn(self) -> None:
        self._turn += 1
        self._turn_ends = False
