"""What a text costs people in time, against typing it by hand."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

FEWEST: Final = 30
"""Timed judgements from which on there is an interval."""
_Z: Final = 1.959963984540054  # 95%, two-sided


@dataclass(slots=True)
class TimedJudgements:
    """Sums over judgements whose time was measured: seconds looked, and whether the text was taken (edits are too)."""

    count: int = 0
    accepted: int = 0
    seconds: float = 0.0
    squares: float = 0.0
    of_accepted: float = 0.0

    def add(self, seconds: float, *, accepted: bool) -> None:
        """Count one judgement."""
        self.count += 1
        self.accepted += accepted
        self.seconds += seconds
        self.squares += seconds * seconds
        self.of_accepted += seconds * accepted

    def a_text(self) -> float | None:
        """Return the seconds looked at all texts over the texts accepted; None where none was."""
        return self.seconds / self.accepted if self.accepted else None

    def error(self) -> float | None:
        """Return the standard error of that ratio (delta method); None with too few judgements."""
        ratio = self.a_text()
        if ratio is None or self.count < FEWEST:
            return None
        spread = self.squares - 2 * ratio * self.of_accepted + ratio * ratio * self.accepted
        return sqrt(max(0.0, spread) / (self.count - 1) / self.count) * self.count / self.accepted


@dataclass(frozen=True, slots=True)
class TimeSaved:
    """Share of the time of typing that is saved, with its 95% interval.

    Attributes:
        low, high: None with fewer than 30 timed judgements.
        goal: Share the house wants to save.
        reached: The whole interval lies at the goal or above; False = all below it; None = not known yet.
    """

    share: float
    low: float | None
    high: float | None
    goal: float
    reached: bool | None


def time_saved(timed: TimedJudgements, typing_seconds: float, goal: float) -> TimeSaved | None:
    """Return what is saved against typing; None where either is not measured.

    Args:
        typing_seconds: What a text takes to type by hand; 0 = not measured.
        goal: Share to be saved, 0.7 = 70% less time.
    """
    seconds, error = timed.a_text(), timed.error()
    if seconds is None or not typing_seconds:
        return None
    share = 1 - seconds / typing_seconds
    if error is None:
        return TimeSaved(share, None, None, goal, None)
    half = _Z * error / typing_seconds
    reached = True if share - half >= goal else False if share + half < goal else None
    return TimeSaved(share, share - half, share + half, goal, reached)
