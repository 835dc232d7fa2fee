"""The tables of the data contract, defined once from the types of the shop.

Everything that needs a schema (validation, the lake, the state database, the OpenAPI page) derives it from here.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from shopkeeper.commerce.decision import DecisionRecord, ShadowAnswer
from shopkeeper.commerce.event import Event, EventCount
from shopkeeper.commerce.order import Order
from shopkeeper.commerce.product import CompetitorPrice, Inventory, Price, Product
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.traffic import TrafficVerdict
from shopkeeper.errors import FieldProblem, UnknownTable

ColumnKind = Literal["text", "time", "integer", "number", "boolean", "json"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, how engines store it, and whether a row must have it."""

    name: str
    kind: ColumnKind
    required: bool


@dataclass(frozen=True)
class TableSchema:
    """One table of the data contract.

    Attributes:
        row: The type of one row.
        key: Columns that identify what a row is about; a newer row of the same key replaces an older one.
        time: Column with the source time of the row; None where the row has none of its own.
    """

    name: str
    row: type[msgspec.Struct]
    key: tuple[str, ...]
    time: str | None = None

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """All columns in the order of the row type."""
        hints = get_type_hints(self.row, include_extras=True)
        return tuple(Column(f.name, _kind(hints[f.name]), f.required) for f in msgspec.structs.fields(self.row))

    @cached_property
    def column_names(self) -> frozenset[str]:
        """Names of all columns."""
        return frozenset(column.name for column in self.columns)

    @property
    def attributes_column(self) -> str | None:
        """Where unknown columns of a source are kept; None where the table has no such place."""
        return next((name for name in ("properties", "attributes") if name in self.column_names), None)


def _kind(hint: object) -> ColumnKind:
    """Return how engines store a value of type `hint`; a choice of several shapes is stored as JSON."""
    origin = get_origin(hint)
    if origin is Annotated:
        return _kind(get_args(hint)[0])
    if origin in (Union, types.UnionType):
        kinds = {_kind(option) for option in get_args(hint) if option is not type(None)}
        return kinds.pop() if len(kinds) == 1 else "json"
    if origin is Literal:
        return "text"
    simple: dict[Any, ColumnKind] = {
        str: "text", datetime: "time", bool: "boolean", int: "integer", float: "number",
    }  # fmt: skip
    return simple.get(hint, "json")


EVENTS = TableSchema("events", Event, ("store", "event_id"), "ts")
EVENT_COUNTS = TableSchema("event_counts", EventCount, ("store", "count_id", "type", "product"), "ts")
DECISIONS = TableSchema("decisions", DecisionRecord, ("store", "decision_id"), "ts")
SHADOW_ANSWERS = TableSchema("shadow_answers", ShadowAnswer, ("store", "decision_id", "test"), "ts")
TRAFFIC_VERDICTS = TableSchema("traffic_verdicts", TrafficVerdict, ("store", "kind", "subject", "ts"), "ts")
STORES = TableSchema("stores", Store, ("store",))
PRODUCTS = TableSchema("products", Product, ("store", "product"))
USERS = TableSchema("users", User, ("store", "user"))
PRICES = TableSchema("prices", Price, ("store", "product", "price_list"), "ts")
COMPETITOR_PRICES = TableSchema("competitor_prices", CompetitorPrice, ("store", "product", "competitor"), "ts")
INVENTORY = TableSchema("inventory", Inventory, ("store", "product"), "ts")
ORDERS = TableSchema("orders", Order, ("store", "order_id"), "ts")

KEYED_TABLES: Mapping[str, TableSchema] = {
    table.name: table for table in (STORES, PRODUCTS, USERS, PRICES, COMPETITOR_PRICES, INVENTORY, ORDERS)
}
"""Tables a retailer writes whose newest row per key is the current state."""

SOURCE_TABLES: Mapping[str, TableSchema] = {EVENTS.name: EVENTS, **KEYED_TABLES}
"""Tables that can be imported."""

LOGGED_TABLES: Mapping[str, TableSchema] = {
    **SOURCE_TABLES, DECISIONS.name: DECISIONS, SHADOW_ANSWERS.name: SHADOW_ANSWERS,
    EVENT_COUNTS.name: EVENT_COUNTS, TRAFFIC_VERDICTS.name: TRAFFIC_VERDICTS,
}  # fmt: skip
"""Tables the event log and the lake hold, full history."""


def table_named(name: str) -> TableSchema:
    """Return the importable table called `name`.

    Raises:
        UnknownTable: the data contract has no such table.
    """
    table = SOURCE_TABLES.get(name.replace("-", "_"))
    if table is None:
        known = ", ".join(SOURCE_TABLES)
        raise UnknownTable(
            f"Table {name!r} is not in the data contract.",
            f"Name the file or mapping entry after one of: {known}.",
            (FieldProblem("table", f"{name!r} is not a table", f"Use one of: {known}."),),
        )
    return table
