"""Figures of an experiment with a planted effect, drawn from seeded shoppers, for tests of what reads such figures."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

import numpy as np

from shopkeeper.experiments.figures import Allocation, Answered, Cell, TestFigures
from shopkeeper.experiments.moments import Sums
from shopkeeper.experiments.plan import ExperimentPlan

_STORES = ("uk", "nl")


def planted_figures(
    plan: ExperimentPlan, lift: float, *, units: int = 300, days: int = 7, seed: int = 1
) -> TestFigures:
    """Return figures in which every arm but the control buys `lift` more often; the basket is the same.

    Args:
        units: Of each arm on each day; half of them in each of two stores.
    """
    rng = np.random.default_rng(seed)
    cells = []
    for day, arm, store in product(range(days), plan.arms, _STORES):
        rate = 0.1 if arm.name == "control" else 0.1 * (1 + lift)
        count = units // 2
        taste = rng.normal(0.0, 0.02, count)
        before = (rng.random(count) < 0.1 + taste).astype(float)
        bought = (rng.random(count) < rate + taste).astype(float)
        spent = bought * rng.gamma(4.0, 12.0, count)
        spent_before = before * rng.gamma(4.0, 12.0, count)
        when = plan.period.start + timedelta(days=day)
        cells += _cells("conversion", arm.name, store, when, np.column_stack([bought, before]))
        cells += _cells("aov", arm.name, store, when, np.column_stack([spent, bought, spent_before, before]))
    total = {arm.name: days * (units // 2) * 2 for arm in plan.arms}
    return TestFigures(
        test=plan.name,
        at=datetime.combine(plan.period.start + timedelta(days=days + 3), datetime.min.time(), UTC),
        allocations=(Allocation(shares={arm.name: arm.share for arm in plan.arms}, units=total, crossers=3),),
        cells=tuple(cells),
        answered={arm.name: Answered(requests=9_000, fallbacks=12, p50_ms=1.4, p99_ms=8.2) for arm in plan.arms},
    )


def _cells(metric: str, arm: str, store: str, day: date, rows: np.ndarray) -> list[Cell]:
    sums = Sums.of_rows(rows)
    products = tuple(tuple(row) for row in sums.products.tolist())
    return [
        Cell(
            metric=metric, arm=arm, day=day, segment=segment, covariate=True, n=sums.n,
            totals=tuple(sums.totals.tolist()), products=products,
        )
        for segment in ("", f"store={store}")
    ]  # fmt: skip
