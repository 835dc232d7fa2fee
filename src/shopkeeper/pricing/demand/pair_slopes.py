"""The price slope of each pair by itself, as a deviation from its category's.

The category's slope comes from what calendar and controls do not explain of price and sales. What a pair's slope
differs by acts on all moves of its own price, so it is told by all of them: sales are net of the calendar already, and
much of what prices do they do together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.pricing.demand.controls import CARRY, MOMENTUM, PRICE, PROMO, QUIET, summed, trailing
from shopkeeper.pricing.demand.pooled import PooledFit, gram, inverted, mixed, moments

Floats = npt.NDArray[np.float64]

BLOCKS: Final = 5
"""Blocks of time; what is taken out of one was learnt from the others."""
CHUNK: Final = 512
"""Pairs worked on together: their cells fit the processor's cache."""
STEPS: Final = 4
"""Newton steps; from the category's slope a fifth changes the third decimal."""
TREND_SPREAD: Final = 0.3
"""Prior standard deviation of a pair's own trend, log units from the middle of the history to an end."""
LEAST_DISPERSION: Final = 0.1
USUAL_CELLS: Final = 30.0
"""Cells of a pair's own that weigh as much as its category, when its dispersion is told."""


@dataclass(frozen=True, slots=True)
class Residuals:
    """A category's cells with what calendar and controls explain taken out of price and sales.

    Attributes:
        price: Log price not explained, shape (pairs, periods), 0 where a cell does not count.
        promo: The same of promotion; None without one.
        expected: Units expected at the pooled fit's slope.
        slope: The category's, over the price not explained.
    """

    price: Floats
    promo: Floats | None
    expected: Floats
    slope: float

    def of_pairs(self, cut: slice | npt.NDArray[np.bool_]) -> Residuals:
        """Return those of some pairs."""
        promo = self.promo[cut] if self.promo is not None else None
        return Residuals(self.price[cut], promo, self.expected[cut], self.slope)


@dataclass(frozen=True, slots=True)
class PairSlopes:
    """What the cells of each pair say, as if its slope had been observed once with an error.

    Attributes:
        slope: Shape (pairs,).
        variance: Its sampling variance; infinite where price did not move.
        promo: The pair's own deviation of the effect of promotion, and its variance.
        dispersion: Variance over its model's, serial dependence included.
        shared: Variance of the mean slope of a product over that of independent pairs, less one: above nought where
            luck of the product is in all of its stores, below where it cancels out between them.
    """

    slope: Floats
    variance: Floats
    promo: Floats
    promo_variance: Floats
    dispersion: Floats
    shared: float = 0.0

    def where(self, told: npt.NDArray[np.bool_]) -> PairSlopes:
        """Return the same, with nothing said of slopes elsewhere."""
        return replace(self, variance=np.where(told, self.variance, np.inf))


def cross_fitted(fit: PooledFit) -> Residuals:
    """Take calendar and controls out of log price and sales, each block of time by coefficients of the other blocks.

    Effects of pairs and periods are out of the columns already. The price of the period before stays in the price: it
    would take along most of what a price that seldom moves can teach.
    """
    names = list(fit.names)
    explain = [n for n, name in enumerate(names) if name not in {PRICE, CARRY}]
    promo_by = [n for n in explain if names[n] != PROMO]
    price = fit.columns[0].copy()
    promo = fit.columns[names.index(PROMO)].copy() if PROMO in names else None
    shift = np.zeros_like(price)
    periods = price.shape[1]
    blocks = [slice(part[0], part[-1] + 1) for part in np.array_split(np.arange(periods), min(BLOCKS, periods))]
    response = fit.residual + mixed(fit.slopes, fit.columns)
    cut = [(np.ascontiguousarray(fit.columns[:, :, block]), fit.weights[:, block]) for block in blocks]
    grams = [gram(columns, weights) for columns, weights in cut]
    rights = [moments(cells[0], cells[1] * response[:, block]) for cells, block in zip(cut, blocks, strict=True)]
    whole, right = np.sum(grams, axis=0), np.sum(rights, axis=0)
    for block, (columns, _), inner, own in zip(blocks, cut, grams, rights, strict=True):
        rest = whole - inner
        change = inverted(rest) @ (right - own) - fit.slopes
        change[0] = 0.0
        shift[:, block] = mixed(change, columns)
        price[:, block] -= mixed(_by_others(rest, explain, 0), columns)
        if promo is not None:
            promo[:, block] -= mixed(_by_others(rest, promo_by, names.index(PROMO)), columns)
    moved = float((fit.weights * price * price).sum())
    beyond = float((fit.weights * price * (fit.residual - shift)).sum()) / moved if moved > 0 else 0.0
    return Residuals(price, promo, fit.expected * np.exp(np.clip(shift, -1.0, 1.0)), float(fit.slopes[0]) + beyond)


