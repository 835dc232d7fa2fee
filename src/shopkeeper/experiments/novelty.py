"""Whether an effect fades as shoppers get used to a change, or grows as they learn: by days since they first saw it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from shopkeeper.errors import NotEnoughData
from shopkeeper.experiments.analysis_record import Trend
from shopkeeper.experiments.arms import Form
from shopkeeper.experiments.moments import Array, Sums


@dataclass(frozen=True, slots=True)
class AgedEffect:
    """The relative effect on one day since exposure, with its interval for that day alone."""

    day: int
    effect: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Novelty:
    """How an effect goes with the days since exposure.

    Attributes:
        days: Day 0 is the day of the first exposure.
        slope: Change of the relative effect a day, least squares over the days.
        p: Two-sided, of the slope being 0.
        settled: Mean effect over the last third of the days, with its interval; what is left when the news is over.
    """

    days: tuple[AgedEffect, ...]
    slope: float
    slope_low: float
    slope_high: float
    p: float
    settled: float
    settled_low: float
    settled_high: float
    trend: Trend


def novelty(epochs: Sequence[tuple[Sums, Sums]], form: Form = "mean", alpha: float = 0.05) -> Novelty:
    """Return the trend of the relative effect over days since exposure.

    The same units are seen on every day, so their days hang together; the covariance of the daily effects is kept and
    every figure is a weighted sum of them with its own error. Epochs are compared each by itself and weighted by their
    units; one that cannot say anything is left out.

    Args:
        epochs: Of control and treatment of each, sums of k figures, the metric of a unit on day 0, 1, ... k - 1 since
            its first exposure, over units that were seen for k days or longer; younger ones would bend the curve.
        form: Of a ratio the sums are of 2k figures, the numerators of k days and then their denominators.

    Raises:
        NotEnoughData: fewer than three days, or in every epoch a day on which the control shows nothing.
    """
    said, silent = [], []
    for control, treatment in epochs:
        try:
            said.append((control.n + treatment.n, *_daily_effects(_days(form, control), _days(form, treatment))))
        except NotEnoughData as error:
            silent.append(error)
    if not said:
        raise silent[0] if silent else NotEnoughData("Nobody was seen.", "Wait until units have been seen for days.")
    shares = [n / sum(n for n, _, _ in said) for n, _, _ in said]
    effects: Array = np.sum([w * one for w, (_, one, _) in zip(shares, said, strict=True)], axis=0)
    covariance: Array = np.sum([w**2 * one for w, (_, _, one) in zip(shares, said, strict=True)], axis=0)
    return _trend_of(effects, covariance, alpha)


def _days(form: Form, sums: Sums) -> Sums:
    """Return sums whose means are the metric of each day; of a ratio with their covariance by the delta method."""
    if form != "ratio":
        return sums
    days = len(sums.totals) // 2
    over = sums.means[days:]
    if (over == 0).any():
        day = int(np.flatnonzero(over == 0)[0])
        raise NotEnoughData(f"Nothing to divide by was seen on day {day} after exposure.", "Take more units.")
    ratio = sums.means[:days] / over
    slopes = np.hstack([np.diag(1 / over), np.diag(-ratio / over)])
    covariance = slopes @ sums.covariance @ slopes.T
    return Sums(sums.n, sums.n * ratio, (sums.n - 1) * covariance + sums.n * np.outer(ratio, ratio))


def _daily_effects(control: Sums, treatment: Sums) -> tuple[Array, Array]:
    """Return the relative effect of each day, shape (k,), and their covariance, shape (k, k)."""
    days = len(control.totals)
    if days < 3 or control.n < 2 or treatment.n < 2:
        raise NotEnoughData(
            f"A trend over {days} days of {control.n} and {treatment.n} units says nothing.",
            "Give three days or more, and two units or more in each arm.",
        )
    if (control.means == 0).any():
        day = int(np.flatnonzero(control.means == 0)[0])
        raise NotEnoughData(
            f"Nothing was seen in the control on day {day} after exposure.", "Sum days up to weeks, or take more units."
        )
    base = np.abs(control.means)
    effects = (treatment.means - control.means) / base
    return effects, _scaled(treatment, 1 / base) + _scaled(control, treatment.means / (base * control.means))


def _trend_of(effects: Array, covariance: Array, alpha: float) -> Novelty:
    days = len(effects)
    z = -float(scipy.special.ndtri(alpha / 2))
    errors = np.sqrt(np.diag(covariance))
    centred = np.arange(days) - (days - 1) / 2
    slope, slope_error = _weighed(centred / (centred @ centred), effects, covariance)
    last = max(days // 3, 1)
    settled, settled_error = _weighed(np.where(np.arange(days) >= days - last, 1 / last, 0.0), effects, covariance)
    p = 2 * float(scipy.special.ndtr(-abs(slope) / slope_error)) if slope_error > 0 else 1.0
    return Novelty(
        tuple(
            AgedEffect(day, float(one), float(one - z * error), float(one + z * error))
            for day, (one, error) in enumerate(zip(effects, errors, strict=True))
        ),
        slope,
        slope - z * slope_error,
        slope + z * slope_error,
        p,
        settled,
        settled - z * settled_error,
        settled + z * settled_error,
        _trend(slope, float(effects.mean())) if p < alpha else "no trend found",
    )


def _trend(slope: float, mean: float) -> Trend:
    return "grows" if slope * mean > 0 else "fades"


def _scaled(sums: Sums, factor: Array) -> Array:
    """Return the covariance of means that are each multiplied by a factor."""
    return np.asarray(sums.covariance / sums.n * np.outer(factor, factor))


def _weighed(weights: npt.NDArray[np.float64], effects: Array, covariance: Array) -> tuple[float, float]:
    return float(weights @ effects), math.sqrt(max(float(weights @ covariance @ weights), 0.0))
