"""Writes a simulated retailer's history as the files a shop would hand over: one folder per store, one file per table.

`shopkeeper import FOLDER --store NAME` takes each folder as it is. The same seed, scale and end give the same bytes.
"""

from __future__ import annotations

import csv
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import User
from shopkeeper.simulation.catalogue import IntArray, Shelf, describe
from shopkeeper.simulation.clickstream import Row, clickstream, consent_said, iso_times, order_id
from shopkeeper.simulation.dirt import DIRT, Dirt, Planted, crawlers, soil
from shopkeeper.simulation.ledger import Ledger, Sale, keep_books
from shopkeeper.simulation.market import Market, StoreMarket, sellable
from shopkeeper.simulation.promotions import price_ratios, shown_prices
from shopkeeper.simulation.robots import robots
from shopkeeper.simulation.sessions import SECOND, Browsing, browse, midnights
from shopkeeper.simulation.shoppers import AGE_BANDS

HISTORY_STREAM = 1_000
"""Keeps the random numbers of histories apart from those that make the market."""


@dataclass(frozen=True, slots=True)
class StoreHistory:
    """What was written for one store.

    Attributes:
        events: Rows in the events file, dirt included.
        available: Products that may be recommended at the end of the history.
        sold_out: Products that are on the shelf, with none left.
    """

    store: str
    folder: Path
    products: int
    shoppers: int
    sessions: int
    events: int
    orders: int
    planted: Planted
    available: frozenset[str]
    sold_out: frozenset[str]


def write_history(market: Market, folder: Path, until: datetime, dirt: Dirt = DIRT) -> tuple[StoreHistory, ...]:
    """Write the history of every store into `folder/STORE/`, ending at `until`, and return what was written."""
    return tuple(
        _write_store(store, folder / store.name, until, market.scale.days, dirt, [market.seed, HISTORY_STREAM + number])
        for number, store in enumerate(market.stores)
    )


def _write_store(
    market: StoreMarket, folder: Path, until: datetime, days: int, dirt: Dirt, seed: Sequence[int]
) -> StoreHistory:
    rng = np.random.default_rng(seed)
    until_ms = int(until.timestamp()) * SECOND
    ratios = price_ratios(market.shelf, days, rng)
    prices = shown_prices(market.shelf, ratios)
    browsing = browse(market, days, until, ratios, rng)
    ledger = keep_books(market, browsing, prices, until_ms, rng)
    folder.mkdir(parents=True, exist_ok=True)
    start_ms = int(browsing.start.min(initial=until_ms))
    planted = Planted()
    rows: Iterator[Row] = soil(clickstream(market, browsing, ledger, prices, until_ms, rng), dirt, rng, planted)
    bots = crawlers(market, browsing.session.size, start_ms, until_ms, dirt, np.random.default_rng([*seed, 1]), planted)
    quiet = robots(market, browsing.shopper.size, start_ms, until_ms, dirt, np.random.default_rng([*seed, 2]), planted)
    merged: Iterator[Row] = heapq.merge(rows, bots, quiet, key=_time)
    events = _jsonl(folder / "events.jsonl", merged)
    _jsonl(folder / "stores.jsonl", [market.plan.store])
    opened = until - timedelta(days=days)
    _jsonl(folder / "products.jsonl", _products(market, ledger, prices[-1], opened))
    _jsonl(folder / "users.jsonl", _users(market, opened, rng))
    _orders(folder / "orders.csv", market, browsing, ledger)
    _inventory(folder / "inventory.csv", market, ledger)
    _prices(folder / "prices.csv", market, ratios, prices, midnights(market, days, until))
    return StoreHistory(
        store=market.name,
        folder=folder,
        products=market.shelf.size,
        shoppers=market.crowd.size,
        sessions=browsing.shopper.size,
        events=events,
        orders=len(ledger.sales),
        planted=planted,
        available=_named(market, sellable(market.shelf, ledger.stock)),
        sold_out=_named(market, ledger.stock == 0),
    )


def _named(market: StoreMarket, chosen: npt.NDArray[np.bool_]) -> frozenset[str]:
    return frozenset(market.shelf.ids[product] for product in np.flatnonzero(chosen).tolist())


def _time(row: Row) -> str:
    return str(row["ts"])


def _jsonl(path: Path, rows: Iterable[object]) -> int:
    """Write one JSON object a line and return how many."""
    encoder = msgspec.json.Encoder()
    written = 0
    with path.open("wb") as file:
        for row in rows:
            file.write(encoder.encode(row))
            file.write(b"\n")
            written += 1
    return written