def _by_others(rest: Floats, others: list[int], column: int) -> Floats:
    """Return the coefficients by which some columns explain another, nought for all the rest, shape (k,)."""
    found = np.zeros(len(rest))
    if others:
        found[others] = inverted(rest[np.ix_(others, others)]) @ rest[others, column]
    return found


def dispersions(fit: PooledFit) -> Floats:
    """Return each pair's squared Pearson residuals over their number, drawn to its category's.

    Never near nought: a category with a cell or two a pair is fitted exactly, and that is no evidence of no chance.
    """
    counted = fit.weights > 0
    variance = np.where(counted, fit.expected * (1 + fit.overdispersion * fit.expected), 1.0)
    squares = np.where(counted, np.minimum((fit.units - fit.expected) ** 2 / variance, 25.0), 0.0).sum(axis=1)
    cells = np.maximum(counted.sum(axis=1) - 3.0, 1.0)
    usual = squares.sum() / cells.sum()
    return np.asarray(np.maximum((squares + USUAL_CELLS * usual) / (cells + USUAL_CELLS), LEAST_DISPERSION))


def dependence(fit: PooledFit, price: Floats, deviation: Floats, cluster: npt.NDArray[np.integer]) -> float:
    """Return how much more sums of scores over clusters and eight periods vary than independent scores would.

    Args:
        fit: Of some pairs.
        price: Their log price from its level and trend.
        deviation: Of their slopes from the category's, or it would pass for dependence.
        cluster: Of each pair, such as its product.
    """
    scores = fit.weights * (fit.residual - deviation[:, None] * price) * price
    periods = scores.shape[1]
    alone = (scores**2).sum()
    if alone <= 0:
        return 1.0
    _, number = np.unique(cluster, return_inverse=True)
    together = summed(scores, number, int(number.max()) + 1)
    if periods < 24:
        return float((together**2).sum() / alone)
    edges = np.arange(0, periods, 8)
    blocks = np.add.reduceat(together, edges, axis=1)
    return float((blocks**2).sum() / alone * len(edges) / (len(edges) - 1))


def net_of_momentum(fit: PooledFit, price: Floats) -> Floats:
    """Return the price as a pair's deviation acts on it, once recent sales are held fixed.

    Recent sales were measured net of the category's slope. Of a pair with another slope they still hold the difference
    times its recent prices, and would take that part of its slope for themselves.
    """
    found = price.copy()
    for name, span in MOMENTUM.items():
        if name in fit.names:
            share = trailing(fit.expected * price, span) / (trailing(fit.expected, span) + QUIET)
            found -= fit.slopes[fit.names.index(name)] * share
    return np.where(fit.weights > 0, found, 0.0)


@dataclass(frozen=True, slots=True)
class Prior:
    """Where a pair's coefficients are looked for.

    Attributes:
        slope: Mean of the slope, `spread` its standard deviation.
        promo_spread: Standard deviation of the effect of promotion around the category's.
        basis: What each pair has a free level (and trend) for, shape (b, periods).
    """

    slope: float
    spread: float
    promo_spread: float
    basis: Floats


