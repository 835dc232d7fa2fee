"""Which prices belong together: the form of `together` in `price-policy.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from shopkeeper.commerce.fields import Id, Label
from shopkeeper.pricing.policy.where import Name, Where

Ratio = Annotated[float, Meta(gt=0, le=100)]
Saving = Annotated[float, Meta(ge=0, lt=1)]


class OnePrice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Products that show one price: variants of a parent, a line, or one product in several stores.

    Attributes:
        name: Shown where it binds.
        where: Prices it is about.
        of: What its products have in common: `parent`, `product`, `brand`, or the name of an attribute. A product
            without it stands alone.
        products: They themselves, instead of `of`; a parent stands for its variants.
        stores: `each`: one price within each store. `legal_entity`, `all`: one price in all stores of a legal entity,
            or of the shop, that have one currency.
        price_lists: `each`: price lists go their own ways. `all`: they share the price.
    """

    name: Name
    where: Where = Where()
    of: Label | None = None
    products: tuple[Id, ...] = ()
    stores: Literal["each", "legal_entity", "all"] = "each"
    price_lists: Literal["each", "all"] = "each"


class Packs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sizes of one thing: the larger is not dearer per unit than the smaller, in each store and price list.

    Attributes:
        name: Shown where it binds.
        where: Prices it is about.
        of: What its products have in common: `parent`, `brand`, or the name of an attribute such as the line.
        products: They themselves, instead of `of`.
        size: Attribute that says how much is in it: `500 g`, `1.5 l`, `6 x 330 ml`, `12 pcs`, or a number.
        saves: How much less a unit costs in the next larger one at least, a share.
        not_cheaper: Whether the larger may not cost less than the smaller as a whole.
    """

    name: Name
    where: Where = Where()
    of: Label | None = None
    products: tuple[Id, ...] = ()
    size: Label
    saves: Saving = 0.0
    not_cheaper: bool = True


class Band(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Some brands stand within a band below or above others, in each store and price list.

    Attributes:
        name: Shown where it binds.
        where: Prices it is about.
        of: What makes products comparable: `parent`, `category`, or the name of an attribute such as the line.
        products: They themselves, instead of `of`.
        brands: Whose prices are bound, such as the own brand.
        beside: Brands they are measured by, such as the leading one.
        lowest: Least price, times the other's.
        highest: Highest price, times the other's: 0.9 = 10% below at least.
        size: Attribute that says how much is in it; prices are compared per unit of it, with the product beside that is
            nearest in size. Left out: piece by piece.
    """

    name: Name
    where: Where = Where()
    of: Label | None = None
    products: tuple[Id, ...] = ()
    brands: tuple[Label, ...]
    beside: tuple[Label, ...]
    lowest: Ratio | None = None
    highest: Ratio | None = None
    size: Label | None = None


class Together(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Prices that belong together; a product may be in several groups.

    Attributes:
        one_price: Groups that show one price.
        packs: Groups of sizes.
        bands: Brands beside others.
    """

    one_price: tuple[OnePrice, ...] = ()
    packs: tuple[Packs, ...] = ()
    bands: tuple[Band, ...] = ()


Group = OnePrice | Packs | Band
