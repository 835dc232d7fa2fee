"""The margin targets of a policy: of each store's category on a price list, and of all prices of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shopkeeper.pricing.optimizer.risk import Targets
from shopkeeper.pricing.policy.price_policy import PricePolicy
from shopkeeper.pricing.rules.limits import Limits
from shopkeeper.pricing.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Group:
    """Prices with one margin target."""

    store: str
    category: str
    price_list: str


def targets_of(policy: PricePolicy, limits: Limits, shelf: Shelf) -> tuple[Targets, tuple[Group, ...]]:
    """Return the targets of a shelf's prices, and whose each group is.

    All prices of a group have one target: scopes that name products may not set one.
    """
    keys = np.stack([shelf.store, shelf.category, shelf.price_list], axis=1)
    groups, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    names = tuple(Group(shelf.stores[s], shelf.categories[c], shelf.price_lists[p]) for s, c, p in groups.tolist())
    targets = Targets(
        group=group.reshape(-1), margin=limits.number["margin_target"][first], portfolio=policy.portfolio_margin,
        probability=policy.margin_probability,
    )  # fmt: skip
    return targets, names
