"""What a market sells: products, stores, costs, volumes, as its shops know them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shopkeeper.simulation.prices.limits import charm, ladder_step
from shopkeeper.simulation.prices.plan import MarketPlan
from shopkeeper.simulation.prices.ports import Floats, Integers, Shelf

HEAD = 5.0
"""Added to a product's rank in the law of Zipf and Mandelbrot, so that the first one sells no tenth of everything."""
SLOW_UNITS = 7.0
"""Units a week below which a pair sells less than a unit a day."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The pairs of a market; pair = store * products + product.

    Attributes:
        shelf: What the shops know.
        volume: Units a week at the anchor price in a usual week, shape (pairs,).
        group: Number of the pair's category in its store, shape (pairs,).
        season_phase: Week of half a year in which a seasonal product is bought anew, shape (pairs,).
        store_size: Relative sales of each store.
    """

    shelf: Shelf
    volume: Floats
    group: Integers
    season_phase: Integers
    store_size: Floats

    @property
    def groups(self) -> int:
        """How many categories of stores there are."""
        return int(self.group.max()) + 1


def make_catalogue(plan: MarketPlan, rng: np.random.Generator) -> Catalogue:
    """Draw the products and stores of a market."""
    size, shop = plan.size, plan.shop
    n, stores = size.products, size.stores
    category = np.sort(np.arange(n) % size.categories)
    middle = np.exp(rng.uniform(np.log(shop.price_middle[0]), np.log(shop.price_middle[1]), size.categories))
    margin = np.clip(rng.normal(shop.margin, shop.margin_spread, size.categories), 0.1, 0.7)
    markup = margin / (1 - margin)
    price = np.maximum(middle[category] * np.exp(rng.normal(0, shop.price_spread, n)), 2.0)
    cost = price / (1 + markup[category])
    delivery = rng.uniform(0, shop.delivery, stores)
    popularity = rng.permutation((np.arange(1, n + 1) + HEAD) ** -shop.zipf)
    store_size = np.exp(rng.normal(0, shop.store_spread, stores))
    volume = np.outer(store_size, popularity) * np.exp(rng.normal(0, 0.4, (stores, n)))
    volume *= SLOW_UNITS / np.quantile(volume, shop.slow_share)
    kind = rng.random(n)
    seasonal = kind < plan.supply.seasonal
    perishable = (kind >= plan.supply.seasonal) & (kind < plan.supply.seasonal + plan.supply.perishable)
    lead = np.where(perishable, 1, rng.integers(1, plan.supply.lead_weeks + 1, n))
    phase = rng.integers(0, 26, n)
    pair_cost = (cost * (1 + delivery[:, None])).ravel()
    usual = pair_cost * (1 + np.tile(markup[category], stores))
    step = ladder_step(usual)
    store = np.repeat(np.arange(stores), n)
    shelf = Shelf(
        product=np.tile(np.arange(n), stores),
        store=store,
        category=np.tile(category, stores),
        step=step,
        anchor=charm(usual, step),
        anchor_cost=pair_cost,
        markup=np.tile(markup[category], stores),
        lead_weeks=np.tile(lead, stores),
        seasonal=np.tile(seasonal, stores),
        perishable=np.tile(perishable, stores),
    )
    group = store * size.categories + shelf.category
    return Catalogue(shelf, volume.ravel(), group, np.tile(phase, stores), store_size)


def group_shares(catalogue: Catalogue) -> Floats:
    """Return each pair's share of its category in its store at anchor prices, by revenue."""
    worth = catalogue.volume * catalogue.shelf.anchor
    return np.asarray(worth / np.bincount(catalogue.group, worth)[catalogue.group])
