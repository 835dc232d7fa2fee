"""Joins what two parts of price say of each pair: that in which stores differ, and the rest.

Luck of a product, and of a store, is out of the first, and so is whatever prices did because of it. The rest is biased
where prices react to demand, and not the same in all products; how much is told by those that both parts speak of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.pricing.demand.category_fit import CategoryFit
from shopkeeper.pricing.demand.instrument import believed, chosen
from shopkeeper.pricing.demand.pair_slopes import PairSlopes
from shopkeeper.pricing.demand.shrinkage import LARGEST, common_prior

Floats = npt.NDArray[np.float64]
FEW: Final = 8
"""Products that both parts must speak of, for the gap between the parts to be told."""


@dataclass(frozen=True, slots=True)
class Gap:
    """How far slopes by the rest of price lie above those by what stores differ in.

    Attributes:
        mean, error: Of all products, with its standard error.
        spread: Standard deviation between products.
    """

    mean: float
    error: float
    spread: float


@dataclass(frozen=True, slots=True)
class Joined:
    """One slope a pair of a category; arrays have shape (pairs,).

    Attributes:
        slope: Freed of reactions of prices to demand.
        freed: What was taken out.
        variance: Of its sampling error, infinite where price did not move.
        shared: Of an error that all stores of its product have in common.
        common: Of an error that all of the category have.
        reaction: Mean of what was taken out, its standard deviation, and F of what it is told by.
    """

    slope: Floats
    freed: Floats
    variance: Floats
    shared: Floats
    common: float
    reaction: tuple[float, float, float]


def freed_slopes(product: npt.NDArray[np.integer], fits: Sequence[CategoryFit]) -> list[Joined]:
    """Return the slopes of each category's pairs as they were measured, freed of reactions.

    Where the rest of price is not the calmer part, or where moves of cost are believed instead, all moves count alike,
    and what is believed of reactions is taken out of all: nothing was cut in good times for certain, and differences
    between stores are the smaller part of price, and measured worse.

    Args:
        product: Of each pair of the panel.
    """
    apart, cost = [fit.apart for fit in fits], [fit.cost for fit in fits]
    believed_part = chosen(apart, cost)
    gap = apart_from_rest(product, fits)
    if believed_part is apart and gap is not None and gap.mean >= 0:
        return [joined(product, fit, gap) for fit in fits]
    found = []
    for fit, reaction, doubt, part in zip(fits, *believed(believed_part), believed_part, strict=True):
        slope, variance, shared = _together(product, fit)
        freed, told = np.full(len(slope), reaction), (float(reaction), float(doubt), part.strength)
        found.append(Joined(slope - reaction, freed, variance, shared, _common_variance(fit, variance, doubt), told))
    return found


def _together(product: npt.NDArray[np.integer], fit: CategoryFit) -> tuple[Floats, Floats, Floats]:
    """Return each pair's slope over all moves of its price, its variance, and that which stores of a product share."""
    _, number = np.unique(product[fit.rows], return_inverse=True)
    sides = fit.apart_slopes, fit.slopes
    weights = [1 / part.variance for part in sides]
    total = weights[0] + weights[1]
    told, safe = total > 0, np.where(total > 0, total, 1.0)
    slope = (weights[0] * sides[0].slope + weights[1] * sides[1].slope) / safe
    whole = np.maximum(np.bincount(number, total), 1e-12)
    beyond = sum(np.bincount(number, by) * part.shared for by, part in zip(weights, sides, strict=True)) / whole**2
    return np.where(told, slope, 0.0), np.where(told, 1 / safe, np.inf), np.maximum(beyond, 0.0)[number]


def _common_variance(fit: CategoryFit, variance: Floats, doubt: float) -> float:
    """Return the variance of an error that all pairs of a category have in common."""
    told = np.isfinite(variance)
    alone = 1 / (1 / variance[told]).sum() if told.any() else np.inf
    return float(max(0.0, fit.first_error**2 - alone) + doubt**2)


def apart_from_rest(product: npt.NDArray[np.integer], fits: Sequence[CategoryFit]) -> Gap | None:
    """Return the gap between the two parts; None where too few products tell it.

    Args:
        product: Of each pair of the panel.
    """
    gaps, variances = [], []
    for fit in fits:
        _, number = np.unique(product[fit.rows], return_inverse=True)
        (rest, told_rest), (apart, told_apart) = (_by_product(each, number) for each in (fit.slopes, fit.apart_slopes))
        both = (told_rest > 0) & (told_apart > 0)
        gaps.append((rest - apart)[both])
        variances.append((1 + fit.slopes.shared) / told_rest[both] + (1 + fit.apart_slopes.shared) / told_apart[both])
    gap, variance = np.concatenate(gaps), np.concatenate(variances)
    told = variance < LARGEST**2
    if told.sum() < FEW:
        return None
    mean, spread = common_prior(gap, np.sqrt(variance), (0.0, LARGEST))
    error = float((1 / (variance + spread**2)).sum() ** -0.5)
    # Drawn to nought as noisy as it is: a correction that is mostly noise does more harm than the bias.
    return Gap(mean * max(0.0, 1 - error**2 / mean**2) if mean > 0 else mean, error, spread)


def joined(product: npt.NDArray[np.integer], fit: CategoryFit, gap: Gap) -> Joined:
    """Return each pair's slope by both parts, the rest's freed of the gap.

    What sets the stores of a product apart is told by all of its prices. A product's mean is told less by the rest: how
    far its gap is from the usual one, and its luck, is in all of its stores, and more of them make it no surer.

    Args:
        product: Of each pair of the panel.
    """
    _, number = np.unique(product[fit.rows], return_inverse=True)
    apart, rest = 1 / fit.apart_slopes.variance, 1 / fit.slopes.variance
    total = apart + rest
    told = total > 0
    safe = np.where(told, total, 1.0)
    every = (apart * fit.apart_slopes.slope + rest * (fit.slopes.slope - gap.mean)) / safe
    mean_apart, told_apart = _by_product(fit.apart_slopes, number)
    mean_rest, told_rest = _by_product(fit.slopes, number)
    spoilt = told_rest / (1 + fit.slopes.shared + told_rest * gap.spread**2)
    clean = told_apart / (1 + fit.apart_slopes.shared)
    whole, sure = (np.maximum(sum(both), 1e-12) for both in ((told_apart, told_rest), (clean, spoilt)))
    moved = (told_rest / whole - spoilt / sure) * (mean_apart - mean_rest + gap.mean)
    freed = np.where(told, rest / safe, 0.0) * gap.mean
    return Joined(
        np.where(told, every + moved[number], 0.0), freed, np.where(told, 1 / safe, np.inf),
        np.maximum(1 / sure - 1 / whole, 0.0)[number], gap.error**2,
        (float(freed.mean()), gap.error, fit.apart.strength),
    )  # fmt: skip


def _by_product(part: PairSlopes, number: npt.NDArray[np.integer]) -> tuple[Floats, Floats]:
    """Return the mean slope of each product, nought where nothing tells it, and the precision of it."""
    weight = 1 / part.variance
    total: Floats = np.bincount(number, weight).astype(np.float64)
    return np.bincount(number, weight * part.slope) / np.maximum(total, 1e-12), total
