"""How prices of a category pull at each other, told by neighbours' promotions.

Prices that follow a store's demand go up in good weeks all together, so what a pair sells beside dear neighbours says
little. Promotions are planned before: what pairs that are not promoted lose while others of their category are, does.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.pricing.controls import QUIET, log_prices, others_index, summed, worth
from shopkeeper.pricing.demand_level import YEAR_DAYS
from shopkeeper.pricing.panel import PricePanel

Floats = npt.NDArray[np.float64]

STEADY: Final = 20.0
"""Expected units of a group in a period from which its luck, and no longer chance, makes most of what is not known."""
SHARED: Final = 8
"""Groups from which periods have effects common to all of them."""


def pulls(panel: PricePanel, slope: Floats) -> tuple[Floats, Floats]:
    """Return the effect of the log price of each category's others, with its standard error, shape (categories,).

    Infinite errors where promotions of neighbours tell nothing. A group, that is a category in a store, is one row:
    sales of its pairs without promotion against what their own prices let expect, freed of trend, season and of what
    all groups have in common; the index of neighbours' prices is instrumented by their promotions at
    each one's usual depth.

    Args:
        slope: Of each pair's own price, shape (pairs,).
    """
    categories = int(panel.category.max()) + 1
    nothing = np.zeros(categories), np.full(categories, np.inf)
    if panel.promo is None or not panel.ordered:
        return nothing
    counted = panel.counted()
    promoted = counted & (panel.promo > 0)
    if not promoted.any():
        return nothing
    stores = int(panel.store.max()) + 1
    group = panel.category.astype(np.int64) * stores + panel.store
    units, expected = _plain(panel, slope, counted & ~promoted)
    prices, sold = log_prices(panel, counted), worth(panel)
    # The usual depth, not the week's: even a promoted price follows demand.
    depth = np.where(promoted, prices, 0.0).sum(axis=1) / np.maximum(promoted.sum(axis=1), 1)
    planned = np.where(promoted, depth[:, None], 0.0)
    index = [others_index(part, sold, group) for part in (prices, planned)]
    groups = categories * stores
    due = summed(expected, group, groups)
    columns = np.stack(
        [np.log((summed(units, group, groups) + QUIET) / (due + QUIET))]
        + [summed(expected * part, group, groups) / np.maximum(due, 1e-9) for part in index]
    )
    weights = due / (due + STEADY)
    columns[:, weights == 0] = 0.0
    _take_out_time(columns, weights, panel.period_days)
    return _instrumented(columns, weights, categories)


def _plain(panel: PricePanel, slope: Floats, plain: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return units without promotion, and what each pair's mean and own price let expect of them."""
    prices = log_prices(panel, plain)
    answered = np.where(plain, panel.exposure * np.exp(np.clip(slope[:, None] * prices, -3, 3)), 0.0)
    units = np.where(plain, panel.units, 0.0).astype(np.float64)
    rate = units.sum(axis=1) / np.maximum(answered.sum(axis=1), 1e-9)
    return units, answered * rate[:, None]


def _take_out_time(columns: Floats, weights: Floats, period_days: float) -> None:
    """Take level, trend and two waves a year out of each group, and what all groups have in common in a period."""
    periods = columns.shape[2]
    years = np.arange(periods) * period_days / YEAR_DAYS
    waves = [f(2 * np.pi * wave * years) for wave in (1, 2) for f in (np.sin, np.cos)] if years[-1] >= 1.5 else []
    basis = np.stack([np.ones(periods), years - years.mean(), *waves])
    common = int((weights.sum(axis=1) > 0).sum()) >= SHARED
    of_period = np.maximum(weights.sum(axis=0), 1e-9)
    for _ in range(6 if common else 1):
        if common:
            columns -= (np.einsum("gt,kgt->kt", weights, columns) / of_period)[:, None]
        for group in np.flatnonzero(weights.sum(axis=1) > 0):
            root = np.sqrt(weights[group])
            coefficients = np.linalg.lstsq((basis * root).T, (columns[:, group] * root).T, rcond=None)[0]
            columns[:, group] -= (basis.T @ coefficients).T


def _instrumented(columns: Floats, weights: Floats, categories: int) -> tuple[Floats, Floats]:
    """Return two-stage least squares of each category, errors clustered by period."""
    sold, index, told = columns.reshape(3, categories, -1, columns.shape[2])
    told = told * weights.reshape(told.shape)
    first = (told * index).sum(axis=(1, 2))
    there = np.abs(first) > 1e-9
    effect = np.where(there, (told * sold).sum(axis=(1, 2)) / np.where(there, first, 1.0), 0.0)
    scores = (told * (sold - effect[:, None, None] * index)).sum(axis=1)
    error = np.sqrt((scores**2).sum(axis=1)) / np.where(there, np.abs(first), 1.0)
    return effect, np.where(there & (error > 0), error, np.inf)
