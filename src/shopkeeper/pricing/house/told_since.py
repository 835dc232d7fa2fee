"""What a store was told of a few products since its records were read, put behind these records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast

import msgspec
import numpy as np

from shopkeeper.commerce.product import CompetitorPrice, Inventory, Price, Product
from shopkeeper.errors import NeedsWholeRun
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.pricing.house.kept_records import moments, with_rows
from shopkeeper.pricing.house.records import Columns, Records, aware, naive, number, texts
from shopkeeper.pricing.rules.ladder import SAME

_NEVER: Final = np.datetime64("0001-01-01", "us")


@dataclass(frozen=True, slots=True)
class Told:
    """The newest row of each key that is about some products in one store, of all stores where a product is; deleted
    ones too."""

    products: Sequence[SourcedRow]
    prices: Sequence[SourcedRow]
    stock: Sequence[SourcedRow]
    rivals: Sequence[SourcedRow]


def with_told(records: Records, told: Told) -> Records:
    """Return records of some products with shown prices, costs, rivals and stock as they were told since.

    Raises:
        NeedsWholeRun: something else of them was told since: an announced reduction, or another catalogue entry.
    """
    products, costs = _catalogue(records, told.products)
    return replace(
        records,
        prices=_shown(records, told.prices),
        products=products,
        costs=costs,
        stock=_stock(records, told.stock),
        rivals=_rivals(records, told.rivals),
    )


def _shown(records: Records, told: Iterable[SourcedRow]) -> Columns:
    """Return the shown prices with those that were told since; of one that is told again nothing changed."""
    rows = records.prices
    keys = zip(texts(rows, "product"), texts(rows, "price_list"), strict=True)
    last = dict(zip(keys, range(len(rows["ts"])), strict=True))  # rows lie in the order of time
    names = ("price", "list_price", "promoted")
    rows = {**rows, **{name: number(rows, name) for name in names}}
    fresh: list[Price] = []
    for one in told:
        row = cast("Price", one.row)
        at = last.get((row.product, row.price_list))
        if not _is_new(row.ts, None if at is None else rows["ts"][at], records.until):
            continue
        before = None if at is None else {name: float(rows[name][at]) for name in names}
        if before is None or one.deleted or _is_reduced(row, before):
            raise NeedsWholeRun(f"{row.product} is shown otherwise in {row.store} since, and not by its price alone")
        if abs(row.price - before["price"]) > SAME * row.price:
            fresh.append(row)
    return with_rows(rows, {
        "product": _texts([row.product for row in fresh]), "price_list": _texts([row.price_list for row in fresh]),
        "ts": moments([row.ts for row in fresh]), "price": np.array([float(row.price) for row in fresh]),
        "list_price": np.full(len(fresh), np.nan), "promoted": np.zeros(len(fresh)),
    })  # fmt: skip


def _is_reduced(row: Price, before: dict[str, float]) -> bool:
    """Say whether a price is, or was, part of an announced reduction, and that is not just told again."""
    now = {"price": row.price, "list_price": _number(row.list_price), "promoted": float(bool(row.promo))}
    plain = all(np.isnan(one["list_price"]) and not one["promoted"] for one in (now, before))
    return not plain and not all(np.isclose(now[name], before[name], equal_nan=True) for name in now)


def _catalogue(records: Records, told: Iterable[SourcedRow]) -> tuple[Columns, Columns]:
    """Return the catalogue's rows and the costs, with what was told since."""
    rows, costs = records.products, records.costs
    place = {key: at for at, key in enumerate(zip(texts(rows, "product"), number(rows, "own").tolist(), strict=True))}
    said = zip(texts(costs, "product"), number(costs, "own").tolist(), costs["ts"], strict=True)
    last = {(product, own): moment for product, own, moment in said}
    price, stock = number(rows, "price"), number(rows, "stock")
    fresh: list[tuple[Product, float, datetime]] = []
    for one in told:
        row = cast("Product", one.row)
        key = (row.product, 1.0 if row.store else 0.0)
        if _naive64(one.source_ts) <= last.get(key, _NEVER):
            continue
        at = place.get(key)
        if at is None or one.deleted or not _alike(row, {name: column[at] for name, column in rows.items()}):
            raise NeedsWholeRun(f"the catalogue says something else of {row.product} since")
        price[at], stock[at] = _number(row.price), _number(row.stock)
        fresh.append((row, key[1], one.source_ts))
    more = {
        "product": _texts([row.product for row, _, _ in fresh]), "own": np.array([own for _, own, _ in fresh]),
        "ts": moments([moment for _, _, moment in fresh]), "cost": np.array([_number(row.cost) for row, _, _ in fresh]),
        "currency": _texts([row.currency or "" for row, _, _ in fresh]),
    }  # fmt: skip
    costs = {**costs, "own": number(costs, "own"), "cost": number(costs, "cost")}
    return {**rows, "price": price, "stock": stock}, with_rows(costs, more)


