"""The laws of `intake.ports.TableStore`, for any engine: subclass and give a `tables` fixture."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.tables import PRODUCTS
from shopkeeper.intake.ports import SourcedRow, TableStore

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def example_product(
    name: str, price: float, hours: float = 0, *, store: str = "uk", deleted: bool = False
) -> SourcedRow:
    """Return a product whose source time is `hours` after noon of 2026-01-01."""
    row = Product(product=name, store=store, price=price, categories=("a > b",), attributes={"colour": "red"})
    return SourcedRow(row, _NOON + timedelta(hours=hours), deleted)


class TableStoreSuite:
    """Every engine of the port passes these."""

    def test_a_row_comes_back_as_it_went_in(self, tables: TableStore) -> None:
        tables.upsert(PRODUCTS, [example_product("lamp", 10)])
        assert tables.get(PRODUCTS, ("uk", "lamp")) == example_product("lamp", 10)

    def test_an_absent_key_gives_none(self, tables: TableStore) -> None:
        assert tables.get(PRODUCTS, ("uk", "lamp")) is None

    def test_a_newer_row_replaces_an_older_one(self, tables: TableStore) -> None:
        tables.upsert(PRODUCTS, [example_product("lamp", 10)])
        done = tables.upsert(PRODUCTS, [example_product("lamp", 11, hours=1)])
        assert (done.written, done.stale) == (1, 0)
        assert tables.get(PRODUCTS, ("uk", "lamp")) == example_product("lamp", 11, hours=1)

    def test_an_older_row_changes_nothing_and_is_counted(self, tables: TableStore) -> None:
        tables.upsert(PRODUCTS, [example_product("lamp", 10)])
        done = tables.upsert(PRODUCTS, [example_product("lamp", 9, hours=-1), example_product("desk", 5)])
        assert (done.written, done.stale) == (1, 1)
        assert tables.get(PRODUCTS, ("uk", "lamp")) == example_product("lamp", 10)

    def test_of_equal_times_the_last_to_come_wins(self, tables: TableStore) -> None:
        tables.upsert(PRODUCTS, [example_product("lamp", 10), example_product("lamp", 11)])
        tables.upsert(PRODUCTS, [example_product("lamp", 12)])
        assert tables.get(PRODUCTS, ("uk", "lamp")) == example_product("lamp", 12)

    def test_within_one_batch_the_newest_wins_whatever_the_order(self, tables: TableStore) -> None:
        tables.upsert(PRODUCTS, [example_product("lamp", 11, hours=1), example_product("lamp", 10)])
        assert tables.get(PRODUCTS, ("uk", "lamp")) == example_product("lamp", 11, hours=1)

    def test_a_deleted_row_is_gone_and_an_older_row_cannot_bring_it_back(self, tables: TableStore) -> None:
        tables.upsert(PRODUCTS, [example_product("lamp", 10)])
        tables.upsert(PRODUCTS, [example_product("lamp", 10, hours=2, deleted=True)])
        tables.upsert(PRODUCTS, [example_product("lamp", 10, hours=1)])
        assert tables.get(PRODUCTS, ("uk", "lamp")) is None
        assert tables.count(PRODUCTS) == 0

    def test_insert_absent_never_replaces(self, tables: TableStore) -> None:
        tables.upsert(PRODUCTS, [example_product("lamp", 10)])
        assert tables.insert_absent(PRODUCTS, [example_product("lamp", 99, hours=5), example_product("desk", 5)]) == 1
        assert tables.get(PRODUCTS, ("uk", "lamp")) == example_product("lamp", 10)

    def test_a_stores_scan_has_its_own_rows_and_those_for_all_stores(self, tables: TableStore) -> None:
        tables.upsert(
            PRODUCTS,
            [example_product("lamp", 1), example_product("desk", 2, store="de"), example_product("card", 3, store="")],
        )
        assert {getattr(row.row, "product", "") for row in tables.scan(PRODUCTS, "uk")} == {"lamp", "card"}
        assert tables.count(PRODUCTS, "uk") == 2
        assert tables.count(PRODUCTS) == 3

    def test_a_forgotten_row_leaves_no_trace(self, tables: TableStore) -> None:
        tables.upsert(PRODUCTS, [example_product("lamp", 10, hours=5)])
        assert tables.forget(PRODUCTS, "product", "lamp") == 1
        assert tables.upsert(PRODUCTS, [example_product("lamp", 9)]).written == 1
