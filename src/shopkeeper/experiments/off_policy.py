"""What another policy would have earned, from the log of the one that answered and the chances it answered with.

Rewards are weighted by how much likelier the other policy would have made the same answer. Where it would have answered
differently most of the time, a few rows carry everything: then the estimate is refused, with the reason.

Source:
    Horvitz, Thompson (1952) for IPS; Swaminathan, Joachims (2015) for SNIPS; Dudik, Langford, Li (2011) for DR; Wang,
    Agarwal, Dudik (2017) for switch-DR; Kish (1965) for the effective sample size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import InputError

Array = npt.NDArray[np.float64]
Estimator = Literal["ips", "snips", "dr", "switch_dr"]
Conclusion = Literal["better", "worse", "inconclusive", "refused", "not identified"]

LEAST_EFFECTIVE: Final = 100.0
"""Rows that the weighted log must be worth; below it nothing is concluded."""
LEAST_SHARE: Final = 0.01
"""The same as a share of all rows."""
LEAST_SUPPORT: Final = 0.9
"""Share of the other policy's answers that must surely not be short of having had a chance in the log."""
LEAST_REWARDS: Final = 30.0
"""Rewards that the weighted rewards must be worth; below it an interval by resampling is no interval."""
_MOST_CELLS: Final = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class LoggedAnswers:
    """Answers that were given, one row each; shape (n,) each.

    Attributes:
        rewards: What came of it, such as 1 for a click.
        propensities: Chance with which the policy that answered gave this answer, 0 to 1.
        target: Chance with which the other policy would have given the same answer.
        model: Reward foretold for the answer given; None without a model of rewards.
        model_target: Reward foretold for the other policy: its mean over what it would have answered.
        units: Whose answer it was, as whole numbers from 0; rows of one unit are resampled together. None = each row is
            its own.
    """

    rewards: Array
    propensities: Array
    target: Array
    model: Array | None = None
    model_target: Array | None = None
    units: npt.NDArray[np.intp] | None = None

    def __post_init__(self) -> None:
        bad = (self.propensities <= 0) | (self.propensities > 1) | (self.target < 0) | (self.target > 1)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise InputError(
                f"Row {row + 1} has the propensity {self.propensities[row]:g} and the target {self.target[row]:g}.",
                "A propensity lies above 0 and up to 1, a chance of the target between 0 and 1.",
            )
        if not len(self.rewards):
            raise InputError("The log has no rows.", "Give answers that were logged with their propensities.")


@dataclass(frozen=True, slots=True)
class Options:
    """How weights are tamed.

    Attributes:
        clip: Largest weight that counts; infinity = none is cut. Cutting trades variance for bias, downwards.
        switch: Weight above which switch-DR trusts the model of rewards alone.
    """

    clip: float = math.inf
    switch: float = 10.0
    draws: int = 1_000
    alpha: float = 0.05
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """Value of the other policy by one estimator with its interval; `relative` to the policy that answered."""

    value: float
    low: float
    high: float
    relative: float
    relative_low: float
    relative_high: float


@dataclass(frozen=True, slots=True)
class OffPolicy:
    """What can be said of a policy that did not answer.

    Attributes:
        rows: Rows of the log.
        logged: Mean reward of the policy that answered.
        effective: Rows the weighted log is worth (Kish).
        effective_rewards: Rewards the weighted rewards are worth.
        mean_weight: 1 where propensities are right and every answer of the other policy could have been given; else the
            share of its answers that could.
        clipped: Share of rows whose weight was cut.
        estimates: By estimator; without a model of rewards the first two.
        conclusion: By the interval of SNIPS, which believes no model of rewards.
        why: In words.
    """

    rows: int
    logged: float
    effective: float
    effective_rewards: float
    mean_weight: float
    largest_weight: float
    clipped: float
    estimates: dict[Estimator, Estimate]
    conclusion: Conclusion
    why: str


def effective_size(weights: Array) -> float:
    """Return what weighted rows are worth: `sum(w)^2 / sum(w^2)`; 0 without weight."""
    squares = float(weights @ weights)
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0


def evaluate(log: LoggedAnswers, options: Options = Options()) -> OffPolicy:
    """Return the value of the other policy with intervals by resampling units, or why nothing can be concluded."""
    whole = log.target / log.propensities
    weights = np.minimum(whole, options.clip)
    estimates, support = _estimates(log, weights, whole, options)
    effective, of_rewards = effective_size(whole), effective_size(whole * np.abs(log.rewards))
    conclusion, why = _conclusion(log, effective, of_rewards, support, estimates)
    return OffPolicy(
        rows=len(whole),
        logged=float(log.rewards.mean()),
        effective=effective,
        effective_rewards=of_rewards,
        mean_weight=float(whole.mean()),
        largest_weight=float(whole.max()),
        clipped=float((whole > options.clip).mean()),
        estimates=estimates,
        conclusion=conclusion,
        why=why,
    )