def pair_slopes(residuals: Residuals, fit: PooledFit, dispersion: Floats, prior: Prior) -> PairSlopes:
    """Return each pair's slope by Newton steps under a normal prior, with the prior taken out again at the end.

    The prior keeps pairs with few sales from running away: where a free fit has no maximum, the score at the prior's
    mode still tells how far the data pull, and how strongly.

    Args:
        residuals, fit: Of the pairs.
        dispersion: Of `dispersions`, shape (pairs,).
        prior: The same for all pairs.
    """
    pairs = len(fit.units)
    found = np.zeros((4, pairs))
    for start in range(0, pairs, CHUNK):
        cut = slice(start, start + CHUNK)
        found[:, cut] = _chunk(residuals.of_pairs(cut), fit.of_pairs(cut), dispersion[cut], prior)
    return PairSlopes(fit.slopes[0] + found[0], found[1], found[2], found[3], dispersion)


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of some pairs, and the columns that their coefficients belong to.

    Attributes:
        basis: The first columns, the same for all pairs, shape (b, periods); `squares` their products.
        own: The other columns, each of shape (pairs, periods).
        told: One over the dispersion, nought where a cell does not count.
    """

    units: Floats
    expected: Floats
    told: Floats
    overdispersion: float
    basis: Floats
    squares: Floats
    own: tuple[Floats, ...]

    @classmethod
    def of(cls, residuals: Residuals, fit: PooledFit, dispersion: Floats, basis: Floats) -> _Cells:
        own = (residuals.price,) if residuals.promo is None else (residuals.price, residuals.promo)
        squares = (basis[:, None] * basis).reshape(-1, basis.shape[1])
        told = np.where(fit.weights > 0, 1 / dispersion[:, None], 0.0)
        return cls(fit.units, residuals.expected, told, fit.overdispersion, basis, squares, own)

    def normal(self, theta: Floats) -> tuple[Floats, Floats]:
        """Return information, shape (pairs, k, k), and score, shape (pairs, k), of each pair at its coefficients."""
        at = len(self.basis)
        mean = theta[:, :at] @ self.basis
        for n, column in enumerate(self.own, at):
            mean += theta[:, n, None] * column
        np.clip(mean, -4.0, 4.0, out=mean)
        np.exp(mean, out=mean)
        mean *= self.expected
        tame = self.told / (1 + self.overdispersion * mean)
        pull = (self.units - mean) * tame
        mean *= tame
        gram, score = np.empty((len(mean), theta.shape[1], theta.shape[1])), np.empty_like(theta)
        score[:, :at] = pull @ self.basis.T
        gram[:, :at, :at] = (mean @ self.squares.T).reshape(-1, at, at)
        for n, column in enumerate(self.own, at):
            score[:, n] = np.einsum("pt,pt->p", pull, column)
            weighted = mean * column
            gram[:, n, :at] = gram[:, :at, n] = weighted @ self.basis.T
            for m, other in enumerate(self.own[: n - at + 1], at):
                gram[:, n, m] = gram[:, m, n] = np.einsum("pt,pt->p", weighted, other)
        gram[:, 0, 0] += 1e-9
        return gram, score


def _chunk(residuals: Residuals, fit: PooledFit, dispersion: Floats, prior: Prior) -> Floats:
    """Return slope (from the category's) and variance, and the same of promotion, shape (4, pairs)."""
    cells = _Cells.of(residuals, fit, dispersion, prior.basis)
    pairs, at = len(fit.units), len(prior.basis)
    columns = at + len(cells.own)
    precision, aim = np.zeros(columns), np.zeros(columns)
    precision[1:at], precision[at], precision[at + 1 :] = TREND_SPREAD**-2, prior.spread**-2, prior.promo_spread**-2
    aim[at] = prior.slope - fit.slopes[0]
    theta = np.tile(aim, (pairs, 1))
    gram, score = cells.normal(theta)
    for _ in range(STEPS):
        pull = score - precision * (theta - aim)
        theta = theta + np.clip(np.linalg.solve(gram + np.diag(precision), pull[:, :, None])[:, :, 0], -1.5, 1.5)
        gram, score = cells.normal(theta)
    slope, variance = _observed(theta, gram, score, precision, at)
    if residuals.promo is None:
        return np.stack([slope, variance, np.zeros(pairs), np.full(pairs, np.inf)])
    return np.stack([slope, variance, *_observed(theta, gram, score, precision, at + 1)])


def _observed(theta: Floats, gram: Floats, score: Floats, precision: Floats, at: int) -> tuple[Floats, Floats]:
    """Return one coefficient without its own prior: a scoring step from the mode, the other coefficients profiled."""
    rest = [n for n in range(theta.shape[1]) if n != at]
    across = gram[:, at, rest]
    inner = gram[:, rest][:, :, rest] + np.diag(precision[rest])
    solved = np.linalg.solve(inner, across[:, :, None])[:, :, 0]
    information = gram[:, at, at] - (solved * across).sum(axis=1)
    pull = score[:, rest] - precision[rest] * theta[:, rest]
    surplus = score[:, at] - (solved * pull).sum(axis=1)
    told = information > 1e-6
    safe = np.where(told, information, 1.0)
    return np.where(told, theta[:, at] + surplus / safe, 0.0), np.where(told, 1 / safe, np.inf)
