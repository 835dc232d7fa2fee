"""Whether a model answers so quickly that it may do so on the event loop itself."""

from __future__ import annotations

from typing import Final

QUICK_SECONDS: Final = 0.01
"""A call that takes no longer may hold up the event loop; a thread would cost as much as many a call."""
PROVEN: Final = 20
"""Quick calls, more than slow ones, that a model shows in a thread before its calls run on the loop."""
_SLOW_COSTS: Final = 5
_DOUBTED: Final = 10


class Pace:
    """How quick one model's calls were lately. Used from one event loop.

    A model begins in threads, where one that is stuck holds up nobody. After 20 quick calls it runs on the loop; some
    slow calls close to each other send it back, as a single one may be the machine's doing.
    """

    def __init__(self) -> None:
        self._trust = 0
        self.quick = False
        """The next call may run on the loop."""

    def took(self, seconds: float) -> None:
        """Count one call."""
        if seconds <= QUICK_SECONDS:
            self._trust = min(self._trust + 1, PROVEN)
            self.quick = self.quick or self._trust == PROVEN
        else:
            self._trust = max(self._trust - _SLOW_COSTS, 0)
            self.quick = self.quick and self._trust >= _DOUBTED

    def adopt(self, other: Pace) -> None:
        """Know what another pace knows: of the model that stands here from now on."""
        self._trust, self.quick = other._trust, other.quick

    def reset(self) -> None:
        """Trust nothing: the model was far too slow."""
        self._trust = 0
        self.quick = False
