"""The ledger of what was really sold, against which events are checked."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from shopkeeper.commerce.fields import Id, Label, SignedAmount


class Order(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order of the shop's own ledger. Money is after discounts, without tax and shipping, less returns."""

    order_id: Id
    store: Id
    ts: datetime
    user: Id | None = None
    revenue: SignedAmount = 0.0
    tax: SignedAmount | None = None
    shipping: SignedAmount | None = None
    discount: SignedAmount | None = None
    margin: SignedAmount | None = None
    status: Annotated[Label, Meta(description="Such as paid, shipped, cancelled, returned")] = "paid"
