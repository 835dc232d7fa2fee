"""One price slope for a whole category, with the effects of pairs, calendar and controls: Poisson, fitted by scoring.

The slope of a single pair is afterwards looked for as a deviation from here, over the part of its price that pairs,
calendar and controls do not explain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.pricing.demand.fixed_effects import Effects

Floats = npt.NDArray[np.float64]

ITERATIONS: Final = 8
SETTLED: Final = 2e-3
"""Change of a coefficient at which scoring stops."""
BULK: Final = 12.0
"""Standard deviations above the mean at which a cell's units are cut off: orders of another kind than the shelf's."""
REACH: Final = 6.0
"""How far from a pair's mean, in log units, a fitted cell may lie."""


@dataclass(frozen=True, slots=True)
class PooledFit:
    """A category's fit.

    Attributes:
        names: Of the columns, the price first.
        slopes: Coefficient of each column, shape (k,).
        covariance: Of the coefficients, clustered by product, whose cells depend on each other over stores and time.
        columns: What effects leave of each column, shape (k, pairs, periods).
        units: Units as fitted, bulk orders cut off.
        residual: What effects and columns leave of the working response.
        expected: Expected units of each cell.
        weights: Weight of each cell in the normal equations, 0 where it does not count.
        overdispersion: `k` in variance = mean + k mean^2.
    """

    names: tuple[str, ...]
    slopes: Floats
    covariance: Floats
    columns: Floats
    units: Floats
    residual: Floats
    expected: Floats
    weights: Floats
    overdispersion: float

    def of_pairs(self, cut: slice | npt.NDArray[np.bool_]) -> PooledFit:
        """Return the fit of some pairs; coefficients stay."""
        return replace(
            self, columns=self.columns[:, cut], units=self.units[cut], residual=self.residual[cut],
            expected=self.expected[cut], weights=self.weights[cut],
        )  # fmt: skip


def fit_pooled(
    units: Floats,
    exposure: Floats,
    columns: dict[str, Floats],
    effects: Effects,
    cluster: npt.NDArray[np.integer],
    more: Callable[[Floats], dict[str, Floats]] | None = None,
) -> PooledFit:
    """Return the fit of log mean units = log exposure + effects + columns.

    Scoring with weights mean / (1 + k mean), the weights of a negative binomial: right for counts of any size, and with
    large `k` for volumes, where all cells weigh the same. Consistent whatever the distribution is, as long as the mean
    is as written.

    Args:
        units: Shape (pairs, periods).
        exposure: 0 where a cell does not count.
        columns: The price first; each of the same shape.
        effects: What is taken out beside.
        cluster: Of each pair, for the standard errors.
        more: Makes further columns of the expected units once they are known roughly.

    Source:
        Correia, Guimaraes, Zylkin (2020), Fast Poisson estimation with high-dimensional fixed effects.
    """
    counted = exposure > 0
    names = list(columns)
    kept = np.stack([np.where(counted, columns[name], 0.0) for name in names])
    shown = exposure.sum(axis=1)
    level = np.log(np.maximum(units.sum(axis=1, where=counted), 0.5) / np.maximum(shown, 1e-9))[:, None]
    log_mean = np.broadcast_to(level, units.shape).copy()
    response = np.zeros_like(log_mean)
    left = np.zeros((1, *log_mean.shape))
    slopes, spread, tame = np.zeros(len(kept)), 0.0, units
    for iteration in range(ITERATIONS):
        mean = exposure * np.exp(log_mean)
        if iteration == 1 and more is not None:
            added = more(mean)
            names += list(added)
            kept = np.concatenate([kept, np.stack([np.where(counted, column, 0.0) for column in added.values()])])
            slopes = np.concatenate([slopes, np.zeros(len(added))])
        if iteration >= 1:
            spread = overdispersion(units, mean, counted)
            tame = np.minimum(units, mean + BULK * np.sqrt(mean * (1 + spread * mean)) + BULK)
        weights = mean / (1 + spread * mean)
        working = np.where(
            counted, log_mean + np.divide(tame - mean, mean, where=counted, out=np.zeros_like(mean)), 0.0
        )
        left[0] += working - response
        response = working
        effects.take_out(kept, weights, 3 if iteration else 6)
        effects.take_out(left, weights, 3 if iteration else 6)
        before = slopes
        slopes = _solved(gram(kept, weights), moments(kept, weights * left[0]))
        residual = left[0] - mixed(slopes, kept)
        log_mean = np.clip(working - residual, level - REACH, level + REACH)
        if iteration > 2 and np.abs(slopes - before).max() < SETTLED:
            break
    mean = exposure * np.exp(log_mean)
    return PooledFit(
        names=tuple(names), slopes=slopes, covariance=_sandwich(kept, weights, residual, cluster), columns=kept,
        units=tame, residual=np.where(counted, residual, 0.0), expected=mean, weights=weights, overdispersion=spread,
    )  # fmt: skip


