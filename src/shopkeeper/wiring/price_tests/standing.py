"""What shoppers see and what goods cost now, of whole stores in a few scans: a turn asks it of every price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shopkeeper.commerce.product import Price, Product
from shopkeeper.commerce.store import ALL_STORES
from shopkeeper.commerce.tables import PRICES, PRODUCTS
from shopkeeper.engines.state import State
from shopkeeper.pricing.proposal import PriceKey, Proposal
from shopkeeper.pricing.runs.price_run import PublishedPrice
from shopkeeper.wiring.price_runs.asked import Shown, standing_of


@dataclass(frozen=True, slots=True)
class StandingNow:
    """What is known of some stores at this moment.

    Attributes:
        products: By store and product; of all stores under the store `""`.
        fed: What the shop's feed of prices says.
        published: What runs decided.
    """

    products: Mapping[tuple[str, str], Product]
    fed: Mapping[PriceKey, Shown]
    published: Mapping[PriceKey, PublishedPrice]

    def price(self, row: Proposal) -> float | None:
        """Return what a shopper sees now, as far as is known."""
        key, product = row.key, self._product(row)
        listed = None if product is None or row.price_list else product.price
        return standing_of(self.fed.get(key), self.published.get(key), listed)

    def cost(self, row: Proposal) -> float | None:
        """Return what a unit costs, by the catalogue; where that says nothing, as the proposal had it."""
        product = self._product(row)
        return row.cost if product is None or product.cost is None else product.cost

    def _product(self, row: Proposal) -> Product | None:
        return self.products.get((row.store, row.product)) or self.products.get((ALL_STORES, row.product))


def standing_now(state: State, stores: Iterable[str]) -> StandingNow:
    """Read what is known of some stores."""
    named = tuple(stores)
    products = {
        (row.row.store, row.row.product): row.row
        for row in state.tables.scan(PRODUCTS)
        if isinstance(row.row, Product) and row.row.store in {ALL_STORES, *named}
    }
    fed = {
        (store, row.row.price_list, row.row.product): Shown(row.row.price, row.source_ts)
        for store in named
        for row in state.tables.scan(PRICES, store)
        if isinstance(row.row, Price)
    }
    published = {one.key: one for one in state.prices.published()}
    return StandingNow(products, fed, published)
