"""A year of a simulated retailer in weekly chapters, and what happens in it: tastes turn, a feed breaks, a field comes.

`write_opening` writes the history before the year, `write_week` one week of it, each as the files a shop would hand
over that night. The same market, calendar and happenings give the same bytes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from shopkeeper.simulation.behaviour import pulls, tastes
from shopkeeper.simulation.dirt import NO_DIRT, Dirt
from shopkeeper.simulation.history import StoreHistory, write_history
from shopkeeper.simulation.market import Market, StoreMarket
from shopkeeper.simulation.shoppers import FAMILIES_LIKED

OPENING_DAYS: Final = 63
SEGMENTS: Final = ("trade", "gift", "home")
_TASTE_STREAM: Final = 3_000
_ONCE: Final = ("stores.jsonl", "products.jsonl", "users.jsonl")
"""Files that a shop hands over once; the year changes them only where a happening says so."""


@dataclass(frozen=True, slots=True)
class Happenings:
    """What happens, by week of the year from 0; None = it does not.

    Attributes:
        taste: From this week on shoppers like other families, cheaper things and other companions.
        broken_feed: Weeks in which purchases arrive without their prices.
        new_field: From this week on users come with a `segment`.
    """

    taste: int | None = 18
    broken_feed: tuple[int, ...] = (31, 32)
    new_field: int | None = 41


def market_in(market: Market, week: int, happenings: Happenings) -> Market:
    """Return the market as it is in a week: the truth that shoppers act by."""
    if happenings.taste is None or week < happenings.taste:
        return market
    stores = tuple(
        turned(store, np.random.default_rng([market.seed, _TASTE_STREAM, place]))
        for place, store in enumerate(market.stores)
    )
    return replace(market, stores=stores)


def turned(store: StoreMarket, rng: np.random.Generator) -> StoreMarket:
    """Return a store whose shoppers changed their minds.

    They come for families that few came for, look for the cheap end of each, and look at other things after a product.
    """
    crowd, shelf = store.crowd, store.shelf
    families = crowd.interest.shape[1]
    coming = rng.permutation(families)[: max(families // 4, FAMILIES_LIKED)]
    interest = np.full_like(crowd.interest, -1.0) + rng.normal(scale=0.3, size=crowd.interest.shape)
    liked = coming[np.argsort(rng.random((crowd.size, len(coming))), axis=1)[:, :FAMILIES_LIKED]]
    np.put_along_axis(interest, liked, rng.normal(1.9, 0.4, size=liked.shape), axis=1)
    other = rng.permutation(shelf.size)
    real = shelf.sellable & shelf.sellable[other]
    partners = np.where(real[:, None], shelf.partners[other], shelf.partners)
    partners = np.where(partners == np.arange(shelf.size)[:, None], -1, partners)
    new_crowd = replace(crowd, interest=interest.astype(np.float32), tier=(crowd.tier * 0.35).astype(np.float32))
    new_shelf = replace(shelf, partners=partners)
    return replace(
        store, crowd=new_crowd, shelf=new_shelf,
        taste=tastes(new_shelf, new_crowd, store.habits), pull=pulls(new_shelf, store.habits),
    )  # fmt: skip


def write_opening(market: Market, folder: Path, until: datetime, dirt: Dirt = NO_DIRT) -> tuple[StoreHistory, ...]:
    """Write the history before the year, with stores, products and users."""
    written = write_history(_chapter(market, "before", OPENING_DAYS), folder, until, dirt)
    return _dated(written, until - timedelta(days=2 * OPENING_DAYS))  # shelf and users were known from the start


def write_week(
    market: Market, week: int, folder: Path, until: datetime, happenings: Happenings, dirt: Dirt = NO_DIRT
) -> tuple[StoreHistory, ...]:
    """Write the seven days before `until` as the week's files.

    Args:
        market: The market as it is that week, see `market_in`.
    """
    last = until - timedelta(minutes=1)  # at midnight the last of seven days would be one that has not begun
    written = write_history(_chapter(market, f"w{week:02d}", 7), folder, last, dirt)
    for history in written:
        if week in happenings.broken_feed:
            _rewrite(history.folder / "events.jsonl", _without_price)
        if happenings.new_field == week:
            _rewrite(history.folder / "users.jsonl", _with_segment)
        for name in _ONCE:
            if not (name == "users.jsonl" and happenings.new_field == week):
                (history.folder / name).unlink()
    return _dated(written, until)


def _dated(written: tuple[StoreHistory, ...], until: datetime) -> tuple[StoreHistory, ...]:
    """Give the files the time they were handed over; an import takes it for rows without a time of their own."""
    for history in written:
        for path in history.folder.iterdir():
            os.utime(path, (until.timestamp(), until.timestamp()))
    return written


def week_end(opening: datetime, week: int) -> datetime:
    """Return when a week of the year is over."""
    return opening + timedelta(days=7 * (week + 1))


def _chapter(market: Market, name: str, days: int) -> Market:
    """Return the market for one part of a history, with ids and chance of its own; everything is on the shelf."""
    number = int.from_bytes(name.encode(), "big") % 1_000_003
    stores = tuple(
        replace(store, chapter=name, shelf=replace(store.shelf, born=np.zeros_like(store.shelf.born)))
        for store in market.stores
    )
    return replace(market, seed=market.seed * 1_000_003 + number, scale=replace(market.scale, days=days), stores=stores)


def _rewrite(path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    lines = path.read_text("utf-8").splitlines()
    path.write_text("".join(json.dumps(change(json.loads(line))) + "\n" for line in lines), "utf-8")


def _without_price(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if row["type"] != "purchase" or key not in ("price", "currency")}


def _with_segment(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"segment": SEGMENTS[sum(str(row["user"]).encode()) % len(SEGMENTS)]}
