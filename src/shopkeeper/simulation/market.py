"""The whole market with its known truth: every store's shelf, crowd, and what each shopper would do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.simulation.behaviour import HABITS, Habits, click_probability, pulls, tastes
from shopkeeper.simulation.catalogue import FloatArray, IntArray, Shelf, make_shelf
from shopkeeper.simulation.retailer import PLANS, Scale, StorePlan
from shopkeeper.simulation.shoppers import Crowd, make_crowd


@dataclass(frozen=True, slots=True)
class StoreMarket:
    """One store and the truth about it.

    Attributes:
        taste: Utility of each product to each shopper, shape (shoppers, products).
        pull: What the last product adds, shape (2, products + 1, products); see `behaviour.pulls`.
        numbers: Index of each product id.
        chapter: Part of a history that is written in several; keeps the ids of one part apart from another's.
    """

    plan: StorePlan
    shelf: Shelf
    crowd: Crowd
    taste: FloatArray
    pull: FloatArray
    habits: Habits
    numbers: dict[str, int]
    chapter: str = ""

    @property
    def stamp(self) -> str:
        """What the ids of this store's events, sessions and orders begin with."""
        return f"sim-{self.name}-{self.chapter}" if self.chapter else f"sim-{self.name}"

    @property
    def name(self) -> str:
        """The store's id."""
        return self.plan.name

    def utility(self, shopper: IntArray, last: IntArray, carted: IntArray) -> FloatArray:
        """Return the utility of every product in context, shape (n, products).

        Args:
            shopper: Index of each shopper, shape (n,).
            last: Product they look at now, -1 = none, shape (n,).
            carted: 1 where that product went into the cart, shape (n,).
        """
        utility: FloatArray = self.pull[carted, last]  # -1 is the last row, which means "nothing yet"
        utility += self.taste[shopper]
        return utility

    def chance_of_click(self, shown: IntArray, shopper: IntArray, last: IntArray, carted: IntArray) -> FloatArray:
        """Return how likely lists are clicked in truth, shape (n, k) -> (n,); product -1 = empty place."""
        utility = np.take_along_axis(self.utility(shopper, last, carted), np.maximum(shown, 0), axis=1)
        chance = np.where(shown >= 0, click_probability(utility, self.habits), 0.0)
        return np.asarray(1.0 - np.prod(1.0 - chance, axis=1), dtype=np.float32)

    def number(self, product: str) -> int:
        """Return the index of a product id; -1 for one the simulation did not make."""
        return self.numbers.get(product, -1)


@dataclass(frozen=True, slots=True)
class Market:
    """All stores. The same seed and scale give the same market, to the bit."""

    seed: int
    scale: Scale
    stores: tuple[StoreMarket, ...]

    def store(self, name: str) -> StoreMarket | None:
        """Return a store by name; None when the market has no such store."""
        return next((store for store in self.stores if store.name == name), None)


def make_market(seed: int, scale: Scale, plans: tuple[StorePlan, ...] = PLANS, habits: Habits = HABITS) -> Market:
    """Make the market of a seed."""
    stores: list[StoreMarket] = []
    first_of_group: dict[str, Crowd] = {}
    for number, plan in enumerate(plans):
        rng = np.random.default_rng([seed, number])
        shelf = make_shelf(plan, scale, rng)
        crowd = make_crowd(plan, scale, rng, first_of_group.get(plan.store.group))
        first_of_group.setdefault(plan.store.group, crowd)
        numbers = {product: index for index, product in enumerate(shelf.ids)}
        taste = tastes(shelf, crowd, habits)
        stores.append(StoreMarket(plan, shelf, crowd, taste, pulls(shelf, habits), habits, numbers))
    return Market(seed, scale, tuple(stores))


def sellable(shelf: Shelf, stock: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Say which products may be recommended, given the units on hand."""
    return shelf.sellable & ~shelf.withdrawn & (stock > 0)
