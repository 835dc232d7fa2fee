"""The data contract is derived from the types of the shop, and nothing else."""

from __future__ import annotations

import msgspec
import pytest

from shopkeeper.commerce.tables import EVENTS, INVENTORY, KEYED_TABLES, PRODUCTS, SOURCE_TABLES, Column, table_named
from shopkeeper.errors import UnknownTable


def test_a_column_knows_its_kind_and_whether_it_is_required() -> None:
    columns = {column.name: column for column in EVENTS.columns}
    assert columns["ts"] == Column("ts", "time", required=True)
    assert columns["price"] == Column("price", "number", required=False)
    assert columns["position"] == Column("position", "integer", required=False)
    assert columns["consent"] == Column("consent", "json", required=False)
    assert columns["type"] == Column("type", "text", required=True)


def test_a_value_of_several_shapes_is_kept_as_json() -> None:
    kinds = {column.name: column.kind for column in PRODUCTS.columns}
    assert kinds["title"] == "json"
    assert kinds["sensitive"] == "boolean"


@pytest.mark.parametrize("table", KEYED_TABLES.values(), ids=lambda table: table.name)
def test_every_key_column_is_a_column_of_the_row(table: object) -> None:
    schema = next(t for t in KEYED_TABLES.values() if t is table)
    assert set(schema.key) <= schema.column_names


def test_every_contract_table_accepts_its_schema_as_json() -> None:
    for table in SOURCE_TABLES.values():
        assert msgspec.json.schema(table.row)["$defs"]


def test_a_table_is_found_by_its_name_in_a_url() -> None:
    assert table_named("competitor-prices").name == "competitor_prices"
    assert table_named("inventory") is INVENTORY


def test_an_unknown_table_names_the_known_ones() -> None:
    with pytest.raises(UnknownTable, match="products"):
        table_named("prodcts")


def test_unknown_columns_have_a_place_where_the_table_offers_one() -> None:
    assert EVENTS.attributes_column == "properties"
    assert PRODUCTS.attributes_column == "attributes"
    assert INVENTORY.attributes_column is None
