"""How well levels foretell sales, at several moments of the past, beside a seasonal naive forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.pricing.demand.demand_level import YEAR_DAYS, fit_level, poisson_deviance
from shopkeeper.pricing.demand.panel import PricePanel

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Errors over all foretold cells.

    Attributes:
        wmape: Sum of absolute errors over the sum of units; `deviance` the mean Poisson deviance.
        naive_wmape, naive_deviance: Of sales in the same period of the year before, or where the history is shorter of
            the mean of the last four periods, per share of time in stock as the forecast is.
        cells: Foretold.
    """

    wmape: float
    deviance: float
    naive_wmape: float
    naive_deviance: float
    cells: int


def rolling_origin(
    panel: PricePanel, slope: Floats, origins: Sequence[int], ahead: int, promo: Floats | None = None
) -> Accuracy:
    """Foretell from each origin, knowing nothing after it but prices, promotions and time in stock.

    Args:
        panel: The whole history.
        slope: Of each pair. To be fair it should have been learnt before the first origin.
        origins: Numbers of the first period foretold.
        ahead: Periods foretold from each.
        promo: Effect of a promotion on each pair, log units.
    """
    units, expected, naive = [], [], []
    for origin in origins:
        past, coming = panel.of_periods(slice(0, origin)), panel.of_periods(slice(origin, origin + ahead))
        level = fit_level(past, slope, promo)
        counted = coming.counted() & np.isfinite(level.reference)[:, None]
        price = np.where(counted, coming.price, 1.0).astype(np.float64)
        exposure = np.where(counted, coming.exposure, 0.0)
        units.append(coming.units[counted])
        expected.append((level.expected(coming.periods, price, coming.promo) * exposure)[counted])
        naive.append((seasonal_naive(past, coming.periods) * exposure)[counted])
    sold, told, plain = (np.concatenate(parts).astype(np.float64) for parts in (units, expected, naive))
    total = max(float(sold.sum()), 1e-9)
    return Accuracy(
        wmape=float(np.abs(sold - told).sum()) / total, deviance=float(poisson_deviance(sold, told).mean()),
        naive_wmape=float(np.abs(sold - plain).sum()) / total,
        naive_deviance=float(poisson_deviance(sold, np.maximum(plain, 0.05)).mean()), cells=len(sold),
    )  # fmt: skip


def seasonal_naive(past: PricePanel, ahead: int) -> Floats:
    """Return what sold in the same period of the year before, per share of time in stock, shape (pairs, ahead).

    Where the history is shorter than a year, or has nothing there, the mean of the last four periods.
    """
    year = round(YEAR_DAYS / past.period_days)
    counted = past.counted()
    rate = np.where(counted, past.units / np.where(counted, past.exposure, 1.0), np.nan).astype(np.float64)
    recent = rate[:, -4:]
    known = np.isfinite(recent)
    mean = np.where(known, recent, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    if past.periods < year:
        return np.repeat(mean[:, None], ahead, axis=1)
    before = rate[:, past.periods - year + np.arange(ahead) % year]
    return np.where(np.isfinite(before), before, mean[:, None])
