"""Model against baseline on the same cases, with the doubt that is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shopkeeper.training.ports import CaseScores

_DRAWS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over cases with its 95% bootstrap interval."""

    value: float
    low: float
    high: float

    def document(self) -> dict[str, float]:
        """Return the interval as it is stored."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric: model, baseline, and model minus baseline case by case."""

    model: Interval
    baseline: Interval
    difference: Interval


@dataclass(frozen=True)
class Evaluation:
    """What a model is worth next to its baseline.

    Attributes:
        cases: Test cases, one shopper each.
        metrics: Every metric over all cases.
        totals: Name -> figure of the model and of the baseline.
        slices: The deciding metric inside each slice, with the number of its cases.
    """

    cases: int
    metric: str
    metrics: Mapping[str, Comparison]
    totals: Mapping[str, tuple[float, float]]
    slices: Mapping[str, tuple[int, Comparison]]

    @property
    def better(self) -> bool:
        """True when the lower bound of the deciding difference is above zero."""
        return self.metrics[self.metric].difference.low > 0

    def document(self) -> dict[str, Any]:
        """Return everything as it is stored with the version: the model first, then what it stands beside."""
        return {
            **{name: found.model.document() for name, found in self.metrics.items()},
            **{name: {"value": own} for name, (own, _) in self.totals.items()},
            "cases": self.cases,
            "baseline": {
                **{name: found.baseline.document() for name, found in self.metrics.items()},
                **{name: {"value": other} for name, (_, other) in self.totals.items()},
            },
            "difference": {name: found.difference.document() for name, found in self.metrics.items()},
            "slices": {
                name: {
                    "cases": cases,
                    "model": found.model.document(),
                    "baseline": found.baseline.document(),
                    "difference": found.difference.document(),
                }
                for name, (cases, found) in self.slices.items()
            },
        }


def compare(model: CaseScores, baseline: CaseScores, metric: str, *, resamples: int, seed: int) -> Evaluation:
    """Compare two models case by case; intervals by bootstrap over cases, the same resamples for both (paired).

    Source:
        Efron and Tibshirani (1993), An Introduction to the Bootstrap, percentile interval; paired as in Koehn (2004).
    """
    names = list(model.metrics)
    cases = len(model.metrics[metric])
    own = np.column_stack([model.metrics[name] for name in names])
    other = np.column_stack([baseline.metrics[name] for name in names])
    low, high = intervals(np.hstack([own, other, own - other]), resamples, seed)
    metrics = {
        name: _comparison(own[:, place], other[:, place], low[place :: len(names)], high[place :: len(names)])
        for place, name in enumerate(names)
    }
    totals = {name: (value, baseline.totals[name]) for name, value in model.totals.items()}
    slices = {}
    for name, members in model.slices.items():
        if members.any():
            a, b = model.metrics[metric][members], baseline.metrics[metric][members]
            slice_low, slice_high = intervals(np.column_stack([a, b, a - b]), resamples, seed)
            slices[name] = (int(members.sum()), _comparison(a, b, slice_low, slice_high))
    return Evaluation(cases, metric, metrics, totals, slices)


def _comparison(
    own: npt.NDArray[np.float64],
    other: npt.NDArray[np.float64],
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
) -> Comparison:
    means = (own.mean(), other.mean(), (own - other).mean())
    model, baseline, difference = (
        Interval(float(mean), float(bottom), float(top)) for mean, bottom, top in zip(means, low, high, strict=True)
    )
    return Comparison(model, baseline, difference)


def intervals(
    values: npt.NDArray[np.float64], resamples: int, seed: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the 2.5% and 97.5% bounds of the mean of each column under resampling of rows.

    Args:
        values: One row a case; shape (n, m), n at least 1.
        resamples: How many times the cases are drawn anew.
        seed: Seed of the draws; equal for equal results.
    """
    cases = len(values)
    draw = np.random.default_rng(seed)
    means = np.empty((resamples, values.shape[1]))
    step = max(_DRAWS_AT_ONCE // cases, 1)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        picked = draw.integers(0, cases, size=(size, cases))
        picked += np.arange(size)[:, None] * cases
        counts = np.bincount(picked.ravel(), minlength=size * cases).reshape(size, cases)
        means[start : start + size] = counts @ values / cases
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return low, high
