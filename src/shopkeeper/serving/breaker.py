"""Stops calling a model that keeps failing, and lets one call through now and then to see whether it is well again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal

BreakerState = Literal["closed", "half_open", "open"]


class Breaker:
    """Closed while calls succeed; open after `failures` within `window_seconds`; half-open after `open_seconds`.

    Half-open lets one call at a time through: its success closes the breaker, its failure opens it again. Used from
    one thread.

    Args:
        clock: Seconds that never go back, such as `time.monotonic`.
    """

    def __init__(self, failures: int, window_seconds: float, open_seconds: float, clock: Callable[[], float]) -> None:
        self._limit = failures
        self._window = window_seconds
        self._open_seconds = open_seconds
        self._clock = clock
        self._failed_at: deque[float] = deque(maxlen=failures)
        self._opened_at: float | None = None
        self._trial_at: float | None = None

    @property
    def state(self) -> BreakerState:
        """What a call would meet now."""
        if self._opened_at is None:
            return "closed"
        return "half_open" if self._clock() - self._opened_at >= self._open_seconds else "open"

    def allow(self) -> bool:
        """Say whether a call may be made now; in half-open this takes the one trial, so call it only to make a call."""
        if self._opened_at is None:
            return True
        now = self._clock()
        if now - self._opened_at < self._open_seconds:
            return False
        # A trial whose caller went away without a word must not keep the breaker open for ever.
        if self._trial_at is not None and now - self._trial_at < self._open_seconds:
            return False
        self._trial_at = now
        return True

    def succeeded(self) -> None:
        """Note a call that succeeded; closes a breaker that was not closed."""
        if self._opened_at is not None:
            self.reset()

    def failed(self) -> None:
        """Note a call that failed or ran past its deadline."""
        now = self._clock()
        if self._trial_at is not None:
            self._opened_at, self._trial_at = now, None
            return
        self._failed_at.append(now)
        if len(self._failed_at) == self._limit and now - self._failed_at[0] <= self._window:
            self._opened_at = now
            self._failed_at.clear()

    def reset(self) -> None:
        """Close the breaker and forget all failures, as when another model version takes over."""
        self._opened_at = self._trial_at = None
        self._failed_at.clear()