def identified(log: LoggedAnswers) -> bool:
    """Say whether the log explored at all: some answer was given by chance, so others might have been given."""
    return bool((log.propensities < 1).any()) or bool((log.target == 1).all())


def _conclusion(
    log: LoggedAnswers, effective: float, of_rewards: float, support: float, estimates: dict[Estimator, Estimate]
) -> tuple[Conclusion, str]:
    rows = len(log.rewards)
    if not identified(log):
        return "not identified", (
            f"All {rows:,} answers were given with certainty, so nothing is known of what else could have been"
            " answered; log some exploration with its propensities"
        )
    if effective < LEAST_EFFECTIVE or effective < LEAST_SHARE * rows:
        return "refused", (
            f"Poor overlap: the {rows:,} rows are worth {effective:,.0f} for this policy, which mostly answers what was"
            f" hardly ever logged; at least {max(LEAST_EFFECTIVE, LEAST_SHARE * rows):,.0f} are needed"
        )
    if support < LEAST_SUPPORT:
        return "refused", (
            f"Poor support: at most {100 * support:.0f}% of what this policy would answer had a chance in the log, and"
            f" {100 * LEAST_SUPPORT:.0f}% are needed; let exploration draw from more results"
        )
    found = estimates["snips"]
    said = f"{100 * found.relative_low:+.1f}% to {100 * found.relative_high:+.1f}% of the logged value by SNIPS"
    if of_rewards < LEAST_REWARDS:
        logged = int((log.rewards != 0).sum())
        return "inconclusive", (
            f"Few rewards: the {logged:,} in the log are worth {of_rewards:.0f} for this policy, and"
            f" {LEAST_REWARDS:.0f} are needed ({said})"
        )
    if found.relative_low > 0:
        return "better", said
    return ("worse", said) if found.relative_high < 0 else ("inconclusive", f"The interval holds no change: {said}")


def _estimates(
    log: LoggedAnswers, weights: Array, whole: Array, options: Options
) -> tuple[dict[Estimator, Estimate], float]:
    """Return each estimator over all rows with its quantiles over resampled units, and the mean weight's upper end.

    Every estimator is a ratio of sums over rows, so a resample only weighs those sums anew.
    """
    one = np.ones_like(weights)
    parts: dict[Estimator, tuple[Array, Array]] = {
        "ips": (weights * log.rewards, one),
        "snips": (weights * log.rewards, weights),
    }
    if log.model is not None and log.model_target is not None:
        residual = log.rewards - log.model
        parts["dr"] = (log.model_target + weights * residual, one)
        switched = np.where(weights <= options.switch, weights, 0.0)
        parts["switch_dr"] = (log.model_target + switched * residual, one)
    columns = np.column_stack([log.rewards, one, *(column for pair in parts.values() for column in pair), whole])
    sums = _resampled(_by_unit(columns, log.units), options)
    totals = columns.sum(axis=0)
    found = {name: _interval(totals, sums, 2 + 2 * place, options.alpha) for place, name in enumerate(parts)}
    with np.errstate(divide="ignore", invalid="ignore"):
        return found, float(np.nanquantile(sums[:, -1] / sums[:, 1], 1 - options.alpha / 2))


def _by_unit(columns: Array, units: npt.NDArray[np.intp] | None) -> Array:
    if units is None:
        return columns
    return np.column_stack([np.bincount(units, weights=column) for column in columns.T])


def _resampled(columns: Array, options: Options) -> Array:
    """Return the sums of columns over resampled units; shape (draws, columns).

    Each unit counts a Poisson(1) number of times, which is resampling with replacement where units are many.

    Source:
        Chamandy, Muralidharan, Najmi, Naidu (2012), Estimating Uncertainty for Massive Data Streams.
    """
    rng = np.random.default_rng(options.seed)
    sums = np.zeros((options.draws, columns.shape[1]))
    step = max(_MOST_CELLS // options.draws, 1)
    for start in range(0, len(columns), step):
        part = columns[start : start + step]
        sums += rng.poisson(1.0, (options.draws, len(part))).astype(np.float64) @ part
    return sums


def _interval(whole: Array, sums: Array, place: int, alpha: float) -> Estimate:
    value, logged = float(whole[place] / whole[place + 1]), float(whole[0] / whole[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        values = sums[:, place] / sums[:, place + 1]
        relative = values / (sums[:, 0] / sums[:, 1]) - 1
    ends = (alpha / 2, 1 - alpha / 2)
    low, high = (float(end) for end in np.nanquantile(values, ends))
    usable = relative[np.isfinite(relative)]
    relative_low, relative_high = (
        (float(end) for end in np.quantile(usable, ends)) if len(usable) else (-math.inf, math.inf)
    )
    return Estimate(value, low, high, value / logged - 1 if logged else math.nan, relative_low, relative_high)
