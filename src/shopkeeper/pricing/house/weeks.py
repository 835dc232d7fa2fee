"""One store's records as weeks: what was sold of each product, at which price, and how long it could be bought.

Weeks run from Monday to Sunday by the store's own clock; only whole ones between the first and the last purchase count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec
import numpy as np

from shopkeeper.commerce.product import RECOMMENDABLE
from shopkeeper.pricing.house.records import Columns, Records, micros_of, naive, number, texts
from shopkeeper.pricing.house.steps import DAY, FAR, WEEK, Steps
from shopkeeper.pricing.shelf import Flags, Floats, Ints

FIRST_MONDAY: Final = date(1970, 1, 5)
MONDAY: Final = 4 * DAY
"""The Monday from which weeks are numbered."""
SHOWN: Final = 0.5
"""Share of weeks with sales whose shown price must be known, for the price history to count and not what was paid."""
RIVAL_DAYS: Final = 14
"""Days for which the price of a rival is carried into the weeks it was not seen in."""
RIVAL_CREDIBLE: Final = (0.4, 2.5)
"""Range of a believable price of a rival, times the own."""
NO_CATEGORY: Final = "(none)"


@dataclass(frozen=True, slots=True)
class Goods:
    """What the catalogue says of a store's products, in the order of `names`.

    Attributes:
        category: Main category, `(none)` where it has none; `parent` and `brand` empty where there is none.
        tax: Rate inside the shown price.
        sold: Whether it is on sale now: active, and no service or voucher.
        price, stock: What the record says, NaN where nothing.
        from_, until: When it is on offer, local microseconds.
        attributes: JSON texts.
    """

    names: tuple[str, ...]
    category: tuple[str, ...]
    parent: tuple[str, ...]
    brand: tuple[str, ...]
    tax: Floats
    sold: Flags
    price: Floats
    stock: Floats
    from_: Ints
    until: Ints
    attributes: tuple[str, ...]

    def rows(self, products: list[str]) -> Ints:
        """Return the row of each product, -1 where it is none of these."""
        place = {name: row for row, name in enumerate(self.names)}
        return np.array([place.get(name, -1) for name in products], np.int64)


@dataclass(frozen=True, slots=True)
class StoreWeeks:
    """The weeks of one store, arrays of shape (products, weeks).

    Attributes:
        goods: Its products.
        first: Number of the first week.
        units: Net of returns, not negative.
        price: Without tax; NaN where unknown. Of a product in `paid` it is what was paid, in weeks with sales.
        exposure: Share of the week it could be bought, 1 where nobody says otherwise.
        promo: Share of the week under a promotion.
        rival, cost: NaN where unknown; both without tax.
        paid: Whether its price is told by purchases for want of a price history, shape (products,).
        treated: What was left out or mended -> how many.
    """

    goods: Goods
    first: int
    units: Floats
    price: Floats
    exposure: Floats
    promo: Floats
    rival: Floats
    cost: Floats
    paid: Flags
    treated: Counter[str]


def goods_of(records: Records) -> Goods:
    """Return the goods a store sells or sold, by name: what lies in its catalogue and what somebody bought."""
    rows = records.products
    names, place = texts(rows, "product"), {}
    for row, name in enumerate(names):
        place[name] = row  # a record of the store comes after one of all stores
    kinds = texts(rows, "kind")
    known = {name for name, row in place.items() if kinds[row] in RECOMMENDABLE}
    extra = {name for name in texts(records.sales, "product") if name not in place}
    every = tuple(sorted(known | extra))
    at = np.array([place.get(name, -1) for name in every], np.int64)

    def told(column: str) -> list[str]:
        values = [*texts(rows, column), ""]
        return [values[row] for row in at.tolist()]

    def numbers(column: str) -> Floats:
        values = np.append(number(rows, column), np.nan)
        same = np.array([one in {"", records.store.currency} for one in told("currency")], np.bool_)
        return np.where(same, values[at], np.nan) if column == "price" else np.asarray(values[at])

    def moments(column: str, absent: int) -> Ints:
        values = np.append(rows[column].astype("datetime64[us]"), np.datetime64("NaT"))[at]
        return np.where(np.isnat(values), absent, records.local(values))

    return Goods(
        names=every, category=tuple(_main(text) for text in told("categories")), parent=tuple(told("parent")),
        brand=tuple(told("brand")),
        tax=np.array([records.tax(one) for one in told("tax_class")], np.float64),
        sold=np.array([one in {"active", ""} for one in told("status")], np.bool_),
        price=numbers("price"), stock=numbers("stock"),
        from_=moments("available_from", -FAR), until=moments("available_until", FAR),
        attributes=tuple(told("attributes")),
    )  # fmt: skip


def _main(categories: str) -> str:
    try:
        paths = msgspec.json.decode(categories or "[]", type=list[str])
    except msgspec.MsgspecError:
        paths = []
    return paths[0] if paths else NO_CATEGORY


def weeks_of(records: Records, price_list: str) -> StoreWeeks | None:
    """Return a store's whole weeks; None where it has none.

    Args:
        price_list: Whose shown prices are those of retail.
    """
    span = _span(records)
    if span is None:
        return None
    first, weeks = span
    goods, treated = goods_of(records), Counter[str]()
    shape, begin = (len(goods.names), weeks), MONDAY + first * WEEK
    units, paid_price = _sales(records, goods, first, shape, treated)
    shown = shown_steps(records, goods, price_list)
    log_price, covered = shown[0].with_values(np.log(shown[0].value)).weekly(shape[0], begin, weeks)
    promo, _ = shown[1].weekly(shape[0], begin, weeks)
    sale, told = units > 0, covered > 0
    paid = ~told.any(axis=1) | ((sale & told).sum(axis=1) < SHOWN * sale.sum(axis=1))
    price = np.where(paid[:, None], paid_price, np.exp(log_price)) / (1 + goods.tax[:, None])
    exposure = _exposure(records, goods, units, begin, treated)
    cost, _ = cost_steps(records, goods, treated).weekly(shape[0], begin, weeks)
    rival = _rivals(records, goods, price * (1 + goods.tax[:, None]), begin, treated)
    return StoreWeeks(
        goods=goods, first=first, units=units, price=price, exposure=exposure,
        promo=np.where(paid[:, None], 0.0, np.nan_to_num(promo)), rival=rival / (1 + goods.tax[:, None]), cost=cost,
        paid=paid, treated=treated,
    )  # fmt: skip


def _span(records: Records) -> tuple[int, int] | None:
    """Return number of the first whole week and how many there are."""
    if records.first is None or records.last is None:
        return None
    ends = np.array([naive(records.first), naive(records.last)], "datetime64[us]")
    start, stop = (moment // DAY * DAY - MONDAY for moment in records.local(ends).tolist())
    first = -(-start // WEEK)
    last = min(stop + DAY, micros_of(records.until) + DAY) // WEEK
    return (first, last - first) if last > first else None


def _sales(
    records: Records, goods: Goods, first: int, shape: tuple[int, int], treated: Counter[str]
) -> tuple[Floats, Floats]:
    """Return net units, and what one unit cost on the days it was sold, tax as shown."""
    rows = records.sales
    row, week = goods.rows(texts(rows, "product")), _weeks(rows, first)
    retail = number(rows, "wholesale") == 0
    inside = (row >= 0) & (week >= 0) & (week < shape[1])
    units = number(rows, "units")
    treated["wholesale_units"] += int(units[inside & ~retail].sum())
    used = inside & retail
    treated["returned_units"] += int(number(rows, "returned")[used].sum())
    treated["lines_in_other_money"] += int(number(rows, "foreign_lines")[used].sum())
    found, price = np.zeros(shape), np.full(shape, np.nan)
    np.add.at(found, (row[used], week[used]), units[used])
    price[row[used], week[used]] = np.exp(number(rows, "log_price")[used])
    counts = records.counts
    row, week = goods.rows(texts(counts, "product")), _weeks(counts, first)
    used = (row >= 0) & (week >= 0) & (week < shape[1])
    np.add.at(found, (row[used], week[used]), number(counts, "units")[used])
    treated["weeks_with_more_returns_than_sales"] += int((found < 0).sum())
    return np.maximum(found, 0.0), price


def _weeks(rows: Columns, first: int) -> Ints:
    monday = rows["week"].astype("datetime64[us]").astype(np.int64)
    return np.asarray((monday - MONDAY) // WEEK - first)


def shown_steps(records: Records, goods: Goods, price_list: str) -> tuple[Steps, Steps]:
    """Return the shown prices of a price list as steps, and with the same points whether a promotion is on."""
    rows = records.prices
    row = goods.rows(texts(rows, "product"))
    listed = np.array([name == price_list for name in texts(rows, "price_list")], np.bool_)
    used = listed & (row >= 0)
    price, before = number(rows, "price"), number(rows, "list_price")
    promoted = (number(rows, "promoted") > 0) | (before > price)
    at = records.local(rows["ts"])
    price = np.where(price > 0, price, np.nan)
    return (
        Steps.of(row[used], at[used], price[used]),
        Steps.of(row[used], at[used], promoted[used].astype(np.float64)),
    )


def cost_steps(records: Records, goods: Goods, treated: Counter[str]) -> Steps:
    """Return costs as steps; where a store has records of its own, those of all stores do not count."""
    rows = records.costs
    row, own = goods.rows(texts(rows, "product")), number(rows, "own") > 0
    own_rows = np.zeros(len(goods.names) + 1, np.bool_)
    own_rows[row[own]] = True
    cost = number(rows, "cost")
    foreign = np.array([one not in {"", records.store.currency} for one in texts(rows, "currency")], np.bool_)
    used = (row >= 0) & np.isfinite(cost) & (own | ~own_rows[row])
    treated["costs_in_other_money"] += int((used & foreign).sum())
    used &= ~foreign
    return Steps.of(row[used], records.local(rows["ts"])[used], cost[used])


def stock_steps(records: Records, goods: Goods) -> Steps:
    """Return units on hand as steps."""
    rows = records.stock
    row = goods.rows(texts(rows, "product"))
    return Steps.of(row[row >= 0], records.local(rows["ts"])[row >= 0], number(rows, "on_hand")[row >= 0])


def rival_steps(records: Records, goods: Goods) -> tuple[Steps, Ints]:
    """Return the rivals' prices as steps, one row for each product and competitor, and the product of each such row."""
    rows = records.rivals
    product = goods.rows(texts(rows, "product"))
    names = np.array(texts(rows, "competitor"), dtype=object)
    used = product >= 0
    _, competitor = np.unique(names[used].astype(str), return_inverse=True)
    many = int(competitor.max()) + 1 if competitor.size else 1
    keys, row = np.unique(product[used] * many + competitor, return_inverse=True)
    price = number(rows, "price")[used]
    return Steps.of(row, records.local(rows["ts"])[used], np.where(price > 0, price, np.nan)), keys // many


