"""Prices as they stand before a run: one row a price, that is a product in a store on a price list.

It holds facts about goods and stores; there is no field that a person's data could enter a price by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shopkeeper.errors import FieldProblem, InputError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NO_PARENT: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What is known of every price when it is reconsidered; each array has shape (pairs,).

    Attributes:
        product, store, category, price_list: Indices into `products`, `stores`, `categories`, `price_lists`.
        parent: Index into `products` of the parent a variant hangs under, -1 where there is none.
        current: Price as shown; a price without one cannot be reconsidered and is left out by the caller.
        week_ago: Price as shown seven days ago, NaN where there was none.
        changed_days: Days since the price last changed, infinite where it never did.
        tax: Rate of the tax that is in the shown price, 0 where it is shown without.
        cost: Newest purchase cost of one unit, NaN where missing.
        cost_days: Age of that cost in days.
        cost_before: Cost that was accepted before it, NaN where there was none.
        rival_lowest, rival_median: Of the rivals' shown prices, NaN where none is known.
        rival_days: Age of the newest of them in days.
        advertised: Supplier's minimum advertised price as shown, NaN where there is none.
        prior: Lowest shown price of the days before an announced reduction, NaN where unknown.
        announced: Whether a reduction is announced now.
        year_ago: Shown price a year ago raised by consumer prices since, NaN where there was none.
        key_value: Whether shoppers know this price, besides those the policy names.
        opinion: Whether demand is known well enough for a price to be moved by it.
        products, stores, categories, price_lists: Names behind the indices.
        currency: ISO 4217 code of each store.
    """

    product: Ints
    store: Ints
    category: Ints
    price_list: Ints
    parent: Ints
    current: Floats
    week_ago: Floats
    changed_days: Floats
    tax: Floats
    cost: Floats
    cost_days: Floats
    cost_before: Floats
    rival_lowest: Floats
    rival_median: Floats
    rival_days: Floats
    advertised: Floats
    prior: Floats
    announced: Flags
    year_ago: Floats
    key_value: Flags
    opinion: Flags
    products: tuple[str, ...]
    stores: tuple[str, ...]
    categories: tuple[str, ...]
    price_lists: tuple[str, ...]
    currency: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse shapes that do not fit and prices that are none. Raises InputError naming field, row and remedy."""
        for name in self.__slots__:
            values = getattr(self, name)
            if isinstance(values, np.ndarray) and values.shape != self.current.shape:
                reason = f"{name} has shape {values.shape}, current {self.current.shape}"
                raise InputError(f"{reason}.", "Give one entry a price.", (FieldProblem(name, reason),))
        wrong = np.flatnonzero(~(self.current > 0) | np.isinf(self.current))
        if wrong.size:
            reason = f"is {self.current[wrong[0]]}"
            remedy = "Leave out what has no price, or give it one."
            raise InputError(
                f"{wrong.size} price(s) have no current price above 0, the first in row {wrong[0]}.",
                remedy,
                (FieldProblem("current", reason, remedy, int(wrong[0])),),
            )

    @property
    def pairs(self) -> int:
        """How many prices there are."""
        return len(self.current)

    @property
    def accepted_cost(self) -> Floats:
        """The newest cost, else the one before it."""
        return np.where(np.isnan(self.cost), self.cost_before, self.cost)
