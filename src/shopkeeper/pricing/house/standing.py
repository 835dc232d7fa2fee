"""Prices, costs, rivals and stock of one store as they stand at the moment that was read up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import msgspec
import numpy as np

from shopkeeper.pricing.house.records import Columns, Records, aware, number, texts
from shopkeeper.pricing.house.steps import DAY, FAR, Steps
from shopkeeper.pricing.house.weeks import (
    RIVAL_CREDIBLE,
    Goods,
    cost_steps,
    goods_of,
    rival_steps,
    shown_steps,
    stock_steps,
)
from shopkeeper.pricing.proposal import Feed, FeedName
from shopkeeper.pricing.shelf import Flags, Floats

ADVERTISED: Final = "minimum_advertised_price"
"""Attribute of a product that holds its supplier's minimum advertised price, as shown."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back is looked.

    Attributes:
        rival_days: A rival's price that is older counts as missing.
        prior_days: Days whose lowest price an announced reduction must lie below.
    """

    rival_days: float
    prior_days: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Prices of one price list of a store, arrays of one entry a price; fields as in `shelf.Shelf`.

    Attributes:
        row: Its product, index into `goods`.
        stock: Units that can be sold in the coming week, infinite where nobody counts them.
        days_left: Until the product is sold no more, infinite where nobody says when.
        rival: Mean price of the rivals last seen, without tax, NaN where none is known.
        promo: Whether a promotion is on.
        late, absurd: Whether a rival's price was left out for its age, or because nobody believes it.
        paid: Whether the current price is only known from what was paid last.
    """

    goods: Goods
    price_list: str
    row: Any
    current: Floats
    week_ago: Floats
    changed_days: Floats
    cost: Floats
    cost_days: Floats
    cost_before: Floats
    rival_lowest: Floats
    rival_median: Floats
    rival_days: Floats
    rival: Floats
    advertised: Floats
    prior: Floats
    announced: Flags
    year_ago: Floats
    stock: Floats
    days_left: Floats
    late: Flags
    absurd: Flags
    paid: Flags


def standing_prices(records: Records, retail: str, reach: Reach, treated: Counter[str]) -> tuple[Standing, ...]:
    """Return the prices that stand in a store, by price list; of the retail list those of every product on sale.

    Where nobody said what a product is shown at, the catalogue's price stands, else what was paid for it last.
    """
    goods = goods_of(records)
    lists = sorted({retail, *texts(records.prices, "price_list")})
    found = (_of_list(records, goods, name, retail, reach, treated) for name in lists)
    return tuple(one for one in found if len(one.row))


def _of_list(
    records: Records, goods: Goods, price_list: str, retail: str, reach: Reach, treated: Counter[str]
) -> Standing:
    steps, promo = shown_steps(records, goods, price_list)
    now, many = records.now, len(goods.names)
    current, _ = steps.standing(many, now)
    paid = np.zeros(many, np.bool_)
    if price_list == retail:
        current = np.where(np.isnan(current), np.where(goods.price > 0, goods.price, np.nan), current)
        last = _last_paid(records, goods)
        paid = np.isnan(current) & np.isfinite(last)
        current = np.where(paid, last, current)
    live = goods.sold & (current > 0) & (goods.from_ <= now) & (goods.until > now)
    if price_list == retail:
        treated["products_without_a_price"] += int((goods.sold & np.isnan(current)).sum())
        treated["current_prices_told_by_purchases"] += int((paid & live).sum())
    row = np.flatnonzero(live)
    changes, running = steps.changes(), promo.changes()
    _, changed = changes.standing(many, now)
    announced, begun = running.standing(many, now)
    told = np.nan_to_num(announced) > 0
    end = np.where(told, begun, now)
    prior = steps.lowest(many, end - int(reach.prior_days * DAY), end)
    cost, cost_at, before = _costs(records, goods, now)
    lowest, median, seen, rival, late, absurd = _rivals(records, goods, current, reach)
    every = {
        "current": current, "week_ago": steps.standing(many, now - 7 * DAY)[0],
        "changed_days": np.where(_changed(changes, many, now), (now - changed) / DAY, np.inf), "cost": cost,
        "cost_days": np.where(cost_at >= 0, np.maximum(now - cost_at, 0) / DAY, np.inf), "cost_before": before,
        "rival_lowest": lowest, "rival_median": median, "rival_days": seen, "rival": rival / (1 + goods.tax),
        "advertised": np.array([_advertised(text) for text in goods.attributes], np.float64), "prior": prior,
        "announced": told, "year_ago": steps.standing(many, now - 365 * DAY)[0],
        "stock": _stock(records, goods, now, treated),
        "days_left": np.where(goods.until == FAR, np.inf, (goods.until - now) / DAY), "paid": paid,
        "late": late, "absurd": absurd,
    }  # fmt: skip
    return Standing(goods=goods, price_list=price_list, row=row, **{name: part[row] for name, part in every.items()})