def _alike(row: Product, before: dict[str, Any]) -> bool:
    """Say whether a catalogue entry is what it was but for cost, price and stock."""
    said = {name: "" if before[name] is None else before[name] for name in before}
    return (
        (row.parent or "", row.brand or "", row.tax_class or "", row.currency or "")
        == (said["parent"], said["brand"], said["tax_class"] or "", said["currency"])
        and (row.kind, row.status) == (said["kind"] or "product", said["status"] or "active")
        and list(row.categories) == msgspec.json.decode(said["categories"] or "[]")
        and msgspec.to_builtins(row.attributes) == msgspec.json.decode(said["attributes"] or "{}")
        and (_moment(row.available_from), _moment(row.available_until))
        == (_time(before["available_from"]), _time(before["available_until"]))
    )


def _stock(records: Records, told: Iterable[SourcedRow]) -> Columns:
    rows = records.stock
    last = dict(zip(texts(rows, "product"), rows["ts"], strict=True))
    fresh = [
        (cast("Inventory", one.row), one.deleted)
        for one in told
        if _is_new(cast("Inventory", one.row).ts, last.get(cast("Inventory", one.row).product), records.until)
    ]
    names = ("on_hand", "inbound", "lead_time_days")
    rows = {**rows, **{name: number(rows, name) for name in names}}
    return with_rows(rows, {
        "product": _texts([row.product for row, _ in fresh]), "ts": moments([row.ts for row, _ in fresh]),
        "on_hand": np.array([_number(None if gone else row.on_hand) for row, gone in fresh]),
        "inbound": np.array([_number(row.inbound) for row, _ in fresh]),
        "lead_time_days": np.array([_number(row.lead_time_days) for row, _ in fresh]),
    })  # fmt: skip


def _rivals(records: Records, told: Iterable[SourcedRow]) -> Columns:
    rows = records.rivals
    last = dict(zip(zip(texts(rows, "product"), texts(rows, "competitor"), strict=True), rows["ts"], strict=True))
    fresh = []
    for one in told:
        row = cast("CompetitorPrice", one.row)
        if _is_new(row.ts, last.get((row.product, row.competitor)), records.until):
            fresh.append((row, one.deleted or row.in_stock is False))
    return with_rows({**rows, "price": number(rows, "price")}, {
        "product": _texts([row.product for row, _ in fresh]),
        "competitor": _texts([row.competitor for row, _ in fresh]), "ts": moments([row.ts for row, _ in fresh]),
        "price": np.array([_number(None if gone else row.price) for row, gone in fresh]),
    })  # fmt: skip


def newest(records: Records) -> dict[str, datetime | None]:
    """Return the newest row of costs, stock and rivals, by the names of these feeds."""
    columns = {"costs": records.costs, "stock": records.stock, "rivals": records.rivals}
    return {name: aware(rows["ts"].max()) if len(rows["ts"]) else None for name, rows in columns.items()}


def _is_new(moment: datetime, last: np.datetime64 | None, until: datetime) -> bool:
    return moment < until and (last is None or bool(_naive64(moment) > last))


def _naive64(moment: datetime) -> np.datetime64:
    return np.datetime64(naive(moment), "us")


def _moment(moment: datetime | None) -> np.datetime64 | None:
    return None if moment is None else _naive64(moment)


def _time(value: Any) -> np.datetime64 | None:  # noqa: ANN401 - a time of an array
    return None if value is None or np.isnat(value) else value.astype("datetime64[us]")


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


def _texts(values: list[str]) -> Any:  # noqa: ANN401 - an array of texts
    return np.array(values, dtype=object)
