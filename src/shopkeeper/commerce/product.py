"""What a store sells, what it costs and how much of it is there."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from shopkeeper.commerce.fields import Amount, Categories, Currency, Id, Label, Quantity, Text

ProductKind = Literal["product", "service", "gift_card", "bundle"]
ProductStatus = Literal["active", "withdrawn", "draft"]

RECOMMENDABLE: frozenset[ProductKind] = frozenset({"product", "bundle"})
"""Kinds that may be recommended, priced or written about; postage, fees and vouchers are not among them."""


class Product(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One thing in a catalogue.

    Attributes:
        product: Identity within its store (or within all stores where `store` is empty).
        parent: The product whose variant this is.
        kind: What it is; lines that are no product (postage, fees, adjustments) are `service`, vouchers `gift_card`.
        store: The only store that sells it; empty = all.
        title: Shown name, or a map from locale to name.
        categories: Paths `a > b > c`; the first is the main one.
        price: Current price of one unit, with the store's tax rule.
        cost: What one unit costs the store.
        stock: Units on hand; None = not tracked, so taken as available.
        sensitive: Never shown because of what a shopper did before (health, adult, religion ...).
    """

    product: Id
    parent: Id | None = None
    kind: ProductKind = "product"
    store: str = ""
    title: Text | dict[str, Text] | None = None
    description: Text | dict[str, Text] | None = None
    brand: Label | None = None
    categories: Categories = ()
    price: Amount | None = None
    cost: Amount | None = None
    currency: Currency | None = None
    tax_class: Label | None = None
    stock: Quantity | None = None
    status: ProductStatus = "active"
    url: Text | None = None
    gtin: Label | None = None
    image_url: Text | None = None
    available_from: datetime | None = None
    available_until: datetime | None = None
    created_at: datetime | None = None
    sensitive: bool = False
    attributes: dict[str, Any] = {}


class Price(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one unit of a product cost from `ts` on.

    Attributes:
        price: Shown price.
        list_price: Price before the reduction, where one is announced.
        promo: Name of the promotion.
    """

    product: Id
    store: Id
    ts: datetime
    price: Amount
    price_list: Label = ""
    list_price: Amount | None = None
    promo: Label | None = None


class CompetitorPrice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a competitor asked for the same product at `ts`."""

    product: Id
    store: Id
    competitor: Id
    ts: datetime
    price: Amount
    in_stock: bool | None = None


class Inventory(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much of a product was there at `ts`.

    Attributes:
        on_hand: Units that can be sold now.
        inbound: Units ordered from the supplier.
        lead_time_days: Days from order to arrival.
    """

    product: Id
    store: Id
    ts: datetime
    on_hand: Quantity
    inbound: Quantity | None = None
    lead_time_days: Quantity | None = None
