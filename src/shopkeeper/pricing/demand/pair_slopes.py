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
from shopkeeper.pricing.demand.pooled import PooledFit, inverted

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
    others = [n for n, name in enumerate(names) if name != PRICE]
    explain = [n for n in others if names[n] != CARRY]
    promo_by = [n for n in explain if names[n] != PROMO]
    price = fit.columns[0].copy()
    promo = fit.columns[names.index(PROMO)].copy() if PROMO in names else None
    shift = np.zeros_like(price)
    periods = price.shape[1]
    blocks = np.array_split(np.arange(periods), min(BLOCKS, periods))
    weighted = fit.columns * fit.weights
    response = fit.residual + np.einsum("k,kpt->pt", fit.slopes, fit.columns)
    grams = [np.einsum("kpt,lpt->kl", weighted[:, :, b], fit.columns[:, :, b], optimize=True) for b in blocks]
    rights = [np.einsum("kpt,pt->k", weighted[:, :, b], response[:, b], optimize=True) for b in blocks]
    whole, right = np.sum(grams, axis=0), np.sum(rights, axis=0)
    for block, gram, own in zip(blocks, grams, rights, strict=True):
        rest = whole - gram
        slopes = inverted(rest) @ (right - own)
        shift[:, block] = np.einsum("k,kpt->pt", (slopes - fit.slopes)[others], fit.columns[others][:, :, block])
        if explain:
            taken = inverted(rest[np.ix_(explain, explain)]) @ rest[explain, 0]
            price[:, block] -= np.einsum("k,kpt->pt", taken, fit.columns[explain][:, :, block])
        if promo is not None and promo_by:
            taken = inverted(rest[np.ix_(promo_by, promo_by)]) @ rest[promo_by, names.index(PROMO)]
            promo[:, block] -= np.einsum("k,kpt->pt", taken, fit.columns[promo_by][:, :, block])
    moved = float((fit.weights * price * price).sum())
    beyond = float((fit.weights * price * (fit.residual - shift)).sum()) / moved if moved > 0 else 0.0
    return Residuals(price, promo, fit.expected * np.exp(np.clip(shift, -1.0, 1.0)), float(fit.slopes[0]) + beyond)


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


def _design(residuals: Residuals, basis: Floats) -> Floats:
    rows = [np.broadcast_to(row, residuals.price.shape) for row in basis] + [residuals.price]
    return np.stack(rows + ([residuals.promo] if residuals.promo is not None else []))


def _chunk(residuals: Residuals, fit: PooledFit, dispersion: Floats, prior: Prior) -> Floats:
    """Return slope (from the category's) and variance, and the same of promotion, shape (4, pairs)."""
    design = _design(residuals, prior.basis)
    columns, pairs, at = len(design), len(fit.units), len(prior.basis)
    precision, aim = np.zeros(columns), np.zeros(columns)
    precision[1:at], precision[at], precision[at + 1 :] = TREND_SPREAD**-2, prior.spread**-2, prior.promo_spread**-2
    aim[at] = prior.slope - fit.slopes[0]
    theta = np.tile(aim, (pairs, 1))
    gram, score = _normal(design, residuals, fit, dispersion, theta)
    for _ in range(STEPS):
        pull = score - precision * (theta - aim)
        theta = theta + np.clip(np.linalg.solve(gram + np.diag(precision), pull[:, :, None])[:, :, 0], -1.5, 1.5)
        gram, score = _normal(design, residuals, fit, dispersion, theta)
    slope, variance = _observed(theta, gram, score, precision, at)
    if residuals.promo is None:
        return np.stack([slope, variance, np.zeros(pairs), np.full(pairs, np.inf)])
    return np.stack([slope, variance, *_observed(theta, gram, score, precision, at + 1)])


def _normal(
    design: Floats, residuals: Residuals, fit: PooledFit, dispersion: Floats, theta: Floats
) -> tuple[Floats, Floats]:
    """Return information and score of each pair at its coefficients."""
    mean = residuals.expected * np.exp(np.clip(np.einsum("pk,kpt->pt", theta, design), -4.0, 4.0))
    tame = np.where(fit.weights > 0, 1 / (1 + fit.overdispersion * mean), 0.0) / dispersion[:, None]
    score = np.einsum("kpt,pt->pk", design, (fit.units - mean) * tame, optimize=True)
    weighted = design * (mean * tame)
    gram = np.empty((len(mean), len(design), len(design)))
    for a in range(len(design)):
        for b in range(a + 1):
            gram[:, a, b] = gram[:, b, a] = np.einsum("pt,pt->p", weighted[a], design[b])
    gram[:, 0, 0] += 1e-9
    return gram, score


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
