"""Stores read for pricing, each by itself: one after the other, or as shards where there are many prices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from shopkeeper.commerce.store import Store
from shopkeeper.engines.lake import Lake
from shopkeeper.jobs.shards import Shared
from shopkeeper.pricing.house.kept_records import without_past
from shopkeeper.pricing.house.records import Records, read_records
from shopkeeper.pricing.house.standing import Reach, feeds_of, standing_prices
from shopkeeper.pricing.house.weeks import StoreWeeks, retail_list, weeks_of
from shopkeeper.pricing.proposal import Feed
from shopkeeper.pricing.standing_shelf import StoreState
from shopkeeper.quality.ports import Warehouse
from shopkeeper.wiring.settings import Settings, load_settings
from shopkeeper.wiring.sharding import open_shards
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.workspace_lake import lake_of

MANY_PRICES: Final = 20_000
"""Prices from which on it pays to start processes: each takes a second before it reads its first store."""


@dataclass(frozen=True, slots=True)
class StoreAsk:
    """One store to be read.

    Attributes:
        workspace: Its folder, which every machine that takes part reaches by the same path.
        retail: Price lists of ordinary shoppers.
        reach: How far back is looked.
        at: Nothing from this moment on is read.
    """

    workspace: str
    store: Store
    retail: tuple[str, ...]
    reach: Reach
    at: datetime


@dataclass(frozen=True, slots=True)
class StoreRead:
    """What pricing knows of one store.

    Attributes:
        weeks: Its weeks of sales; None where there is no whole one.
        state: How its prices stand.
        records: What that was told by.
        feeds: How fresh and how whole its feeds are.
    """

    weeks: StoreWeeks | None
    state: StoreState
    records: Records
    feeds: tuple[Feed, ...]


def read_stores(
    settings: Settings, lake: Lake, stores: Sequence[Store], reach: Reach, at: datetime, prices: int
) -> list[StoreRead]:
    """Read some stores, in their order.

    Args:
        prices: About how many there are; from `MANY_PRICES` on `engines.shards` reads a store a shard.

    Raises:
        ShardFailed: a store could not be read in another process; it says why.
        Unavailable: the cluster does not answer.
    """
    workspace, retail = str(settings.workspace.resolve()), tuple(settings.pricing.retail_price_lists)
    asks = [StoreAsk(workspace, store, retail, reach, at) for store in stores]
    if prices < MANY_PRICES or len(asks) < 2:
        with Analytics(settings, lake).reading() as warehouse:
            return [read_store(warehouse, one) for one in asks]
    with open_shards(settings, len(asks)) as mapper:
        return list(mapper.map_shards(read_shard, asks))


def read_shard(ask: StoreAsk, _shared: Shared) -> StoreRead:
    """Read one store in a process that knows nothing but its workspace."""
    settings = load_settings(Path(ask.workspace))
    lake = lake_of(settings)
    with Analytics(settings, lake).reading() as warehouse:
        return read_store(warehouse, ask)


def read_store(warehouse: Warehouse, ask: StoreAsk) -> StoreRead:
    """Return what the records of a store say of its prices."""
    records = read_records(warehouse, ask.store, ask.retail, ask.at)
    price_list = retail_list(records, ask.retail)
    weeks = weeks_of(records, price_list)
    treated = Counter[str]() if weeks is None else weeks.treated
    standings = standing_prices(records, price_list, ask.reach, treated)
    state = StoreState(ask.store, price_list, standings)
    return StoreRead(weeks, state, without_past(records), tuple(feeds_of(records, standings, treated)))


def sold(read: Iterable[StoreRead]) -> list[tuple[str, StoreWeeks]]:
    """Return the weeks of the stores that have any, by name."""
    return [(one.state.store.store, one.weeks) for one in read if one.weeks is not None]
