"""Prices a person asks for, as proposals: they go through the same gates and approvals as computed ones."""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, cast

import msgspec

from shopkeeper.commerce.product import Price, Product
from shopkeeper.commerce.store import ALL_STORES, Store
from shopkeeper.commerce.tables import PRICES, PRODUCTS, STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import FieldProblem, InputError, UnknownStore
from shopkeeper.pricing.policy.price_policy import PricePolicy
from shopkeeper.pricing.proposal import Proposal, ProposedPrices
from shopkeeper.pricing.runs.price_run import PublishedPrice
from shopkeeper.wiring.price_runs.ordering import AskedPrice

MOST: Final = 100_000
"""Rows of one file."""
_REMEDY: Final = "Give a CSV file with the columns store, product, price and, where there are several, price_list."


def read_asked(path: Path, store: str) -> list[AskedPrice]:
    """Return the prices of a CSV file.

    Args:
        store: Of rows that name none.
    Raises:
        InputError: it cannot be read, or a row is no price; names row, field and remedy.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}.", _REMEDY) from error
    if not rows or len(rows) > MOST:
        raise InputError(f"{path} has {len(rows):,} rows, between 1 and {MOST:,} are taken.", _REMEDY)
    found, problems = [], []
    for number, row in enumerate(rows, start=2):
        price = _number(row.get("price"))
        named = (row.get("store") or store, row.get("product") or "")
        missing = [name for name, value in zip(("store", "product"), named, strict=True) if not value]
        if price is None or missing:
            field = missing[0] if missing else "price"
            problems.append(FieldProblem(field, f"{row.get(field)!r} cannot be used", _REMEDY, number))
            continue
        price_list = row.get("price_list") or ""
        found.append(AskedPrice(store=named[0], product=named[1], price=price, price_list=price_list))
    if problems:
        raise InputError(f"{path} has {len(problems)} row(s) that are no prices.", _REMEDY, tuple(problems[:20]))
    return found


@dataclass(frozen=True, slots=True)
class Shown:
    """What a price is now.

    Attributes:
        at: Since when, by the shop's feed.
    """

    price: float
    at: datetime


def asked_proposals(state: State, policy: PricePolicy, asked: Iterable[AskedPrice], at: datetime) -> ProposedPrices:
    """Return prices that were asked for as proposals, with what the house knows of each.

    Raises:
        UnknownStore: there is no such store.
        InputError: a product is not known in a store, or has no price there that could be changed.
    """
    stores = {row.store: row for row in (cast("Store", one.row) for one in state.tables.scan(STORES))}
    published = {one.key: one for one in state.prices.published()}
    rows, problems = [], []
    for number, one in enumerate(asked, start=1):
        if one.store not in stores:
            raise UnknownStore(one.store, tuple(sorted(stores)))
        product = product_of(state, one.store, one.product)
        current = standing_price(state, one, product, published)
        if product is None or current is None:
            what = "is not known" if product is None else "has no price yet"
            problems.append(FieldProblem("product", f"{one.product!r} {what} in {one.store}", "Send it first.", number))
            continue
        rows.append(_proposal(one, stores[one.store], product, current))
    if problems:
        raise InputError(f"{len(problems)} price(s) cannot be changed.", "Mend or leave out.", tuple(problems[:20]))
    digest = hashlib.sha256(msgspec.json.encode(policy)).hexdigest()
    named = tuple(sorted({row.store for row in rows}))
    return ProposedPrices(
        at=at, model="", policy=digest, objective=policy.objective, stores=named, rows=tuple(rows),
        notes=("asked for by a person",),
    )  # fmt: skip


def product_of(state: State, store: str, product: str) -> Product | None:
    """Return a store's own row of a product, else the one shared by all stores."""
    found = state.tables.get(PRODUCTS, (store, product)) or state.tables.get(PRODUCTS, (ALL_STORES, product))
    return None if found is None else cast("Product", found.row)


def standing_price(
    state: State,
    one: AskedPrice,
    product: Product | None,
    published: Mapping[tuple[str, str, str], PublishedPrice],
) -> float | None:
    """Return what a shopper sees now, as far as is known: the newest of what the shop's feed and a run say."""
    row = state.tables.get(PRICES, (one.store, one.product, one.price_list))
    fed = None if row is None else Shown(cast("Price", row.row).price, row.source_ts)
    decided = published.get((one.store, one.price_list, one.product))
    return standing_of(fed, decided, None if product is None or one.price_list else product.price)


def standing_of(fed: Shown | None, decided: PublishedPrice | None, listed: float | None) -> float | None:
    """Return the newest of what the shop's feed and a run say of a price, else what its product lists.

    Args:
        listed: Price of the product's record; None on a price list.
    """
    if decided is not None and (fed is None or fed.at <= decided.at):
        return decided.standing
    return listed if fed is None else fed.price


def _proposal(one: AskedPrice, store: Store, product: Product, current: float) -> Proposal:
    taxed = store.tax_rates.get(product.tax_class or "standard", 0.0) if store.price_includes_tax else 0.0
    return Proposal(
        store=one.store, price_list=one.price_list, product=one.product, parent=product.parent,
        category=product.categories[0] if product.categories else "", currency=store.currency, current=current,
        proposed=one.price, tax=taxed, cost=product.cost, why="asked",
        hold=() if product.cost else ("cost_unknown",),
    )  # fmt: skip


def _number(text: str | None) -> float | None:
    try:
        price = float(text or "")
    except ValueError:
        return None
    return price if math.isfinite(price) and price > 0 else None
