"""A change of a price as a shop is told of it, the same over HTTP, by webhook and in files."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from shopkeeper.pricing.runs.price_run import PriceChange


class ToldChange(Struct, frozen=True):
    """One price to set.

    Attributes:
        number: Version of the price; take each once, the highest of a product wins.
        kind: Whether a run published it or was taken back.
        price: To be shown, with the store's tax rule.
        before: What it replaces.
        at: From when.
        run: Price run that made it.
    """

    number: int
    kind: Literal["publish", "revert"]
    store: str
    price_list: str
    product: str
    price: float
    before: float
    currency: str
    at: datetime
    run: str


def told(change: PriceChange) -> ToldChange:
    """Return a change as the shop is told."""
    return ToldChange(
        change.number, change.kind, change.store, change.price_list, change.product, change.price, change.before,
        change.currency, change.at, change.run,
    )  # fmt: skip
