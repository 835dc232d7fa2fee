"""Which way a wobbled price goes: balanced over stores, categories and weeks by hashes, whoever shops there."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import numpy as np

from shopkeeper.pricing.shelf import Flags, Ints

TURN_WEEKS: Final = 4
"""Weeks a wobble stays, so that what follows a change at once is told from what lasts."""


def goes_up(products: Sequence[str], category: Ints, store: Ints, week: int, seed: int) -> Flags:
    """Return which prices go up, shape (pairs,).

    Of a category's products, in the order of their hashes, every other one goes up; of a product in two neighbouring
    stores one goes up and one down; each turn all change over. So neither what a week brings to a category or to a
    store, nor what a shelf is like, is taken for an answer to the price.

    Args:
        products: Name of each pair's product.
        category, store: Number of each pair's category and store.
        week: Number of the coming week.
    """
    hashes = {name: blake2b(f"{seed}:{name}".encode(), digest_size=8).digest() for name in set(products)}
    order = sorted({(number, hashes[name], name) for number, name in zip(category.tolist(), products, strict=True)})
    first = {number: place for place, (number, _, _) in reversed(list(enumerate(order)))}
    rank = {name: place - first[number] for place, (number, _, name) in enumerate(order)}
    start = np.array([rank[name] for name in products], np.int64)
    return np.asarray((start + store + week // TURN_WEEKS) % 2 == 1)
