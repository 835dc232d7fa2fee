"""Whether the effect of a switchback goes with the days since a switch: then the switch itself is part of it.

Shoppers stock up when a price falls and stay away when it rises again. Both come with a switch and not with a price
that stays, and both make a cut look better than it is. A washout that is long enough leaves an effect that stands.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import stats

from shopkeeper.experiments.analysis_record import AgedPoint, ArmNovelty, Interval, Trend
from shopkeeper.experiments.switchback import Array, SwitchbackDesign, Tiles, effect_of_tiles, tiles_of
from shopkeeper.experiments.switchback_effect import levelled

_SAID: Final[dict[Trend, str]] = {
    "fades": "fades, so what a switch itself brings is in it: take a longer washout",
    "grows": "grows, so shoppers need longer than the washout to answer: take a longer one",
    "no trend found": "shows no trend",
}  # fmt: skip


def since_switch(
    design: SwitchbackDesign, values: npt.ArrayLike, before: npt.ArrayLike, alpha: float, arm: str
) -> ArmNovelty:  # fmt: skip
    """Return the effect day by day since a switch, and whether it moves over the counted days.

    The counted days of a period are cut in two halves; the trend is the later half's effect less the earlier one's.

    Args:
        values, before: As in `switchback_effect.levelled`.
        arm: Name of the arm that is not the control.

    Source:
        Cochran (1977), Sampling Techniques, ch. 6: ratios of sums linearised; differences by tile, t over tiles.
    """
    table, period = levelled(values, before), design.period_days
    counted = range(design.washout_days, period)
    cut = design.washout_days + (len(counted) + 1) // 2
    early, late = (_tiles_on(design, table, range(*ends)) for ends in ((counted.start, cut), (cut, period)))
    n, sums = design.tiles, [float(one.sum()) for half in (early, late) for one in (half.treated, half.control)]
    if len(counted) < 2 or n < 2 or min(sums) <= 0:
        return ArmNovelty(arm=arm, words=f"{arm}: whether the effect goes with the days since a switch cannot be said.")
    pull = late.treated / sums[2] - late.control / sums[3] - early.treated / sums[0] + early.control / sums[1]
    first, settled = sums[0] / sums[1] - 1, sums[2] / sums[3] - 1
    gap = settled - first
    error = (1 + settled) * math.sqrt(float((pull**2).sum()) * n / (n - 1))
    reach = float(stats.t.isf(alpha / 2, n - 1)) * error
    p = 2 * float(stats.t.sf(abs(gap) / error, n - 1)) if error > 0 else float(gap == 0)
    trend: Trend = "no trend found" if p >= alpha else "fades" if gap * first < 0 else "grows"
    days = (period - design.washout_days) / 2
    found = effect_of_tiles(late, alpha)
    words = (
        f"{arm}: over the counted days of a period the effect {_SAID[trend]}; {first:+.1%} on the first half of them,"
        f" {settled:+.1%} on the second ({gap:+.1%}, {gap - reach:+.1%} to {gap + reach:+.1%}, p = {p:.3f})."
    )
    return ArmNovelty(
        arm=arm, words=words, n=4 * n, days=tuple(_days(design, table, alpha)), slope=gap / days,
        slope_interval=Interval(low=(gap - reach) / days, high=(gap + reach) / days), p=p, settled=settled,
        settled_interval=Interval(low=_end(found.relative_low), high=_end(found.relative_high)), trend=trend,
    )  # fmt: skip


def _days(design: SwitchbackDesign, table: Array, alpha: float) -> list[AgedPoint]:
    """Return the effect on each day since a switch, those of the washout included."""
    points = []
    for day in range(design.period_days):
        found = effect_of_tiles(_tiles_on(design, table, (day,)), alpha)
        if found.relative is not None:
            ends = Interval(low=_end(found.relative_low), high=_end(found.relative_high))
            points.append(AgedPoint(day=day, relative=found.relative, fixed=ends))
    return points


def _tiles_on(design: SwitchbackDesign, table: Array, days: Collection[int]) -> Tiles:
    """Return tiles of some days of each period alone."""
    there = np.isin(np.arange(design.days) % design.period_days, list(days))
    return tiles_of(replace(design, washout_days=0), np.where(there, table[:, : design.days], 0.0))


def _end(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
