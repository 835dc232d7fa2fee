"""All that is learnt from one category by itself."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.pricing.demand.controls import (
    CARRY,
    INDEX,
    PRICE,
    TRAFFIC,
    calendar_controls,
    carry_over,
    log_prices,
    momentum,
    static_controls,
)
from shopkeeper.pricing.demand.fixed_effects import Effects
from shopkeeper.pricing.demand.instrument import Instrument, RivalsApart, instrument_of, rivals_apart, stores_apart
from shopkeeper.pricing.demand.lasting import Wear, wear_of
from shopkeeper.pricing.demand.pair_slopes import (
    PairSlopes,
    Prior,
    Residuals,
    cross_fitted,
    dependence,
    dispersions,
    net_of_momentum,
    pair_slopes,
)
from shopkeeper.pricing.demand.panel import PricePanel
from shopkeeper.pricing.demand.pooled import PooledFit, clustered, explained, fit_pooled
from shopkeeper.pricing.demand.shrinkage import spread_around

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer]

MANY: Final = 20
"""Products from which a category has effects of periods; with fewer, these would take out prices as well."""
LONG: Final = 40
"""Periods from which pairs have a trend of their own."""
DYNAMIC: Final = 26
"""Periods from which sales of the weeks before are looked at."""
MOVED: Final = 0.01
"""Standard deviation of a pair's log price from its level and trend below which its price did not move."""
STILL: Final = 1e-4
"""The same below which nothing at all is told: what other stores did is not this pair's answer."""
FEW_CELLS: Final = 8
WIDE: Final = 2.0
"""Prior standard deviation of a pair's slope around the category's, taken out again at the end."""
REVERSE: Final = 0.25
"""Correlation of a price with those of its category's others, below nought, from which the two are one column: -.3 to
-.9 where prices are wobbled, above -.1 in histories of rules."""
SAMPLE: Final = 300
"""Pairs that are tried first."""


@dataclass(frozen=True, slots=True)
class CategoryFit:
    """What one category's cells say.

    Attributes:
        rows: Of the panel, one a pair that sold anything.
        first, first_error: Pooled slope.
        effects: Coefficients and standard errors of the other columns by name.
        apart_slopes: Of pairs, without sharing, by prices in which stores differ (`instrument.stores_apart`).
        slopes: The same by the rest of price.
        moved: Standard deviation of each pair's log price from its level and trend.
        cells: Counted periods of each pair.
        apart: What is said by prices in which stores differ; `cost` by moves of cost.
        wear: How the slope of a new price differs from that of one which has stayed.
        overdispersion: `k` of variance = mean + k mean^2.
    """

    rows: npt.NDArray[np.int64]
    first: float
    first_error: float
    effects: dict[str, tuple[float, float]]
    apart_slopes: PairSlopes
    slopes: PairSlopes
    moved: Floats
    cells: npt.NDArray[np.int64]
    apart: Instrument
    cost: Instrument
    wear: Wear
    overdispersion: float


def fit_category(
    panel: PricePanel, counted: npt.NDArray[np.bool_], rows: npt.NDArray[np.int64], traffic: Floats | None
) -> CategoryFit | None:
    """Return what the pairs of one category say; None where nothing of it was sold at a known price.

    Args:
        panel: The pairs of the category.
        counted: Cells that count.
        rows: Of the whole panel.
        traffic: How the stores' other categories sold in each period, shape (pairs, periods).
    """
    sold = np.where(counted, panel.units, 0).sum(axis=1) > 0
    if not sold.any():
        return None
    if not sold.all():
        panel, counted, rows = panel.of_pairs(sold), counted[sold], rows[sold]
        traffic = traffic[sold] if traffic is not None else None
    units = panel.units.astype(np.float64)
    exposure = np.where(counted, panel.exposure, 0.0).astype(np.float64)
    effects = Effects.of(
        panel.periods, trend=panel.ordered and panel.periods >= LONG, by_period=panel.ordered and _many(panel)
    )
    columns = _columns(panel, counted, traffic, effects)
    more = (lambda mean: momentum(panel, counted, mean)) if _dynamic(panel) else None
    fit = fit_pooled(units, exposure, columns, effects, panel.product, more)
    residuals = cross_fitted(fit)
    cost = _by_cost(panel, counted, fit, residuals, effects)
    part = stores_apart(fit, residuals.price, panel.product, panel.store, effects.basis)
    rivals = rivals_apart(fit, part, panel.product, panel.store, effects.basis)
    part = part if rivals is None else rivals.net(fit, part)
    apart = instrument_of(fit, residuals.price, part, panel.product)
    before = carry_over(columns[PRICE])
    if (
        _dynamic(panel)
        and np.isnan(cost.reaction)
        and np.isnan(apart.reaction)
        and _told(fit, before, counted, effects, panel.product)
    ):
        fit = fit_pooled(units, exposure, {**columns, CARRY: before}, effects, panel.product, more)
        residuals = cross_fitted(fit)
    own = columns[PRICE][None].copy()
    Effects(effects.basis, periods=False).take_out(own, fit.weights, 1)
    cells = counted.sum(axis=1)
    weight = fit.weights.sum(axis=1)
    moved = np.sqrt((fit.weights * own[0] ** 2).sum(axis=1) / np.maximum(weight, 1e-30))
    price = net_of_momentum(fit, np.where(counted, own[0], 0.0))
    part = stores_apart(fit, price, panel.product, panel.store, effects.basis)
    rivals = rivals_apart(fit, part, panel.product, panel.store, effects.basis)
    sides = (replace(residuals, price=price - part), _apart(residuals, part, rivals))
    slopes, apart_slopes = (_own_slopes(side, fit, effects, panel.product).where(moved > STILL) for side in sides)
    shift = 0.0 if rivals is None else rivals.shift
    wear = Wear.unknown()
    if _dynamic(panel):
        wear = wear_of(fit, part, shift, panel.product, panel.store, effects.basis)
    return CategoryFit(
        rows=rows, first=residuals.slope, first_error=float(fit.covariance[0, 0] ** 0.5),
        effects={n: (float(fit.slopes[k]), _error(fit.covariance[k, k])) for k, n in enumerate(fit.names) if k},
        apart_slopes=apart_slopes, slopes=slopes, moved=moved, cells=cells, apart=apart, cost=cost,
        wear=wear, overdispersion=fit.overdispersion,
    )  # fmt: skip