def _changed(changes: Steps, many: int, now: int) -> Flags:
    """Return whose price was another one before; the first price there is, is no change."""
    return np.asarray(np.bincount(changes.row[changes.at <= now], minlength=many) > 1)


def _last_paid(records: Records, goods: Goods) -> Floats:
    """Return what one unit cost in the last week each product was sold to ordinary shoppers, tax as shown."""
    rows = records.sales
    row, price = goods.rows(texts(rows, "product")), np.exp(number(rows, "log_price"))
    used = (row >= 0) & (number(rows, "wholesale") == 0) & np.isfinite(price)
    week = rows["week"].astype("datetime64[us]").astype(np.int64)
    paid, _ = Steps.of(row[used], week[used], price[used]).standing(len(goods.names), np.iinfo(np.int64).max)
    return np.round(paid, 2)


def _costs(records: Records, goods: Goods, now: int) -> tuple[Floats, Any, Floats]:
    """Return the newest cost, when it was last said, and the one before it that differed."""
    steps, many = cost_steps(records, goods, Counter()), len(goods.names)
    cost, at = steps.standing(many, now)
    first = Steps.of(steps.row[::-1], -steps.at[::-1], steps.value[::-1])
    later, stated = first.standing(many, -now - 1)  # the first one said after the moment, where none was before
    cost = np.where(np.isnan(cost), later, cost)
    changes = steps.changes()
    held = changes.at <= now
    row, value = changes.row[held], changes.value[held]
    before = np.full(many, np.nan)
    again = np.append(False, row[1:] == row[:-1])[: len(row)]  # of no cost at all there is nothing to say
    before[row[again]] = value[:-1][again[1:]]
    return cost, np.where(at >= 0, at, np.where(stated != -1, -stated, -1)), before


