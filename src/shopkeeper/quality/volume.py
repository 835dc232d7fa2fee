"""Is the number of events of a day what such a weekday usually brings?

Bounds of a day: median of the same weekday in the eight weeks before it, plus and minus
`k * max(1.4826 * MAD, sqrt(median), 0.05 * median)`: the robust standard deviation, never less than that of counts
that come by chance (Poisson) nor than 5%. At least four such days must lie in the known period, else there are none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np

from shopkeeper.quality.judge import Judge
from shopkeeper.quality.limits import QualityLimits
from shopkeeper.quality.local_days import every_day
from shopkeeper.quality.report import Offender

WEEKS: Final = 8
FEWEST_WEEKS: Final = 4
JUDGED_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class VolumeDay:
    """One day beside its bounds, events."""

    day: date
    count: float
    usual: float
    low: float
    high: float

    @property
    def outside(self) -> bool:
        """Whether the day breaks its bounds."""
        return not self.low <= self.count <= self.high


def bounds(counts: Mapping[date, float], day: date, first: date, k: float) -> VolumeDay | None:
    """Return a day with its bounds; None with too little history. Days without a count had none.

    Args:
        first: The first day whose count is whole.
        k: Half width of the bounds in robust standard deviations.
    """
    weeks = [day - timedelta(weeks=n) for n in range(1, WEEKS + 1)]
    same = np.array([counts.get(past, 0.0) for past in weeks if past >= first])
    if same.size < FEWEST_WEEKS:
        return None
    usual = float(np.median(same))
    spread = max(1.4826 * float(np.median(np.abs(same - usual))), usual**0.5, 0.05 * usual)
    return VolumeDay(day, counts.get(day, 0.0), usual, max(0.0, usual - k * spread), usual + k * spread)


def volume(judge: Judge, counts: Counter[date], now: datetime, limits: QualityLimits) -> None:
    """Judge the last seven whole days.

    Args:
        counts: Events by store-local day.
        now: The time in the store's zone. Where events have stopped for two weeks, the days before the last are judged.
    """
    if not counts:
        return
    newest, today = max(counts), now.date()
    last = today - timedelta(days=1) if today - newest <= timedelta(days=14) else newest - timedelta(days=1)
    first = min(counts) + timedelta(days=1)  # the first day may be a part of one
    days = every_day(last - timedelta(days=JUDGED_DAYS - 1), last)
    known = [found for day in days if (found := bounds(counts, day, first, limits.volume_k)) is not None]
    odd = sorted((day for day in known if day.outside), key=lambda day: -abs(day.count - day.usual))
    judge.most(
        "volume", "days with an unusual number of events", float(len(odd)) if known else None, 0, "days", "warn",
        "Few: find what stopped sending. Many: look for bots or doubled sending. A sale or holiday is no fault.",
        detail=f"{len(known)} whole days to {last} judged",
        offenders=tuple(
            Offender(d.day.isoformat(), d.count, f"{d.count:,.0f} events, usual {d.low:,.0f} to {d.high:,.0f}")
            for d in odd
        ),
    )  # fmt: skip
