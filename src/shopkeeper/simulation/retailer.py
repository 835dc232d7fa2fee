"""The simulated retailer: three stores in three countries, two of which share their shoppers."""

from __future__ import annotations

from dataclasses import dataclass

from shopkeeper.commerce.store import Store
from shopkeeper.simulation.assortment import FASHION, HOME, OUTDOOR, Assortment


@dataclass(frozen=True, slots=True)
class StorePlan:
    """One store as the simulation knows it.

    Attributes:
        per_pound: Units of the store's currency for one pound; catalogue words carry prices in pounds.
        shipping: Postage of an order below `free_shipping_from`, in the store's currency, tax included.
        locals_share: Share of the store's shoppers who know no other store of the group.
    """

    store: Store
    assortment: Assortment
    per_pound: float
    shipping: float
    free_shipping_from: float
    locals_share: float = 1.0

    @property
    def name(self) -> str:
        """The store's id."""
        return self.store.store

    @property
    def tax_rate(self) -> float:
        """The standard tax as a share of the price without tax."""
        return self.store.tax_rates["standard"]


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is simulated; all of it is one world with one truth.

    Attributes:
        products: Products of each store, without gift cards and postage.
        shoppers: Shoppers of each store.
        days: Length of the history.
    """

    products: int
    shoppers: int
    days: int


FULL = Scale(products=500, shoppers=2_000, days=60)
FAST = Scale(products=150, shoppers=260, days=45)

PLANS: tuple[StorePlan, ...] = (
    StorePlan(
        Store(
            store="home-uk", legal_entity="Harbour & Hill Ltd", customer_group="harbour-hill", country="GB",
            time_zone="Europe/London", locales=("en-GB",), currency="GBP", tax_rates={"standard": 0.2}, simulated=True,
        ),
        HOME, per_pound=1.0, shipping=4.95, free_shipping_from=60.0,
    ),
    StorePlan(
        Store(
            store="fashion-nl", legal_entity="Harbour & Hill B.V.", customer_group="harbour-hill", country="NL",
            time_zone="Europe/Amsterdam", locales=("en-NL",), currency="EUR", tax_rates={"standard": 0.21},
            simulated=True,
        ),
        FASHION, per_pound=1.17, shipping=5.95, free_shipping_from=75.0, locals_share=0.7,
    ),
    StorePlan(
        Store(
            store="outdoor-us", legal_entity="Ridge & River Inc.", country="US", time_zone="America/Denver",
            locales=("en-US",), currency="USD", price_includes_tax=False, tax_rates={"standard": 0.0},
            simulated=True,
        ),
        OUTDOOR, per_pound=1.28, shipping=7.95, free_shipping_from=99.0,
    ),
)  # fmt: skip
"""The default retailer. `outdoor-us` is outside the customer group of the other two."""