def _rivals(
    records: Records, goods: Goods, current: Floats, reach: Reach
) -> tuple[Floats, Floats, Floats, Floats, Flags, Flags]:
    """Return lowest, median, age in days of the newest, and mean of the rivals' prices that are neither old nor absurd.

    And which products had rivals' prices that are old, and such that are absurd.
    """
    steps, product = rival_steps(records, goods)
    many, now = len(goods.names), records.now
    price, at = steps.standing(len(product), now)
    age = (now - at) / DAY
    late = np.isfinite(price) & (age > reach.rival_days)
    with np.errstate(invalid="ignore"):
        away = price / current[product]
        absurd = np.isfinite(price) & ~late & ((away < RIVAL_CREDIBLE[0]) | (away > RIVAL_CREDIBLE[1]))
    used = np.flatnonzero(np.isfinite(price) & ~late & ~absurd)
    used = used[np.lexsort((price[used], product[used]))]
    lowest, median, mean = (np.full(many, np.nan) for _ in range(3))
    newest = np.full(many, np.inf)
    whose, heads, counts = np.unique(product[used], return_index=True, return_counts=True)
    prices = price[used]
    lowest[whose] = prices[heads]
    median[whose] = (prices[heads + (counts - 1) // 2] + prices[heads + counts // 2]) / 2
    sums = np.bincount(product[used], np.log(prices), many)
    mean[whose] = np.exp(sums[whose] / counts)
    np.minimum.at(newest, product[used], age[used])
    too_late, wild = np.zeros((2, many), np.bool_)
    too_late[product[late]], wild[product[absurd]] = True, True
    return lowest, median, newest, mean, too_late, wild


def _stock(records: Records, goods: Goods, now: int, treated: Counter[str]) -> Floats:
    """Return units that can be sold in the coming week: on hand, and what arrives within it."""
    steps, many = stock_steps(records, goods), len(goods.names)
    held, _ = steps.standing(many, now)
    rows = records.stock
    row, at = goods.rows(texts(rows, "product")), records.local(rows["ts"])
    coming = np.where(number(rows, "lead_time_days") <= 7, np.nan_to_num(number(rows, "inbound")), 0.0)
    arriving, _ = Steps.of(row[row >= 0], at[row >= 0], coming[row >= 0]).standing(many, now)
    held = np.where(np.isnan(held), goods.stock, held + np.nan_to_num(arriving))
    treated["products_whose_stock_nobody_counts"] += int((goods.sold & np.isnan(held)).sum())
    return np.where(np.isnan(held), np.inf, held)


def _advertised(attributes: str) -> float:
    try:
        found = msgspec.json.decode(attributes or "{}", type=dict[str, Any]).get(ADVERTISED)
    except msgspec.MsgspecError:
        return np.nan
    return float(found) if isinstance(found, int | float) and found > 0 else np.nan


_OF_FEED: Final[Mapping[FeedName, tuple[str, ...]]] = {
    "sales": ("wholesale_units", "returned_units", "lines_in_other_money", "weeks_with_more_returns_than_sales"),
    "prices": ("products_without_a_price", "current_prices_told_by_purchases"),
    "costs": ("costs_in_other_money",),
    "stock": ("weeks_sold_while_out_of_stock", "products_whose_stock_nobody_counts"),
    "rivals": ("absurd_rival_prices",),
}
"""Feed -> what is counted of it."""


def feeds_of(records: Records, standings: Sequence[Standing], treated: Counter[str]) -> tuple[Feed, ...]:
    """Return how fresh each feed of a store is.

    Args:
        standings: Its prices; how many of them have a rival's price that is `stale` or `absurd` is told with the feed.
        treated: What was left out or mended -> how many.
    """
    late, absurd = (sum(int(getattr(one, name).sum()) for one in standings) for name in ("late", "absurd"))
    doubts: dict[FeedName, dict[str, int]] = {"rivals": {"stale": late, "absurd": absurd}}
    columns: dict[FeedName, Columns] = {
        "prices": records.prices, "costs": records.costs, "stock": records.stock, "rivals": records.rivals,
    }  # fmt: skip
    found = []
    for feed, names in _OF_FEED.items():
        rows = columns.get(feed, records.sales)
        newest = records.last
        if feed in columns:
            newest = aware(rows["ts"].max()) if len(rows["ts"]) else None
        counted = {name: treated[name] for name in names} | doubts.get(feed, {})
        hours = None if newest is None else max(records.until - newest, timedelta()).total_seconds() / 3600
        mended = {name: many for name, many in counted.items() if many}
        store, known = records.store.store, _standing_rows(rows)
        found.append(Feed(store=store, feed=feed, newest=newest, hours=hours, rows=known, treated=mended))
    return tuple(found)


def _standing_rows(rows: Columns) -> int:
    """Return of how many products, or products and competitors, there is a row."""
    keys = zip(
        texts(rows, "product"), texts(rows, "competitor") if "competitor" in rows else rows["product"], strict=True
    )
    return len(set(keys))
