"""Whether a model answers so quickly that it may do so on the event loop itself."""

from __future__ import annotations

from typing import Final

QUICK_SECONDS: Final = 0.01
"""A call that takes no longer may hold up the event loop; a thread would cost as much as many a call."""
PROVEN: Final = 20
"""Quick calls a model shows in a thread before its calls run on the loop."""
_DISTRUST: Final = 5


class Pace:
    """How quick one model's calls were lately. Used from one event loop.

    A model begins in threads, where one that is stuck holds up nobody. After 20 quick calls it runs on the loop; the
    first slow call there sends it back.
    """

    def __init__(self) -> None:
        self._trust = 0

    @property
    def quick(self) -> bool:
        """Say whether the next call may run on the loop."""
        return self._trust >= PROVEN

    def took(self, seconds: float) -> None:
        """Count one call."""
        if seconds <= QUICK_SECONDS:
            self._trust = min(self._trust + 1, PROVEN)
        else:
            self._trust = 0 if self.quick else max(self._trust - _DISTRUST, 0)

    def reset(self) -> None:
        """Trust nothing: another model stands here now."""
        self._trust = 0
