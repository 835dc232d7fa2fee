"""What a promotion does to sales beyond its price."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.pricing.demand.demand_level import FARTHEST
from shopkeeper.pricing.demand.panel import PricePanel
from shopkeeper.pricing.shelf import Floats

FEW_UNITS: Final = 10.0
"""Promoted units at which a product's own effect of promotions counts half."""


def promotion_effects(panel: PricePanel, slope: Floats, prices: Floats, beside: Floats) -> Floats:
    """Return the effect of a promotion beyond its price at the decided slopes, of each pair.

    The effect that was estimated with the slopes belongs to them as they were before sharing and correction. A product
    is drawn to its category, and has one effect in all stores.
    """
    if panel.promo is None:
        return np.zeros(panel.pairs)
    counted = panel.counted()
    promoted = counted & (panel.promo > 0)
    answer = np.clip(slope[:, None] * prices + beside, -FARTHEST, FARTHEST)
    due = np.where(counted, panel.exposure * np.exp(answer), 0.0)
    plain = counted & ~promoted
    rate = panel.units.sum(axis=1, where=plain) / np.maximum(due.sum(axis=1, where=plain), 1e-9)
    sold, usual = panel.units.sum(axis=1, where=promoted), rate * due.sum(axis=1, where=promoted)

    def ratio(group: npt.NDArray[np.integer], by: Floats) -> Floats:
        both = (np.bincount(group, part)[group] for part in (sold, usual * by))
        return np.asarray(np.divide(*(part + FEW_UNITS for part in both)))

    common = ratio(panel.category, np.ones(panel.pairs))
    return np.log(common * ratio(panel.product, common))
