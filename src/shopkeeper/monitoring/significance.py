"""How surely two samples differ. Significance alone is no drift: with many rows everything is significant."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

Sample = npt.NDArray[np.float64]
_SAME: Final = 1e-12
DistanceOfSamples = Callable[[Sample, Sample], float]


class Tested(NamedTuple):
    """What a test found.

    Attributes:
        statistic: Of the test, see the function.
        p: Chance of a statistic at least as extreme if nothing had changed.
    """

    statistic: float
    p: float


TestOfSamples = Callable[[Sample, Sample], Tested]


def chi_square(reference: npt.ArrayLike, current: npt.ArrayLike) -> Tested:
    """Test counts against what the reference's shares lead to expect (goodness of fit; the reference has no error).

    Args:
        reference: Counts or shares by category, none of them 0; shape (n,).
        current: Counts by category; shape (n,).
    """
    held, known = np.asarray(current, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    found = stats.chisquare(held, known / known.sum() * held.sum())
    return Tested(float(found.statistic), float(found.pvalue))


def chi_square_two(reference: npt.ArrayLike, current: npt.ArrayLike) -> Tested:
    """Test whether two samples of counts come from one distribution (contingency table, no continuity correction)."""
    found = stats.chi2_contingency(_table(reference, current), correction=False)
    return Tested(float(found.statistic), float(found.pvalue))


def g_test(reference: npt.ArrayLike, current: npt.ArrayLike) -> Tested:
    """Test counts against the reference's shares by their likelihood ratio.

    Source:
        Sokal and Rohlf (1995), Biometry, 3rd edition, chapter 17.
    """
    held, known = np.asarray(current, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    found = stats.power_divergence(held, known / known.sum() * held.sum(), lambda_="log-likelihood")
    return Tested(float(found.statistic), float(found.pvalue))


def fisher(reference: npt.ArrayLike, current: npt.ArrayLike) -> Tested:
    """Test two counts of a column with two values exactly; the statistic is the odds ratio."""
    found = stats.fisher_exact(np.vstack([np.asarray(reference), np.asarray(current)]))
    return Tested(float(found.statistic), float(found.pvalue))


def kolmogorov_smirnov(reference: Sample, current: Sample) -> Tested:
    """Test two samples by the largest distance of their cumulated shares."""
    found = stats.ks_2samp(reference, current)
    return Tested(float(found.statistic), float(found.pvalue))


def anderson_darling(reference: Sample, current: Sample) -> Tested:
    """Test two samples by the distance of their cumulated shares, tails weighted; p lies within 0.001 and 0.25.

    Source:
        Scholz and Stephens (1987), Journal of the American Statistical Association 82, p interpolated from their table.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that p is at the end of the table, which the docstring says
        found = stats.anderson_ksamp([reference, current], variant="midrank")
    return Tested(float(found.statistic), float(found.pvalue))


def mann_whitney(
    reference: Sample, current: Sample, alternative: Literal["two-sided", "less", "greater"] = "two-sided"
) -> Tested:
    """Test whether values of one sample tend to be larger than those of the other; ties share their rank.

    Args:
        alternative: Whether the reference is looked for on both sides of the current values, below, or above them.
    """
    found = stats.mannwhitneyu(reference, current, alternative=alternative)
    return Tested(float(found.statistic), float(found.pvalue))


def cramer_von_mises(reference: Sample, current: Sample) -> Tested:
    """Test two samples by the mean squared distance of their cumulated shares."""
    found = stats.cramervonmises_2samp(reference, current)
    return Tested(float(found.statistic), float(found.pvalue))


def permutation_test(
    reference: Sample, current: Sample, distance: DistanceOfSamples, *, rounds: int, seed: int
) -> Tested:
    """Test any distance by drawing anew who belongs to which sample; the statistic is the distance itself.

    A draw as far apart as the samples counts half (mid-p), as counts have many such ties.

    Args:
        rounds: Draws; p is known to about sqrt(p (1 - p) / rounds).
    """
    seen, pooled = distance(reference, current), np.concatenate([reference, current])
    draw = np.random.default_rng(seed)
    beyond = 0.0
    for _ in range(rounds):
        mixed = draw.permutation(pooled)
        apart = distance(mixed[: len(reference)], mixed[len(reference) :]) - seen
        beyond += 0.5 if abs(apart) <= _SAME else float(apart > 0)
    return Tested(seen, beyond / rounds)


def psi_threshold(bins: int, reference: float, current: float, p: float) -> float:
    """Return the PSI that chance alone passes with probability `p`: chi-square quantile (bins - 1) x (1/N + 1/M).

    This answers the complaint that 0.1 and 0.25 ignore how many rows there are.

    Args:
        reference: Rows of the reference, N.
        current: Rows of now, M.
    Source:
        Yurdakul (2018), Statistical Properties of Population Stability Index, Western Michigan University.
    """
    return float(stats.chi2.isf(p, max(bins - 1, 1)) * (1 / reference + 1 / current))


def sampling_error(values: npt.ArrayLike, rows: float, share: float = 1.0) -> float:
    """Return the standard error of a mean over `rows` rows, from the spread of its values in the reference.

    A metric within three of these of its reference has not been shown to have changed.

    Args:
        values: What each row of the reference contributes, such as its absolute error; shape (n,).
        share: Share of rows that contribute, such as those predicted positive for a precision.
    """
    return float(np.std(np.asarray(values, dtype=np.float64)) / np.sqrt(rows * share))


def root_sampling_error(values: npt.ArrayLike, rows: float) -> float:
    """Return the standard error of the root of a mean, such as of RMSE, by the delta method."""
    held = np.asarray(values, dtype=np.float64)
    return float(sampling_error(held, rows) / (2 * np.sqrt(held.mean())))


def _table(reference: npt.ArrayLike, current: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return both rows of counts without categories that neither has."""
    table = np.vstack([np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)])
    return table[:, table.sum(axis=0) > 0]
