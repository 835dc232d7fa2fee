"""Whether a model answers so quickly that it may do so on the event loop itself."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

QUICK_SECONDS: Final = 0.01
"""A call that takes no longer may hold up the event loop; a thread would cost as much as many a call."""
PROVEN: Final = 20
"""Quick calls, more than slow ones, that a model shows in a thread before its calls run on the loop."""
TRIED_AFTER: Final = 1.0
"""Seconds after which a model that was sent back to threads is tried on the loop again, by one call."""
TRIED_AT_MOST_AFTER: Final = 64.0
"""Each trial that fails doubles the time to the next one, up to so many seconds."""
_TRIED_AFTER_RESET: Final = 16.0
_SLOW_COSTS: Final = 5
_DOUBTED: Final = 10


class Pace:
    """How quick one model's calls were lately. Used from one event loop.

    A model begins in threads, where one that is stuck holds up nobody. After 20 quick calls it runs on the loop; some
    slow calls close to each other send it back, as a single one may be the machine's doing. Whether it is quick again
    threads may never tell: under load they wait for the loop longer than a call may take, and the loop stays busy with
    what the rules answer instead. So one call is tried on the loop now and then.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._trust = 0
        self._wait = TRIED_AFTER
        self._sent_back_at: float | None = None
        """When it last left the loop, or was tried there; None = it never was on it."""
        self._on_trial = False
        self.quick = False
        """Calls run on the loop."""

    def on_loop(self) -> bool:
        """Say whether the next call runs on the loop; this may take the one trial, so ask it only to make a call."""
        if self.quick or self._sent_back_at is None:
            return self.quick
        now = self._clock()
        if now - self._sent_back_at < self._wait:
            return False
        self._sent_back_at, self._on_trial = now, True
        return True

    def took(self, seconds: float, *, on_loop: bool) -> None:
        """Count one call.

        Args:
            on_loop: It ran on the loop.
        """
        if on_loop and not self.quick:
            if self._on_trial:  # else it was asked before the model was sent back
                self._tried(seconds)
        elif seconds <= QUICK_SECONDS:
            self._trust = min(self._trust + 1, PROVEN)
            if self._trust == PROVEN:
                self.quick, self._wait = True, TRIED_AFTER
        else:
            self._trust = max(self._trust - _SLOW_COSTS, 0)
            if self.quick and self._trust < _DOUBTED:
                self.quick, self._sent_back_at = False, self._clock()

    def adopt(self, other: Pace) -> None:
        """Know what another pace knows: of the model that stands here from now on."""
        self._trust, self._wait, self.quick = other._trust, other._wait, other.quick
        self._sent_back_at = other._sent_back_at

    def reset(self) -> None:
        """Trust nothing: a call on the loop was far too slow."""
        self._trust = 0
        self.quick = False
        self._wait = max(self._wait, _TRIED_AFTER_RESET)
        self._sent_back_at = self._clock()

    def _tried(self, seconds: float) -> None:
        """Count the call that was tried on the loop."""
        self._on_trial, self._sent_back_at = False, self._clock()
        if seconds <= QUICK_SECONDS:
            self._trust, self.quick = max(self._trust, _DOUBTED), True
        else:
            self._wait = min(2 * self._wait, TRIED_AT_MOST_AFTER)
