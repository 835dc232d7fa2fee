"""How a model does at several moments of the past: one figure from one cut may be luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np

from shopkeeper.errors import NotEnoughData
from shopkeeper.training.ports import DataT, LearningSystem, ModelT, Parameters
from shopkeeper.training.split import TimeSplit, moment_of, rolling_origin

_STEADY = 0.10
_LOUD = 2.0


@dataclass(frozen=True, slots=True)
class Fold:
    """One origin.

    Attributes:
        cutoff: First moment that judges.
        until: Last moment that judges.
        rows: Rows it learned from.
        cases: Questions asked.
        metrics: Mean of each metric.
        baseline: Mean of each metric of the baseline on the same questions.
        error: Standard error of the deciding metric, from the cases of this fold.
    """

    cutoff: datetime
    until: datetime
    rows: int
    cases: int
    metrics: Mapping[str, float]
    baseline: Mapping[str, float]
    error: float


@dataclass(frozen=True, slots=True)
class Spread:
    """One metric over the folds.

    Attributes:
        sd: Standard deviation over the folds, n - 1 below the line.
    """

    mean: float
    sd: float
    low: float
    high: float


@dataclass(frozen=True)
class CrossValidation:
    """What a model was worth at each origin, and how much that varies.

    Attributes:
        metric: The metric that decides.
        stable: The spread over the folds is small, or no more than the doubt inside them explains.
        note: The same in words and figures.
    """

    metric: str
    folds: tuple[Fold, ...]
    spread: Mapping[str, Spread]
    stable: bool
    note: str

    @property
    def mean(self) -> float:
        """The deciding metric, mean over the folds."""
        return self.spread[self.metric].mean

    def document(self) -> dict[str, Any]:
        """Return everything as plain values."""
        dates = ("cutoff", "until")
        return {
            "metric": self.metric,
            "folds": [
                {**asdict(fold), **{name: getattr(fold, name).isoformat() for name in dates}} for fold in self.folds
            ],
            "spread": {name: asdict(one) for name, one in self.spread.items()},
            "stable": self.stable,
            "note": self.note,
        }


def cross_validate(
    system: LearningSystem[DataT, ModelT],
    model: str,
    parameters: Parameters,
    data: DataT,
    *,
    folds: int = 4,
    gap_seconds: float = 0.0,
    seed: int,
) -> CrossValidation:
    """Fit and judge at `folds` moments, each time on all that came before, and say how much the figures vary.

    Args:
        data: Rows before the test part, so that the test stays untouched.
        folds: How many origins, at least 2; the oldest half of the rows only teaches.

    Raises:
        NotEnoughData: a fold has nothing to learn from or nobody to ask.
    """
    cuts = rolling_origin(system.times(data), folds, gap_seconds=gap_seconds)
    done = tuple(judge_fold(system, model, parameters, data, cut, seed) for cut in cuts)
    return summarise(system.metric, done)


def judge_fold(
    system: LearningSystem[DataT, ModelT],
    model: str,
    parameters: Parameters,
    data: DataT,
    cut: TimeSplit,
    seed: int,
) -> Fold:
    """Fit a model and the baseline before one origin and judge both on the step after it."""
    times = system.times(data)
    past, until = system.take(data, cut.train), int(times[cut.test].max())
    exam = system.exam(system.take(data, times <= until), cut.cutoff, seed)
    if not len(exam):
        raise NotEnoughData(
            f"No {system.nouns.subjects} {system.nouns.asked} {cut.moment:%Y-%m-%d %H:%M} and before"
            f" {moment_of(until):%Y-%m-%d %H:%M}.",
            "Use fewer folds, or import more history.",
        )
    own = exam.score(system.fit(model, past, parameters, seed)).metrics
    other = own if model == system.baseline else exam.score(system.fit(system.baseline, past, {}, seed)).metrics
    deciding = own[system.metric]
    return Fold(
        cutoff=cut.moment,
        until=moment_of(until),
        rows=int(cut.train.sum()),
        cases=len(exam),
        metrics={name: float(values.mean()) for name, values in own.items()},
        baseline={name: float(values.mean()) for name, values in other.items()},
        error=float(deciding.std(ddof=1) / np.sqrt(len(deciding))) if len(deciding) > 1 else float("inf"),
    )


def summarise(metric: str, folds: Sequence[Fold]) -> CrossValidation:
    """Return the spread over folds and what it means."""
    spread = {}
    for name in folds[0].metrics:
        values = np.array([fold.metrics[name] for fold in folds])
        sd = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        spread[name] = Spread(float(values.mean()), sd, float(values.min()), float(values.max()))
    stable, note = _note(metric, folds, spread[metric])
    return CrossValidation(metric, tuple(folds), spread, stable, note)


def _note(metric: str, folds: Sequence[Fold], found: Spread) -> tuple[bool, str]:
    """Say whether the folds agree: by their spread, by the doubt inside them, by the baseline."""
    share = found.sd / found.mean if found.mean else float("inf")
    doubt = float(np.sqrt(np.mean([fold.error**2 for fold in folds])))
    explained = found.sd <= _LOUD * doubt
    stable = share <= _STEADY or explained
    wins = sum(fold.metrics[metric] > fold.baseline[metric] for fold in folds)
    worst = min(folds, key=lambda fold: fold.metrics[metric])
    words = f"{metric} {found.mean:.4f} on average, {found.low:.4f} to {found.high:.4f} over {len(folds)} folds"
    words += f" (sd {found.sd:.4f}, {share:.0%} of the mean; chance alone gives about {doubt:.4f}). "
    if stable:
        words += "Stable."
    else:
        words += (
            f"Not stable: from {worst.cutoff:%Y-%m-%d} to {worst.until:%Y-%m-%d} it was {worst.metrics[metric]:.4f}."
        )
    return stable, f"{words} Above the baseline in {wins} of {len(folds)} folds."
