"""Stops calling a model that keeps failing, and lets one call through now and then to see whether it is well again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

BreakerState = Literal["closed", "half_open", "open"]

_SLICES = 20
"""Parts in which the window is counted, so its memory does not grow with the traffic; it slides by one at a time."""


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """When a breaker opens, and for how long.

    Attributes:
        failures: Fewest failures in the window before it may open: one slow call at night says nothing.
        share: Share of the calls in the window that must have failed, in (0, 1]: at 100 calls a second five failures
            are nothing.
        window_seconds: How far back calls are counted.
        open_seconds: How long it stays open before it lets one call try.
    """

    failures: int
    share: float
    window_seconds: float
    open_seconds: float


@dataclass(slots=True)
class _Slice:
    number: int
    calls: int = 0
    failures: int = 0


class Breaker:
    """Closed while enough calls succeed; open once too large a share failed; half-open after `open_seconds`.

    Half-open lets one call at a time through: its success closes the breaker, its failure opens it again. Only calls
    that ran are reported, each once, by `succeeded` or `failed`. Used from one thread.

    Args:
        clock: Seconds that never go back, such as `time.monotonic`.
    """

    def __init__(self, limits: BreakerLimits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._slices: deque[_Slice] = deque()
        self._opened_at: float | None = None
        self._trial_at: float | None = None

    @property
    def state(self) -> BreakerState:
        """What a call would meet now."""
        if self._opened_at is None:
            return "closed"
        return "half_open" if self._clock() - self._opened_at >= self._limits.open_seconds else "open"

    def allow(self) -> bool:
        """Say whether a call may be made now; in half-open this takes the one trial, so call it only to make a call."""
        if self._opened_at is None:
            return True
        now = self._clock()
        if now - self._opened_at < self._limits.open_seconds:
            return False
        # A trial whose caller went away without a word must not keep the breaker open for ever.
        if self._trial_at is not None and now - self._trial_at < self._limits.open_seconds:
            return False
        self._trial_at = now
        return True

    def succeeded(self) -> None:
        """Note a call that succeeded; the trial of a half-open breaker closes it."""
        if self._opened_at is None:
            self._current().calls += 1
        elif self._trial_at is not None:
            self.reset()

    def failed(self) -> None:
        """Note a call that failed or ran past its deadline; calls still under way when it opened change nothing."""
        now = self._clock()
        if self._opened_at is not None:
            if self._trial_at is not None:
                self._opened_at, self._trial_at = now, None
            return
        current = self._current()
        current.calls += 1
        current.failures += 1
        failures = sum(part.failures for part in self._slices)
        calls = sum(part.calls for part in self._slices)
        if failures >= self._limits.failures and failures >= self._limits.share * calls:
            self._opened_at = now
            self._slices.clear()

    def reset(self) -> None:
        """Close the breaker and forget all calls, as when another model version takes over."""
        self._opened_at = self._trial_at = None
        self._slices.clear()

    def _current(self) -> _Slice:
        """Return the part of the window that calls of now belong to, and forget the parts that slid out of it."""
        number = int(self._clock() * _SLICES / self._limits.window_seconds)
        if not self._slices or self._slices[-1].number != number:
            self._slices.append(_Slice(number))
        while self._slices[0].number <= number - _SLICES:
            self._slices.popleft()
        return self._slices[-1]
