"""What the policy allows every price of a run, worked out from the proposals alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shopkeeper.pricing.policy.price_policy import PricePolicy
from shopkeeper.pricing.proposal import Proposal
from shopkeeper.pricing.rules.limits import is_named, limits_of
from shopkeeper.pricing.runs.price_run import RunPrice
from shopkeeper.pricing.shelf import NO_PARENT, Floats, Ints, Shelf


def limited(policy: PricePolicy, rows: Sequence[Proposal]) -> list[RunPrice]:
    """Return the proposals with the largest move and the floor that the policy gives each."""
    if not rows:
        return []
    shelf = _shelf(rows)
    shelf = replace(shelf, key_value=is_named(shelf, policy.key_value))
    numbers = limits_of(policy, shelf).number
    cost = np.array([np.nan if row.cost is None else row.cost for row in rows])
    with np.errstate(invalid="ignore", divide="ignore"):
        floors = np.fmax(cost * (1 + numbers["over_cost"]), cost / (1 - numbers["margin_floor"])) * (1 + shelf.tax)
    return [
        RunPrice(
            proposal=row, price=row.proposed, daily_move=float(move), floor=0.0 if np.isnan(floor) else float(floor)
        )
        for row, move, floor in zip(rows, numbers["daily_move"], floors, strict=True)
    ]


def _shelf(rows: Sequence[Proposal]) -> Shelf:
    """Return a shelf that tells where each price belongs, and nothing of what is known of it."""
    product, products = _codes([row.product for row in rows])
    parents = [row.parent for row in rows]
    known = {name: place for place, name in enumerate(products)}
    extra = sorted({name for name in parents if name is not None and name not in known})
    known |= {name: len(products) + place for place, name in enumerate(extra)}
    store, stores = _codes([row.store for row in rows])
    category, categories = _codes([row.category for row in rows])
    price_list, price_lists = _codes([row.price_list for row in rows])
    currency = {row.store: row.currency for row in rows}
    nothing: Floats = np.full(len(rows), np.nan)
    never = np.zeros(len(rows), np.bool_)
    current = np.array([row.current for row in rows], np.float64)
    return Shelf(
        product=product, store=store, category=category, price_list=price_list,
        parent=np.array([NO_PARENT if name is None else known[name] for name in parents], np.int64),
        current=np.where((current > 0) & np.isfinite(current), current, 1.0), week_ago=nothing,
        changed_days=np.full(len(rows), np.inf), tax=np.array([row.tax for row in rows], np.float64), cost=nothing,
        cost_days=nothing, cost_before=nothing, rival_lowest=nothing, rival_median=nothing, rival_days=nothing,
        advertised=nothing, prior=nothing, announced=never, year_ago=nothing,
        key_value=never, opinion=~never, products=(*products, *extra),
        stores=stores, categories=categories, price_lists=price_lists,
        currency=tuple(currency[name] for name in stores),
    )  # fmt: skip


def _codes(names: Sequence[str]) -> tuple[Ints, tuple[str, ...]]:
    found = tuple(sorted(set(names)))
    place = {name: at for at, name in enumerate(found)}
    return np.array([place[name] for name in names], np.int64), found