def _csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _products(
    market: StoreMarket, ledger: Ledger, prices: npt.NDArray[np.float64], start: datetime
) -> Iterable[Product]:
    shelf, words = market.shelf, market.plan.assortment
    cards = set(shelf.gift_cards.tolist())
    for number, name in enumerate(shelf.ids):
        kind = "gift_card" if number in cards else "service" if number == shelf.postage else "product"
        real = kind == "product"
        age = int(shelf.born[number]) or -30 - (number * 37) % 600
        yield Product(
            product=name,
            kind=kind,  # type: ignore[arg-type]  # mypy widens the conditional to str
            store=market.name,
            title=shelf.titles[number],
            description=describe(words, shelf, number) if real else None,
            brand=shelf.brands[number] or None,
            categories=(words.families[shelf.family[number]].path,) if real else (),
            price=float(prices[number]),
            cost=float(shelf.cost[number]),
            currency=market.plan.store.currency,
            tax_class="standard",
            stock=float(ledger.stock[number]) if real else None,
            status="withdrawn" if shelf.withdrawn[number] else "active",
            created_at=(start + timedelta(days=age)).astimezone(UTC),
            attributes=_attributes(shelf, number) if real else {},
        )


def _attributes(shelf: Shelf, number: int) -> dict[str, str]:
    facts = {"colour": shelf.colours[number], "material": shelf.materials[number]}
    return {name: value for name, value in facts.items() if value}


def _users(market: StoreMarket, start: datetime, rng: np.random.Generator) -> Iterable[User]:
    crowd = market.crowd
    since = rng.integers(1, 900, size=crowd.size)
    for shopper in np.flatnonzero(crowd.signed_in).tolist():
        refused = consent_said(market, shopper)
        yield User(
            user=crowd.people[shopper],
            store=market.name,
            age_band=AGE_BANDS[crowd.age[shopper]],
            region=market.plan.store.country,
            consent=Consent(measure=refused.get("measure"), personalise=refused.get("personalise"))
            if refused
            else None,
            created_at=(start - timedelta(days=int(since[shopper]))).astimezone(UTC),
        )


def _orders(path: Path, market: StoreMarket, browsing: Browsing, ledger: Ledger) -> None:
    header = ("order_id", "store", "user", "ts", "revenue", "tax", "shipping", "discount", "margin", "status")
    times = iso_times([sale.ts for sale in ledger.sales])
    rows = (_order(market, browsing, sale, ts) for sale, ts in zip(ledger.sales, times, strict=True))
    _csv(path, header, rows)


def _order(market: StoreMarket, browsing: Browsing, sale: Sale, ts: str) -> tuple[Any, ...]:
    """Return one row of the ledger: revenue and margin are without tax and postage, less what came back."""
    plan, crowd = market.plan, market.crowd
    rate = plan.tax_rate if plan.store.price_includes_tax else 0.0
    kept = [line for line in sale.lines if not line.refunded]
    gross = sum(line.quantity * line.price for line in kept)
    cost = sum(line.quantity * float(market.shelf.cost[line.product]) for line in kept)
    shopper = int(browsing.shopper[sale.session])
    revenue = gross / (1 + rate)
    return (
        order_id(market, sale), market.name, crowd.people[shopper] if crowd.signed_in[shopper] else "", ts,
        round(revenue, 2), round(gross - revenue, 2), sale.shipping, 0.0, round(revenue - cost, 2),
        "paid" if kept else "returned",
    )  # fmt: skip


def _inventory(path: Path, market: StoreMarket, ledger: Ledger) -> None:
    times = iso_times([count.ts for count in ledger.counts])
    ids = market.shelf.ids
    rows = (
        (ids[count.product], market.name, ts, count.on_hand, count.inbound, 4)
        for count, ts in zip(ledger.counts, times, strict=True)
    )
    _csv(path, ("product", "store", "ts", "on_hand", "inbound", "lead_time_days"), rows)


def _prices(
    path: Path, market: StoreMarket, ratios: npt.NDArray[np.float64], prices: npt.NDArray[np.float64], days: IntArray
) -> None:
    """Write the opening price of every product and each change after it; `days` are the stores' midnights (ms)."""
    changed = np.vstack([np.ones((1, ratios.shape[1]), np.bool_), ratios[1:] != ratios[:-1]])
    day, product = np.nonzero(changed & market.shelf.sellable[None, :])
    times = iso_times(days[day])
    shelf = market.shelf
    rows = (
        (
            shelf.ids[p], market.name, ts, float(prices[d, p]),
            float(shelf.price[p]), f"{100 * (1 - ratios[d, p]):.0f}% off" if ratios[d, p] < 1 else "",
        )
        for d, p, ts in zip(day.tolist(), product.tolist(), times, strict=True)
    )  # fmt: skip
    _csv(path, ("product", "store", "ts", "price", "list_price", "promo"), rows)
