"""How often shoppers click what a version shows, on decisions whose attribution window is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from shopkeeper.experiments.arms import ratio_arm
from shopkeeper.experiments.moments import Sums
from shopkeeper.quality.ports import NamedQuery, Warehouse
from shopkeeper.retraining.triggers import MeasuredPerformance

Z95: Final = 1.959963984540054
LEAST_UNITS: Final = 100
"""Fewer units than this are no evidence."""


@dataclass(frozen=True, slots=True)
class Window:
    """Decisions from `first`, included, to `last`, left out."""

    first: datetime
    last: datetime


def clicked_share(
    warehouse: Warehouse, system: str, version: str, now: Window, then: Window | None
) -> MeasuredPerformance | None:
    """Return the click-through rate of a version's answers with its 95% interval over units (delta method).

    Args:
        then: The version's first window, which stands for how it was when it was blessed; None = there was none.

    Returns:
        None where too few units saw anything.
    """
    found = _sums(warehouse, system, version, now)
    if found.n < LEAST_UNITS or not found.totals[1]:
        return None
    arm = ratio_arm(found)
    half = Z95 * float(np.sqrt(arm.variance / arm.n))
    before = None if then is None else _sums(warehouse, system, version, then)
    blessed = None if before is None or before.n < LEAST_UNITS or not before.totals[1] else ratio_arm(before).value
    return MeasuredPerformance(
        "ctr", now.first, now.last, arm.n, arm.value, max(arm.value - half, 0.0), arm.value + half, blessed
    )


def _sums(warehouse: Warehouse, system: str, version: str, window: Window) -> Sums:
    query = NamedQuery.load("shopkeeper.retraining", "served_clicks")
    row = warehouse.fetch(query, system=system, version=version, since=window.first, until=window.last)
    figure = {name: float(np.nan_to_num(np.asarray(values, dtype=np.float64)[0])) for name, values in row.items()}
    cross = figure["products"]
    return Sums.of_figures(
        int(figure["units"]),
        [figure["clicks"], figure["impressions"]],
        [[figure["clicks_squared"], cross], [cross, figure["impressions_squared"]]],
    )