def _exposure(records: Records, goods: Goods, units: Floats, begin: int, treated: Counter[str]) -> Floats:
    """Return the share of each week a product could be bought; nought in weeks in which the store sold nothing."""
    products, weeks = units.shape
    steps = stock_steps(records, goods)
    there, known = steps.with_values(np.where(np.isnan(steps.value), np.nan, steps.value > 0)).weekly(
        products, begin, weeks
    )
    exposure = np.where(known > 0, 1 - known * (1 - np.nan_to_num(there, nan=1.0)), 1.0)
    wrong = (units > 0) & (exposure < 1 / 7)
    treated["weeks_sold_while_out_of_stock"] += int(wrong.sum())
    exposure[wrong] = 1.0
    starts = begin + WEEK * np.arange(weeks)
    last_sale = np.where(units > 0, np.arange(weeks), -1).max(axis=1, initial=-1)
    over = ~goods.sold[:, None] & (np.arange(weeks) > last_sale[:, None])
    launched = (starts + WEEK > goods.from_[:, None]) & (starts < goods.until[:, None])
    silent = units.sum(axis=0) <= 0
    treated["weeks_without_any_sale"] += int(silent.sum())
    return np.where(over | ~(launched | (units > 0)) | silent, 0.0, exposure)


def _rivals(records: Records, goods: Goods, own: Floats, begin: int, treated: Counter[str]) -> Floats:
    """Return the mean price of rivals as shown, freed of which of them were seen in a week."""
    products, weeks = own.shape
    steps, product = rival_steps(records, goods)
    week = np.clip((steps.at - begin) // WEEK, 0, weeks - 1)
    with np.errstate(invalid="ignore"):
        away = steps.value / own[product[steps.row], week]
        absurd = (away < RIVAL_CREDIBLE[0]) | (away > RIVAL_CREDIBLE[1])
    treated["absurd_rival_prices"] += int(absurd.sum())
    logs = steps.with_values(np.log(np.where(absurd, np.nan, steps.value)))
    seen, _ = logs.weekly(len(product), begin, weeks, RIVAL_DAYS * DAY)
    known = np.isfinite(seen)
    usual = np.where(known, seen, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    count, moved, level = (np.zeros((products, weeks)) for _ in range(3))
    np.add.at(count, product, known)
    np.add.at(moved, product, np.where(known, seen - usual[:, None], 0.0))
    rivals = np.bincount(product[known.any(axis=1)], minlength=products)
    level = np.bincount(product, np.where(known.any(axis=1), usual, 0.0), products) / np.maximum(rivals, 1)
    return np.where(count > 0, np.exp(level[:, None] + moved / np.maximum(count, 1)), np.nan)


def retail_list(records: Records, retail: Sequence[str]) -> str:
    """Return the price list that ordinary shoppers of a store pay by: the first of some that has prices."""
    there = set(texts(records.prices, "price_list"))
    return next((name for name in retail if name in there), retail[0])
