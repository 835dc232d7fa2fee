"""How long a newcomer would wait for those before it, so that no more are let in than can be answered in time."""

from __future__ import annotations

from typing import Final

MEMORY: Final = 64
"""Answers over which their cost is averaged; before so many were seen nobody is turned away."""
MOST: Final = 4.0
"""An answer counts for no more than so many usual ones: a pause of the machine is no cost of the next answer."""


class Admission:
    """Requests for decisions that are inside, and what one answer costs without a model. Used from one event loop.

    A loop does one thing after another, so a newcomer waits for as many as are inside times what one answer costs,
    where the rules or a last good answer stand in for the model, as they do for all who waited too long for it. The
    cost is measured, of every answer: the processor time of its own steps, see `stopwatch.steps`. What the model takes
    is none of them, as it answers many at once between the steps; so a server whose every answer asks a model knows
    what one costs, and the more often the rules stand in, the more of their cost is in it.

    Args:
        wait_seconds: How long a newcomer may expect to wait.

    Attributes:
        turned_away: Requests not let in so far.
        answer_seconds: What an answer without a model cost of late.
    """

    def __init__(self, wait_seconds: float) -> None:
        self._wait = wait_seconds
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

    def leave(self, seconds: float | None) -> None:
        """Count out a request, and learn what its own steps took; None = it failed or was given up."""
        self.inside -= 1
        if seconds is None:
            return
        if self._seen < MEMORY:
            self._seen += 1
            self.answer_seconds += (seconds - self.answer_seconds) / self._seen
        else:
            self.answer_seconds += (min(seconds, MOST * self.answer_seconds) - self.answer_seconds) / MEMORY