def overdispersion(units: Floats, mean: Floats, counted: npt.NDArray[np.bool_]) -> float:
    """Return `k` of variance = mean + k mean^2 at which squared Pearson residuals come to their number; 0 at least.

    Squares are cut at 25 times their expectation, so that one bulk order does not speak for a category.
    """
    mean, squares = mean[counted], (units[counted] - mean[counted]) ** 2
    low, high = 0.0, 50.0
    for _ in range(24):
        k = (low * high) ** 0.5 if low > 0 else high / 32
        excess = np.minimum(squares / (mean * (1 + k * mean)), 25.0).mean()
        if excess > 1:
            low = k
        else:
            high = k
        if high < 1e-4:
            return 0.0
        if low > 0 and high / low < 1.02:
            break
    return float((low * high) ** 0.5)


def gram(columns: Floats, weights: Floats) -> Floats:
    """Return weighted sums of products of columns, shape (k, k); columns have shape (k, pairs, periods)."""
    flat, found = columns.reshape(len(columns), -1), np.empty((len(columns), len(columns)))
    for k, column in enumerate(columns):
        found[k, : k + 1] = found[: k + 1, k] = flat[: k + 1] @ (weights * column).ravel()
    return found


def mixed(by: Floats, columns: Floats) -> Floats:
    """Return the sum of columns, each times a factor, shape (pairs, periods)."""
    return np.asarray(by @ columns.reshape(len(columns), -1)).reshape(columns.shape[1:])


def moments(columns: Floats, values: Floats) -> Floats:
    """Return the sum of each column's products with values, shape (k,)."""
    return np.asarray(columns.reshape(len(columns), -1) @ values.ravel())


def _solved(gram: Floats, right: Floats) -> Floats:
    """Return the coefficients; 0 for a column without variation of its own."""
    return inverted(gram) @ right


def inverted(gram: Floats) -> Floats:
    """Return the inverse of normal equations, in units free of the columns' scales; 0 for columns that tell nothing."""
    scale = np.sqrt(np.maximum(np.diag(gram), 1e-300))
    there = np.diag(gram) > 1e-9 * max(np.diag(gram).max(), 1e-300)
    found = np.zeros_like(gram)
    inner = np.ix_(there, there)
    unit = gram[inner] / np.outer(scale[there], scale[there])
    found[inner] = np.linalg.pinv(unit, rcond=1e-8, hermitian=True) / np.outer(scale[there], scale[there])
    return found


def explained(fit: PooledFit, column: Floats, by: list[int]) -> Floats:
    """Return the part of a column that some of the fit's columns explain under its weights."""
    if not by:
        return np.zeros_like(column)
    others = fit.columns[by]
    return mixed(inverted(gram(others, fit.weights)) @ moments(others, fit.weights * column), others)


def clustered(scores: Floats, cluster: npt.NDArray[np.integer]) -> Floats:
    """Return the covariance of a sum of scores over clusters; over pairs where there are fewer than eight clusters.

    Args:
        scores: Shape (pairs, k).
        cluster: Of each pair.
    """
    _, number = np.unique(cluster, return_inverse=True)
    if number.max(initial=0) >= 7:
        scores = np.stack([np.bincount(number, score) for score in scores.T], axis=1)
    groups = max(len(scores), 2)
    return np.asarray(scores.T @ scores * groups / (groups - 1))


def regression(
    columns: Floats, weights: Floats, response: Floats, cluster: npt.NDArray[np.integer]
) -> tuple[Floats, Floats]:
    """Return the weighted least-squares coefficients of a response, and their covariance clustered as `clustered` does.

    Args:
        columns: Shape (k, pairs, periods).
        weights, response: Shape (pairs, periods).
        cluster: Of each pair.
    """
    found = _solved(gram(columns, weights), moments(columns, weights * response))
    residual = response - mixed(found, columns)
    return found, _sandwich(columns, weights, residual, cluster)


def _sandwich(columns: Floats, weights: Floats, residual: Floats, cluster: npt.NDArray[np.integer]) -> Floats:
    pull = weights * residual
    scores = np.stack([np.einsum("pt,pt->p", column, pull) for column in columns], axis=1)
    bread = inverted(gram(columns, weights))
    return np.asarray(bread @ clustered(scores, cluster) @ bread)