def _apart(residuals: Residuals, part: Floats, rivals: RivalsApart | None) -> Residuals:
    """Return the cells with the part of price in which stores differ, and with what rivals do there expected."""
    if rivals is None:
        return replace(residuals, price=part)
    return replace(residuals, price=part, expected=residuals.expected * np.exp(rivals.shift))


def _error(variance: float) -> float:
    """Return a standard error, infinite where rounding left no variance of what the data do not tell."""
    return float(variance) ** 0.5 if variance > 0 else math.inf


def _many(panel: PricePanel) -> bool:
    return len(np.unique(panel.product)) >= MANY


def _dynamic(panel: PricePanel) -> bool:
    return panel.ordered and panel.periods >= DYNAMIC


def _columns(
    panel: PricePanel, counted: npt.NDArray[np.bool_], traffic: Floats | None, effects: Effects
) -> dict[str, Floats]:
    price = log_prices(panel, counted)
    columns = {PRICE: price, **static_controls(panel, counted, price)}
    two_stores = effects.periods and len(np.unique(panel.store)) < 3
    if two_stores or _in_reverse(price, columns[INDEX], counted, effects):
        columns.pop(INDEX)
    if not effects.periods:
        columns |= calendar_controls(panel)
    if traffic is not None:
        columns[TRAFFIC] = traffic
    return columns


def _in_reverse(price: Floats, others: Floats, counted: npt.NDArray[np.bool_], effects: Effects) -> bool:
    """Return whether what the others charge is the own price in reverse: where moves of a category balance each other.

    So it is with wobbles. Both columns together would be told by how uneven the balance is, a move that all of a
    store's pairs make at once, and by whatever else came to that store then.
    """
    pair = np.stack([price, np.where(counted, others, 0.0)])
    effects.take_out(pair, counted.astype(np.float64), 2)
    together = float((pair[0] * pair[1]).sum())
    return together < 0 and together**2 > REVERSE**2 * float((pair[0] ** 2).sum() * (pair[1] ** 2).sum())


def _told(
    fit: PooledFit, column: Floats, counted: npt.NDArray[np.bool_], effects: Effects,
    cluster: npt.NDArray[np.integer],
) -> bool:  # fmt: skip
    """Return whether a further column would have a coefficient 2.5 standard errors from nought.

    Asked of the price of the period before, and only where no part of price is known to be free of reactions: its
    coefficient is confounded as the price's own is, and a slope over lasting moves holds what it has to say.
    """
    left = np.where(counted, column, 0.0)[None].copy()
    effects.take_out(left, fit.weights, 6)
    left[0] -= explained(fit, left[0], list(range(len(fit.names))))
    moved = float((fit.weights * left[0] ** 2).sum())
    scores = (fit.weights * fit.residual * left[0]).sum(axis=1)
    return bool(moved > 0 and abs(scores.sum()) > 2.5 * clustered(scores[:, None], cluster)[0, 0] ** 0.5)


def _own_slopes(residuals: Residuals, fit: PooledFit, effects: Effects, product: Ints) -> PairSlopes:
    """Return slopes of pairs under a wide prior.

    Pairs of some products are tried first: they tell how far effects of promotions really differ, and how far residuals
    depend on each other, over time and over the stores of a product, once slopes may differ.
    """
    dispersion = dispersions(fit)
    products, stores = np.unique(product, return_counts=True)
    few = np.isin(product, products[np.cumsum(stores) <= max(SAMPLE, int(stores[0]))])
    prior = Prior(residuals.slope, WIDE, 1.0, effects.basis)
    tried = pair_slopes(residuals.of_pairs(few), fit.of_pairs(few), dispersion[few], prior)
    deviation = tried.slope - fit.slopes[0]
    between = spread_around(deviation, tried.variance) ** 2
    deviation *= between / (between + tried.variance)
    alone, together = (
        dependence(fit.of_pairs(few), residuals.price[few], deviation, of[few])
        for of in (np.arange(len(product)), product)
    )
    spread = spread_around(tried.promo, tried.promo_variance) if residuals.promo is not None else 1.0
    found = pair_slopes(residuals, fit, dispersion * max(alone, 1.0), replace(prior, promo_spread=spread))
    return replace(found, shared=together / max(alone, 1.0) - 1)


def _by_cost(
    panel: PricePanel, counted: npt.NDArray[np.bool_], fit: PooledFit, residuals: Residuals, effects: Effects
) -> Instrument:
    if panel.cost is None:
        return Instrument.none()
    known = counted & (panel.cost > 0)
    cost = np.log(np.where(known, panel.cost, 1.0).astype(np.float64))
    total = np.where(known, cost, 0).sum(axis=1, keepdims=True)
    cost = np.where(known, cost - total / np.maximum(known.sum(axis=1, keepdims=True), 1), 0.0)[None].copy()
    effects.take_out(cost, fit.weights, 6)
    cost[0] -= explained(fit, cost[0], [k for k, name in enumerate(fit.names) if name != PRICE])
    return instrument_of(fit, residuals.price, cost[0], panel.product)
