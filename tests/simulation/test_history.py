from __future__ import annotations

import csv
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import SOURCE_TABLES
from shopkeeper.simulation.dirt import NO_DIRT
from shopkeeper.simulation.history import StoreHistory, write_history
from shopkeeper.simulation.market import Market, make_market
from shopkeeper.simulation.retailer import Scale

from .conftest import UNTIL

Histories = tuple[StoreHistory, ...]


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def events(folder: Path) -> list[dict[str, Any]]:
    return read(folder / "events.jsonl")


def test_the_same_seed_and_end_give_the_same_bytes(tmp_path: Path) -> None:
    scale = Scale(products=60, shoppers=60, days=14)
    for name in ("one", "two"):
        write_history(make_market(11, scale), tmp_path / name, UNTIL)
    files = [path.relative_to(tmp_path / "one") for path in sorted((tmp_path / "one").rglob("*.*"))]
    assert len(files) == 3 * 7
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_each_store_has_a_folder_of_tables_of_the_data_contract(history: Histories) -> None:
    for store in history:
        names = {path.stem for path in store.folder.iterdir()}
        assert names <= set(SOURCE_TABLES)
        for path in store.folder.iterdir():
            schema = SOURCE_TABLES[path.stem]
            assert set(read(path)[0]) <= schema.column_names


def test_every_row_of_a_json_table_fits_its_type(history: Histories) -> None:
    for store in history:
        for name, row in (("stores", Store), ("products", Product), ("users", User)):
            for line in (store.folder / f"{name}.jsonl").read_bytes().splitlines():
                msgspec.json.decode(line, type=row, strict=True)


def test_without_dirt_every_event_fits_its_type(tmp_path: Path) -> None:
    write_history(make_market(12, Scale(products=60, shoppers=80, days=20)), tmp_path, UNTIL, NO_DIRT)
    for path in tmp_path.glob("*/events.jsonl"):
        rows = [msgspec.json.decode(line, type=Event) for line in path.read_bytes().splitlines()]
        assert len({row.event_id for row in rows}) == len(rows)
        assert [row.ts for row in rows] == sorted(row.ts for row in rows)
        assert max(row.ts for row in rows) < UNTIL


def test_everything_is_labelled_simulated(history: Histories, events: list[dict[str, Any]]) -> None:
    for store in history:
        assert read(store.folder / "stores.jsonl")[0]["simulated"] is True
    assert all(event["event_id"].startswith("sim-") and event["session"].startswith("sim-") for event in events)


def test_the_planted_dirt_can_be_found_again(history: Histories, events: list[dict[str, Any]]) -> None:
    planted = history[0].planted
    twice = Counter(event["event_id"] for event in events)
    assert sum(n - 1 for n in twice.values()) == planted.duplicates > 0
    assert sum(e["type"] == "view" and "product" not in e for e in events) == planted.without_product > 0
    assert sum(e.get("price", 0) < 0 for e in events) == planted.negative_prices
    assert sum("-bot-" in e["visitor"] for e in events) == planted.bot_events > 0
    assert len(events) == history[0].events


def test_dirt_stays_a_small_share(history: Histories) -> None:
    for store in history:
        bad = store.planted.without_product + store.planted.negative_prices
        assert bad < 0.02 * store.events


def test_every_kind_of_event_a_shop_sends_is_there(events: list[dict[str, Any]]) -> None:
    kinds = Counter(event["type"] for event in events)
    expected = {"view", "click", "impression", "search", "cart", "checkout", "purchase", "refund", "identify"}
    assert expected <= set(kinds)
    assert kinds["view"] > 5 * kinds["cart"] > 5 * kinds["checkout"]


def test_refusals_of_consent_are_said_on_every_event_of_the_shopper(events: list[dict[str, Any]]) -> None:
    said: dict[str, set[str]] = {}
    for event in events:
        said.setdefault(event["visitor"], set()).add(str(event.get("consent")))
    assert all(len(ways) == 1 for ways in said.values())
    assert {"{'measure': False}", "{'personalise': False}"} <= set().union(*said.values())


def test_a_late_sign_in_has_no_user_before_it(events: list[dict[str, Any]]) -> None:
    for sign_in in [event for event in events if event["type"] == "identify"]:
        own = [e for e in events if e["session"] == sign_in["session"] and e["type"] != "refund"]
        before = [e for e in own if e["ts"] < sign_in["ts"]]
        after = [e for e in own if e["ts"] > sign_in["ts"]]
        assert all("user" not in e for e in before)
        assert all("user" in e for e in after)


def test_orders_agree_with_the_purchases_less_refunds_and_tax(folder: Path, events: list[dict[str, Any]]) -> None:
    gross: defaultdict[str, float] = defaultdict(float)
    counted: set[str] = set()
    for event in events:
        if (
            event["type"] in ("purchase", "refund")
            and event["product"] != "POSTAGE"
            and event["event_id"] not in counted
        ):
            counted.add(event["event_id"])
            sign = 1 if event["type"] == "purchase" else -1
            gross[event["order_id"]] += sign * event["quantity"] * event["price"]
    orders = read(folder / "orders.csv")
    assert {order["order_id"] for order in orders} == set(gross)
    for order in orders:
        assert float(order["revenue"]) == pytest.approx(gross[order["order_id"]] / 1.2, abs=0.011)
        assert order["status"] == ("returned" if gross[order["order_id"]] < 0.005 else "paid")


def test_gift_cards_and_postage_are_declared_as_what_they_are(folder: Path) -> None:
    kinds = Counter(product.get("kind", "product") for product in read(folder / "products.jsonl"))
    assert kinds == {"product": 120, "gift_card": 3, "service": 1}


def test_available_is_what_the_catalogue_says(history: Histories) -> None:
    for store in history:
        rows = [
            msgspec.json.decode(line, type=Product)
            for line in (store.folder / "products.jsonl").read_bytes().splitlines()
        ]
        can_be_bought = {
            row.product for row in rows if row.kind == "product" and row.status == "active" and (row.stock or 0) > 0
        }
        assert store.available == can_be_bought
        assert store.sold_out == {row.product for row in rows if row.stock == 0}
        assert any(row.status == "withdrawn" for row in rows)


def test_the_current_price_is_the_last_dated_one(folder: Path) -> None:
    last = {row["product"]: float(row["price"]) for row in read(folder / "prices.csv")}
    for product in read(folder / "products.jsonl"):
        if product.get("kind", "product") == "product":
            assert last[product["product"]] == product["price"]


def test_a_reduced_price_names_its_promotion_and_the_price_before(folder: Path) -> None:
    reduced = [row for row in read(folder / "prices.csv") if row["promo"]]
    assert reduced
    for row in reduced:
        off = int(row["promo"].split("%")[0]) / 100
        assert float(row["price"]) == pytest.approx(float(row["list_price"]) * (1 - off), abs=0.006)


def test_the_stock_of_the_catalogue_is_the_last_count(market: Market, folder: Path) -> None:
    scarce = {market.stores[0].shelf.ids[n] for n in range(120) if not market.stores[0].shelf.restocked[n]}
    for product in read(folder / "products.jsonl"):
        if product["product"] in scarce:
            counts = [row for row in read_inventory(folder) if row["product"] == product["product"]]
            empty = any(float(row["on_hand"]) == 0 for row in counts)
            assert (product["stock"] == 0) == empty


def read_inventory(folder: Path) -> list[dict[str, Any]]:
    return read(folder / "inventory.csv")
