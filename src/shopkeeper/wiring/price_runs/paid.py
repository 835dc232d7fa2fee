"""What people paid for published prices, whatever the shop's feed says: the decided price, or more than that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from shopkeeper.pricing.house.records import aware, number, query_of, texts
from shopkeeper.pricing.runs.confirmation import Paid, Shown, overcharged, paid_as_decided
from shopkeeper.pricing.runs.price_run import PublishedPrice
from shopkeeper.quality.ports import Warehouse
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.workspace_lake import lake_of

_PACKAGE: Final = "shopkeeper.pricing"
LOOKED_BACK: Final = timedelta(hours=48)
"""How far back purchases are looked at for prices above the decided one."""


def paid_prices(
    settings: Settings, silent: Sequence[PublishedPrice], published: Sequence[PublishedPrice], grace: timedelta,
    at: datetime,
) -> tuple[dict[int, Shown], dict[int, Shown]]:  # fmt: skip
    """Return by their numbers which prices were paid as decided since they hold, and which are charged too high.

    A lower price says nothing: vouchers, and carts that keep theirs, make people pay less. Price lists beside that of
    ordinary shoppers are not looked at.

    Args:
        silent: Prices of which the feed says nothing since they hold; only of these it counts that they were paid.
        published: Prices that hold.
        grace: After so long the shop should charge a price.
    """
    wanted = [one for one in silent if not one.price_list]
    late = [one for one in published if not one.price_list and one.outcome != "changed" and at - one.at > grace]
    if not wanted and not late:
        return {}, {}
    lake = lake_of(settings)
    lake.compact()
    confirmed: dict[int, Shown] = {}
    higher: dict[int, Shown] = {}
    with Analytics(settings, lake).reading() as warehouse:
        for one, lines in _lines(warehouse, settings, wanted, None):
            if (shown := paid_as_decided(one, lines)) is not None:
                confirmed[one.number] = shown
        for one, lines in _lines(warehouse, settings, late, at - LOOKED_BACK):
            if (shown := overcharged(one, lines, grace)) is not None:
                higher[one.number] = shown
    return confirmed, higher


def _lines(
    warehouse: Warehouse, settings: Settings, published: Sequence[PublishedPrice], since: datetime | None
) -> Iterator[tuple[PublishedPrice, list[Paid]]]:
    """Yield each price with what was paid for its product since a moment; None = since the oldest holds."""
    lists = {f"list_{place}": name for place, name in enumerate(settings.pricing.retail_price_lists)}
    asked = query_of(_PACKAGE, "paid_prices", retail=", ".join(f"${name}" for name in lists))
    for store in sorted({one.store for one in published}):
        decided = {one.product: one for one in published if one.store == store}
        first = min(one.at for one in decided.values())
        currency = next(iter(decided.values())).currency
        rows = warehouse.fetch(asked, store=store, since=since or first, currency=currency, **lists)
        found: dict[str, list[Paid]] = {product: [] for product in decided}
        counts = number(rows, "purchases").tolist()
        for product, price, n, last in zip(
            texts(rows, "product"), number(rows, "price").tolist(), counts, rows["last_ts"], strict=True
        ):
            if product in found and not np.isnat(last):
                found[product].append(Paid(price, round(n), aware(last)))
        yield from ((one, found[product]) for product, one in decided.items())
