"""Wobbles make a slope known that nothing could be said of: prices that never moved, then some weeks of small moves."""

from __future__ import annotations

import numpy as np

from shopkeeper.pricing.demand.elasticity import estimate
from shopkeeper.pricing.demand.panel import PricePanel
from shopkeeper.pricing.exploration.turns import goes_up

PRODUCTS, STORES, PAST = 24, 4, 40
TRUE = -2.5


def panel_after(weeks: int, move: float = 0.05) -> PricePanel:
    """Return a past in which half the products never moved a price, and some weeks in which these are wobbled."""
    rng = np.random.default_rng(3)
    pairs, length = PRODUCTS * STORES, PAST + weeks
    product, store = np.arange(pairs) // STORES, np.arange(pairs) % STORES
    still = product < PRODUCTS // 2
    away = rng.choice([-0.1, 0.0, 0.1], (pairs, length))
    away[still, :PAST] = 0.0
    names = [f"p{number}" for number in product.tolist()]
    for week in range(PAST, length):
        up = goes_up(names, still.astype(np.int64), store, week, 1)
        away[still, week] = np.where(up, np.log1p(move), np.log1p(-move))[still]
    level = np.log(40) + rng.normal(0, 0.1, (STORES, length))[store] + rng.normal(0, 0.5, pairs)[:, None]
    units = rng.poisson(np.exp(level + TRUE * away)).astype(np.float64)
    return PricePanel(
        product=product, store=store, category=still.astype(np.int64), units=units, price=10 * np.exp(away),
        exposure=np.ones(units.shape),
    )  # fmt: skip


def test_a_category_that_never_moved_gets_an_opinion_near_the_truth() -> None:
    # After two whole turns moves balance in every store, and what the others charge is the own price in reverse.
    found = [estimate(panel_after(weeks)) for weeks in (0, 8)]
    still = np.arange(PRODUCTS * STORES) < PRODUCTS * STORES // 2
    supports = [{one.support[row] for row in np.flatnonzero(still).tolist()} for one in found]
    assert supports[0] == {"none"}
    assert "none" not in supports[1]
    before, after = found
    assert abs(float(after.slope[still].mean()) - TRUE) < 0.4
    assert after.sd[still].mean() < 0.5 * before.sd[still].mean()
