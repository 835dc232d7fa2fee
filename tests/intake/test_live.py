"""The live way in splits one request into rows taken and rows refused, by the same judge as an import."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from shopkeeper.commerce.product import Inventory, Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS, INVENTORY, KEYED_TABLES, PRODUCTS, TableSchema
from shopkeeper.intake.keyed_rows import KeyedRowValidator, logged, newest_per_key
from shopkeeper.intake.live import take_events, take_rows
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.intake.validation import RowValidator

NOW = datetime(2026, 1, 10, tzinfo=UTC)
UK = {"uk": Store(store="uk")}


def keyed(table: TableSchema) -> KeyedRowValidator:
    return KeyedRowValidator(RowValidator(table, UK, "uk", lambda: NOW), lambda: NOW)


def test_good_rows_are_taken_in_order_and_bad_ones_come_back_with_their_place() -> None:
    good: dict[str, Any] = {"ts": 5, "type": "search", "query": "lamp"}
    taken = take_events([good, 5, {**good, "type": "view"}, good], RowValidator(EVENTS, UK, "uk", lambda: NOW), "uk")
    assert [event.query for event in taken.rows] == ["lamp", "lamp"]
    assert [(row.row, row.source, row.store) for row in taken.rejected] == [(2, "http", "uk"), (3, "http", "uk")]
    assert [(problem.row, problem.field) for problem in taken.problems] == [(2, "$"), (3, "product")]
    assert taken.rejected[0].raw == {"$": 5}


def test_a_row_without_source_time_has_that_of_its_arrival() -> None:
    taken = take_rows([{"product": "a"}, {"product": "b", "updated_at": "2026-01-01"}], keyed(PRODUCTS), "uk")
    assert [row.source_ts for row in taken.rows] == [NOW, datetime(2026, 1, 1, tzinfo=UTC)]
    assert getattr(taken.rows[1].row, "attributes", None) == {}


def test_the_time_of_a_table_with_one_is_the_source_time() -> None:
    (row,) = take_rows([{"product": "a", "ts": 5, "on_hand": 3}], keyed(INVENTORY), "uk").rows
    assert row == SourcedRow(Inventory(product="a", store="uk", ts=row.source_ts, on_hand=3.0), row.source_ts)


@pytest.mark.parametrize("table", KEYED_TABLES.values(), ids=lambda table: table.name)
def test_withdrawing_a_row_needs_no_more_than_its_key(table: TableSchema) -> None:
    key = {name: "uk" if name == "store" else "a" for name in table.key}
    (row,) = take_rows([key], keyed(table), "uk", withdrawn=True).rows
    assert row.deleted
    assert [getattr(row.row, name) for name in table.key] == list(key.values())
    assert row.source_ts == NOW


@pytest.mark.parametrize(
    ("field", "value"),
    [("source_ts", "soon"), ("updated_at", NOW + timedelta(days=1)), ("deleted", "perhaps"), ("price", "NaN")],
)
def test_a_wrong_source_time_or_deletion_is_named(field: str, value: object) -> None:
    taken = take_rows([{"product": "a", field: value}], keyed(PRODUCTS), "uk")
    assert [problem.field for problem in taken.problems] == [field]


def test_the_log_keeps_a_row_with_its_source_time() -> None:
    row = SourcedRow(Product(product="a", store="uk"), NOW, deleted=True)
    assert msgspec.json.decode(logged(row)) == {
        "product": "a", "store": "uk", "source_ts": "2026-01-10T00:00:00Z", "deleted": True,
    }  # fmt: skip


def test_of_rows_with_one_key_the_newest_stays_and_of_equal_times_the_last() -> None:
    def row(price: float, days: int) -> SourcedRow:
        return SourcedRow(Product(product="a", price=price), NOW + timedelta(days=days))

    assert newest_per_key(PRODUCTS, [row(1, 1), row(2, 0), row(3, 1), row(4, 0)]) == [row(3, 1)]
