"""Fits all categories of a panel, on all cores where there is enough to do."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from shopkeeper.pricing.demand.category_fit import CategoryFit, fit_category
from shopkeeper.pricing.demand.controls import store_traffic
from shopkeeper.pricing.demand.panel import PricePanel

MANY_CELLS: Final = 500_000
"""Cells of a panel from which categories are fitted at the same time; below, threads wait for each other more than
they work."""


def fit_categories(panel: PricePanel) -> dict[int, CategoryFit]:
    """Return what each category that sold anything says by itself, by index."""
    counted = panel.counted()
    traffic = store_traffic(panel, counted)

    def fitted(number: int) -> CategoryFit | None:
        rows = np.flatnonzero(panel.category == number)
        part = panel.of_pairs(rows)
        return fit_category(part, counted[rows], rows, None if traffic is None else traffic[part.store, number])

    numbers = np.unique(panel.category).tolist()
    # Products of matrices as thin as these take twice the processor's time on two threads, and no less of the clock's.
    with threadpool_limits(1, "blas"):
        if panel.units.size < MANY_CELLS:
            fits = list(map(fitted, numbers))
        else:
            with ThreadPoolExecutor(len(os.sched_getaffinity(0)), thread_name_prefix="categories") as threads:
                fits = list(threads.map(fitted, numbers))
    return {number: fit for number, fit in zip(numbers, fits, strict=True) if fit is not None}
