"""What a policy lets be tried of the prices of a shelf."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import numpy as np

from shopkeeper.pricing.demand.elasticity import Elasticities
from shopkeeper.pricing.exploration.exploring import Exploring
from shopkeeper.pricing.exploration.turns import goes_up
from shopkeeper.pricing.policy.price_policy import PricePolicy
from shopkeeper.pricing.rules.limits import Limits, covered, is_named
from shopkeeper.pricing.shelf import Flags, Ints, Shelf
from shopkeeper.pricing.standing_shelf import StandingShelf


def exploring_of(
    policy: PricePolicy, limits: Limits, standing: StandingShelf, rows: Ints, slopes: Elasticities, day: date,
    seed: int, tested: Collection[tuple[str, str]] = (),
) -> Exploring | None:  # fmt: skip
    """Return what may be tried of some rows of a shelf; None where the policy lets nothing be tried.

    Never tried are key-value items, what is on a promotion or an announced reduction, what the calendar reduces so soon
    that a try could lower the price the reduction must lie below, and what a running test holds. Prices one scope lets
    be tried in one store share a budget.

    Args:
        limits: Of all its prices, as the policy gives them.
        slopes: Of these rows.
        day: On which the prices are to hold; all runs of a week draw alike and wobble the same way.
        tested: Stores and products.
    """
    shelf, figures = standing.shelf, {name: part[rows] for name, part in limits.exploration.items()}
    may = (
        np.isfinite(figures["budget"]) & ~(shelf.key_value | is_named(shelf, policy.key_value) | shelf.announced)[rows]
    )
    may &= (standing.promo[rows] == 0) & ~_soon_reduced(policy, limits, shelf, day)[rows]
    if not may.any():
        return None
    products = [shelf.products[one] for one in shelf.product[rows].tolist()]
    stores = [shelf.stores[one] for one in shelf.store[rows].tolist()]
    held = set(tested)
    may &= np.array([key not in held for key in zip(stores, products, strict=True)], np.bool_)
    scopes = np.stack([limits.scope["exploration"][rows], shelf.store[rows]], axis=1)
    pool = np.unique(scopes, axis=0, return_inverse=True)[1].reshape(-1)
    week = (day.toordinal() - 1) // 7
    return Exploring(
        may=may, **figures, weak=np.array([word != "own" for word in slopes.support], np.bool_),
        unknown=np.array([word == "none" for word in slopes.support], np.bool_), pool=pool,
        up=goes_up(products, shelf.category[rows], shelf.store[rows], week, seed), seed=seed + week,
    )  # fmt: skip


def _soon_reduced(policy: PricePolicy, limits: Limits, shelf: Shelf, day: date) -> Flags:
    """Return which prices a period of the calendar reduces before the days of the prior price are over."""
    found = np.zeros(shelf.pairs, np.bool_)
    days = np.nan_to_num(limits.number["prior_price_days"])
    for period in policy.calendar:
        if period.prices == "reduce" and period.ends >= day:
            found |= covered(period.where, shelf) & ((period.starts - day).days <= days)
    return found
