"""Which way a wobbled price goes: balanced over stores and weeks by the product's hash, whoever shops there."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from shopkeeper.pricing.shelf import Flags, Ints

TURN_WEEKS = 2
"""Weeks a wobble stays, so that what follows a change at once and what lasts are both seen."""


def goes_up(products: Sequence[str], store: Ints, week: int, seed: int) -> Flags:
    """Return which prices go up, shape (pairs,).

    Of a product in two neighbouring stores one goes up and one down, and each turn they change over: neither what a
    week brings to all stores nor what a store is like is taken for an answer to the price.

    Args:
        products: Name of each pair's product.
        store: Number of each pair's store.
        week: Number of the coming week.
    """
    odd = {name: blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()[0] & 1 for name in set(products)}
    start = np.array([odd[name] for name in products], np.int64)
    return np.asarray((start + store + week // TURN_WEEKS) % 2 == 1)
