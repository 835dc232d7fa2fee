"""Which prices a part of a policy means."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from shopkeeper.commerce.fields import Id, Label

Name = Annotated[str, Meta(min_length=1, max_length=100)]


class Where(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which prices are meant; of a list, one of it; left out = all.

    Attributes:
        stores: Names of stores.
        categories: Paths; `a > b` means all that lies under it.
        price_lists: Such as retail or wholesale.
        products: Ids of products, or of parents whose variants are meant.
        key_value: True = only key-value items, whose prices shoppers know; False = all others.
    """

    stores: tuple[Label, ...] = ()
    categories: tuple[Label, ...] = ()
    price_lists: tuple[Label, ...] = ()
    products: tuple[Id, ...] = ()
    key_value: bool | None = None
