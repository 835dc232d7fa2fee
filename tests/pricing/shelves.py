"""Shelves for tests of prices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from shopkeeper.pricing.shelf import NO_PARENT, Floats, Shelf


def a_shelf(current: list[float], **said: Any) -> Shelf:  # noqa: ANN401 - fields of the shelf
    """Return prices of products `p0`, `p1` ... in store `uk`, category `Garden`, cost half the price."""
    price = np.array(current, dtype=np.float64)
    pairs = len(price)
    whole, nothing = np.zeros(pairs, np.int64), np.full(pairs, np.nan)
    shelf = Shelf(
        product=np.arange(pairs), store=whole, category=whole, price_list=whole, parent=np.full(pairs, NO_PARENT),
        current=price, week_ago=price, changed_days=np.full(pairs, 100.0), tax=np.zeros(pairs),
        cost=price / 2, cost_days=np.ones(pairs), cost_before=nothing,
        rival_lowest=nothing, rival_median=nothing, rival_days=np.ones(pairs), advertised=nothing, prior=nothing,
        announced=np.zeros(pairs, np.bool_), year_ago=nothing, key_value=np.zeros(pairs, np.bool_),
        opinion=np.ones(pairs, np.bool_), products=tuple(f"p{row}" for row in range(pairs)), stores=("uk",),
        categories=("Garden",), price_lists=("retail",), currency=("GBP",),
    )  # fmt: skip
    return replace(shelf, **{name: _like(price, value) for name, value in said.items()})


def _like(price: Floats, value: Any) -> Any:  # noqa: ANN401 - fields of the shelf
    if isinstance(value, tuple):
        return value
    return np.broadcast_to(np.asarray(value), price.shape).copy()
