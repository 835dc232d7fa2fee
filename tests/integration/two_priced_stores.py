"""A workspace of two stores whose prices move, for tests that read it in other processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from tests.pricing.houses import STORE, House, trade
from tests.wiring.pricing.priced_shops import AT, WEEKS

from shopkeeper.pricing.house.standing import Reach
from shopkeeper.wiring.pricing.store_reading import StoreAsk, StoreRead, read_stores
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_lake import lake_of

STORES = [STORE, msgspec.structs.replace(STORE, store="at", country="AT")]
REACH = Reach(7.0, 30.0)


@contextmanager
def two_stores(folder: Path) -> Iterator[Settings]:
    """Give a workspace in which one store sold for weeks and the other a little."""
    (folder / "shopkeeper.toml").touch()
    house = House(folder)
    trade(house, WEEKS)
    house.product("p0", store="at", categories=["Kitchen"])
    for week in range(WEEKS):
        house.sale("p0", 7 * week + 2, 3.0, 11.0, store="at")
    house.warehouse()
    yield Settings(workspace=folder)
    house.close()


def read(settings: Settings, prices: int) -> list[StoreRead]:
    """Return the stores as a run over so many prices reads them."""
    lake = lake_of(settings)
    return read_stores(settings, lake, STORES, REACH, AT, prices)


def asks(settings: Settings) -> list[StoreAsk]:
    """Return the shards of such a run."""
    retail = tuple(settings.pricing.retail_price_lists)
    return [StoreAsk(str(settings.workspace), store, retail, REACH, AT) for store in STORES]


def assert_same(one: Any, other: Any) -> None:  # noqa: ANN401 - whatever a record holds
    """Check that two trees of records, lists and arrays hold the same."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        assert_same(list(one.values()), list(other.values()))
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for mine, theirs in zip(one, other, strict=True):
            assert_same(mine, theirs)
    elif hasattr(one, "__dataclass_fields__"):
        for name in one.__dataclass_fields__:
            assert_same(getattr(one, name), getattr(other, name))
    else:
        assert one == other or (one != one and other != other)  # noqa: PLR0124 - both are no number
