"""Published prices that people paid, so the shop shows them whatever its feed says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from shopkeeper.engines.lake import Lake
from shopkeeper.pricing.house.records import aware, number, texts
from shopkeeper.pricing.runs.confirmation import NEAR, Shown
from shopkeeper.pricing.runs.price_run import PublishedPrice
from shopkeeper.quality.ports import NamedQuery, Warehouse
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.warehouse import Analytics

_PACKAGE: Final = "shopkeeper.pricing"


def paid_prices(settings: Settings, published: Sequence[PublishedPrice]) -> dict[int, Shown]:
    """Return which published prices were paid since they hold, by their numbers; price lists are not told apart there.

    Another price says nothing: vouchers, and carts that keep theirs, make people pay less.
    """
    wanted = [one for one in published if not one.price_list]
    if not wanted:
        return {}
    lake = Lake(settings.folder(settings.engines.log), settings.folder(settings.engines.lake))
    lake.compact()
    with Analytics(settings, lake).reading() as warehouse:
        return {number: shown for store in sorted({one.store for one in wanted})
                for number, shown in _of_store(warehouse, store, wanted).items()}  # fmt: skip


def _of_store(warehouse: Warehouse, store: str, published: Sequence[PublishedPrice]) -> dict[int, Shown]:
    decided = {one.product: one for one in published if one.store == store}
    since = min(one.at for one in decided.values())
    rows = warehouse.fetch(NamedQuery.load(_PACKAGE, "paid_prices"), store=store, since=since)
    found: dict[int, Shown] = {}
    for product, price, last in zip(texts(rows, "product"), number(rows, "price"), rows["last_ts"], strict=True):
        one = decided.get(product)
        if one is None or np.isnat(last) or abs(float(price) - one.price) >= NEAR or aware(last) < one.at:
            continue
        found[one.number] = Shown(one.price, aware(last))
    return found
