"""When the next call may be made: so many a minute, none before a server said to come back, none while it is down."""

from __future__ import annotations

import threading
from collections.abc import Callable

from shopkeeper.errors import Overloaded
from shopkeeper.serving.breaker import Breaker, BreakerLimits

LIMITS = BreakerLimits(failures=3, share=0.5, window_seconds=300.0, open_seconds=60.0)
LONGEST_REST = 3_600.0  # seconds; a server may ask for more, but an hour later it is asked again


class CallPace:
    """Used from any thread of one process.

    Args:
        calls_per_minute: Calls are at least this evenly spread.
        patience: How long a caller would wait, seconds; where it would be longer it is told so at once.
        clock: Seconds that never go back.
        wait: Sleeps.
    """

    def __init__(
        self, calls_per_minute: float, patience: float, clock: Callable[[], float], wait: Callable[[float], None]
    ) -> None:
        self._gap = 60.0 / calls_per_minute
        self._patience = patience
        self._clock = clock
        self._wait = wait
        self._next = self._rested = clock()
        self._breaker = Breaker(LIMITS, clock)
        self._lock = threading.Lock()

    def enter(self) -> None:
        """Wait for one's turn.

        Raises:
            Overloaded: it would be too long, or the server failed too often of late.
        """
        with self._lock:
            now = self._clock()
            rest = max(self._next, self._rested) - now
            if rest > self._patience:
                raise Overloaded("The writer's server is not asked before its time.", rest)
            if not self._breaker.allow():
                raise Overloaded("The writer's server failed too often of late.", LIMITS.open_seconds)
            self._next = now + max(rest, 0.0) + self._gap
        if rest > 0:
            self._wait(rest)

    def pause(self, seconds: float) -> bool:
        """Note that the server asks for a pause, and wait for it; False without waiting where it is too long."""
        with self._lock:
            self._rested = max(self._rested, self._clock() + min(seconds, LONGEST_REST))
        if seconds > self._patience:
            return False
        self._wait(seconds)
        return True

    def succeeded(self) -> None:
        """Note an answer."""
        with self._lock:
            self._breaker.succeeded()

    def failed(self) -> None:
        """Note a call without one."""
        with self._lock:
            self._breaker.failed()
