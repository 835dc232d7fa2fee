"""Two models on the same cases, case by case, with the doubt that is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric: the model, the other, and model minus other case by case.

    Attributes:
        cases: Cases behind it.
        error: Standard error of the mean difference; None for a single case.
    """

    cases: int
    model: Interval
    other: Interval
    difference: Interval
    error: float | None


@dataclass(frozen=True, slots=True)
class Total:
    """A figure of a model as a whole, such as coverage; it has no interval."""

    model: float
    other: float


@dataclass(frozen=True)
class Against:
    """A model next to one other model on the same cases.

    Attributes:
        other: Who that is, such as `popular` or a version.
        how: How it took part, in words.
        metrics: Every metric over all cases.
        totals: Figures of each model as a whole.
        slices: The deciding metric inside each slice that has cases.
    """

    other: str
    how: str
    metrics: Mapping[str, Comparison]
    totals: Mapping[str, Total]
    slices: Mapping[str, Comparison]

    def document(self) -> dict[str, Any]:
        """Return what the other did, and the differences to it."""
        return {
            "name": self.other,
            "how": self.how,
            **{name: asdict(found.other) for name, found in self.metrics.items()},
            **{name: {"value": found.other} for name, found in self.totals.items()},
        }

    def differences(self) -> dict[str, Any]:
        """Return model minus other for each metric."""
        return {name: asdict(found.difference) for name, found in self.metrics.items()}

    def slice_documents(self) -> dict[str, Any]:
        """Return the deciding metric of each slice; the other stands under `baseline`, whoever it is."""
        return {
            name: {
                "cases": found.cases,
                "model": asdict(found.model),
                "baseline": asdict(found.other),
                "difference": asdict(found.difference),
            }
            for name, found in self.slices.items()
        }


def compare(
    model: CaseScores, other: CaseScores, metric: str, *, name: str, how: str, resamples: int, seed: int
) -> Against:
    """Compare two models case by case; intervals by bootstrap over cases, the same resamples for both (paired).

    Args:
        metric: The metric that is looked at inside slices.
        name, how: Who the other is and how it took part.

    Source:
        Efron and Tibshirani (1993), An Introduction to the Bootstrap, percentile interval; paired as in Koehn (2004).
    """
    names = list(model.metrics)
    own = np.column_stack([model.metrics[one] for one in names])
    theirs = np.column_stack([other.metrics[one] for one in names])
    every = _comparisons(own, theirs, resamples, seed)
    totals = {one: Total(value, other.totals[one]) for one, value in model.totals.items()}
    deciding, slices = [names.index(metric)], {}
    for group, members in model.slices.items():
        if members.any():
            slices[group] = _comparisons(own[members][:, deciding], theirs[members][:, deciding], resamples, seed)[0]
    return Against(name, how, dict(zip(names, every, strict=True)), totals, slices)


def _comparisons(
    own: npt.NDArray[np.float64], theirs: npt.NDArray[np.float64], resamples: int, seed: int
) -> list[Comparison]:
    """Return one comparison for each column of values; shapes (cases, metrics)."""
    cases, count = own.shape
    parts = np.hstack([own, theirs, own - theirs])
    low, high = intervals(parts, resamples, seed)
    bounds = zip(parts.mean(axis=0).tolist(), low.tolist(), high.tolist(), strict=True)
    found = [Interval(*one) for one in bounds]
    errors = ((own - theirs).std(axis=0, ddof=1) / np.sqrt(cases)).tolist() if cases > 1 else [None] * count
    rows = zip(found[:count], found[count : 2 * count], found[2 * count :], errors, strict=True)
    return [Comparison(cases, *row) for row in rows]


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
