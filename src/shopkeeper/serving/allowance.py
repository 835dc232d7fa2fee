"""How much each of many strangers may send, so that no one of them fills what all share."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

NAMES_KEPT = 50_000
"""Names whose use is remembered; who was not seen for longest is forgotten first, and begins with a whole allowance."""


class Allowance:
    """An allowance a minute for each name, which fills up again as time passes. Used from one event loop.

    Args:
        per_minute: Units a name may use at once, and in each minute after that.
        clock: Seconds that never go back.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._whole = float(per_minute)
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Name -> units left, and when."""

    def use(self, name: str, units: int) -> float:
        """Use units; return 0, or where too few are left, which uses none, the seconds until they are there."""
        now = self._clock()
        left, since = self._left.get(name, (self._whole, now))
        left = min(self._whole, left + (now - since) * self._whole / 60.0)
        short = units - left
        self._left[name] = (left if short > 0 else left - units, now)
        self._left.move_to_end(name)
        if len(self._left) > NAMES_KEPT:
            self._left.popitem(last=False)
        return max(0.0, short * 60.0 / self._whole)
