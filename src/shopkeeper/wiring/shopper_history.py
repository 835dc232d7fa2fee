"""What one shopper did, for a person who may look and says why: the look is written down before anything is read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from shopkeeper.engines.lake import Lake
from shopkeeper.engines.state import State
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.serving.catalogue import Catalogue

LOOKED: Final = "shopper.history"
"""How a look is named in the audit."""
_QUERY: Final = NamedQuery.load("shopkeeper.wiring", "shopper_history")


class Deed(Struct, frozen=True):
    """One thing a shopper did.

    Attributes:
        ts: UTC.
        surface: Where on the site.
        query: What was searched for.
        decision_id: The answer it followed from.
    """

    ts: datetime
    type: str
    product: str | None
    surface: str | None
    query: str | None
    decision_id: str | None


class ShopperHistory(Struct, frozen=True):
    """What a shopper did.

    Attributes:
        events: Newest first; what was logged within the last minute may not be among them.
        withheld: Events about sensitive products, which are not shown.
    """

    store: str
    user: str
    events: tuple[Deed, ...]
    withheld: int


def shopper_history(
    lake: Lake,
    state: State,
    catalogue: Catalogue,
    *,
    store: str,
    user: str,
    since: datetime,
    most: int,
    who: str,
    why: str,
) -> ShopperHistory:
    """Return what a user did in a store, after writing down who looked at whom and why.

    Args:
        most: Events that are read at most, the newest.
        who: As the audit names them.
        why: The reason they gave.

    Raises:
        Unavailable: the audit cannot be written, so nothing is read; or the lake cannot be read.
    """
    state.audit.write(who, LOOKED, {"store": store, "user": user, "since": since.isoformat(), "why": why})
    warehouse = lake.warehouse()
    try:
        found = warehouse.fetch(_QUERY, store=store, user=user, since=since, rows=most)
    finally:
        warehouse.close()
    rows = zip(
        *(found[name].tolist() for name in ("ts", "type", "product", "surface", "query", "decision_id")), strict=True
    )
    deeds = [Deed(ts.replace(tzinfo=UTC), *rest) for ts, *rest in rows]
    shown = tuple(deed for deed in deeds if not _sensitive(catalogue, store, deed.product))
    return ShopperHistory(store, user, shown, len(deeds) - len(shown))


def _sensitive(catalogue: Catalogue, store: str, product: str | None) -> bool:
    card = catalogue.card(store, product) if product else None
    return card is not None and card.product.sensitive
