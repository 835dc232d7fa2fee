"""How the serving version does on what shoppers did since it was trained, judged on labels that have matured."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np

from shopkeeper.retraining.triggers import MeasuredPerformance
from shopkeeper.training.comparison import intervals
from shopkeeper.training.ports import DataT, LearningSystem, ModelT
from shopkeeper.training.split import moment_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def measure_performance(
    system: LearningSystem[DataT, ModelT],
    model: ModelT,
    data: DataT,
    *,
    since: datetime,
    matured: datetime,
    blessed: Mapping[str, float],
    minimum_cases: int,
    resamples: int,
    seed: int,
) -> dict[str, MeasuredPerformance]:
    """Judge a fitted model on what happened in a window after it was trained.

    Args:
        model: The version as it serves, opened from its bundle.
        data: Everything extracted, also from after `matured`.
        since: Begin of the window; never before the version's own data end, or it would be asked what it was taught.
        matured: End of the window: labels before it are final.
        blessed: Value of each metric when the version was blessed.
        minimum_cases: Fewer shoppers than this are no evidence.

    Returns:
        Metric -> what was measured; empty where the window has too few shoppers.
    """
    times = system.times(data)
    cutoff, end = _micros(since), _micros(matured)
    inside = (times >= cutoff) & (times < end)
    if cutoff >= end or not inside.any() or not (times < cutoff).any():
        return {}
    found = system.exam(system.take(data, times < end), cutoff, seed).score(model)
    cases = len(next(iter(found.metrics.values()), ()))
    if cases < minimum_cases:
        return {}
    names = list(found.metrics)
    values = np.column_stack([found.metrics[name] for name in names])
    low, high = intervals(values, resamples, seed)
    first, last = moment_of(int(times[inside].min())), moment_of(int(times[inside].max()))
    return {
        name: MeasuredPerformance(
            name, first, last, cases, float(values[:, place].mean()), float(low[place]), float(high[place]),
            blessed.get(name),
        )
        for place, name in enumerate(names)
    }  # fmt: skip


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
