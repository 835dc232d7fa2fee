"""What is done where a field of a row is empty: as the contract says, else as the table's own type does.

A filled value is marked beside it (`filled_FIELD` among the row's properties), so that it can be counted and told from
one that came, for as long as the row is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from shopkeeper.commerce.event import NEEDS_PRODUCT
from shopkeeper.commerce.tables import EVENTS, STORES, Column, TableSchema

Action = Literal["keep", "default", "derive", "reject"]

SPEAKS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "product": tuple(sorted(NEEDS_PRODUCT)),
    "quantity": ("cart", "purchase", "refund"),
    "price": ("purchase", "refund"),
    "currency": ("purchase", "refund"),
    "order_id": ("purchase", "refund"),
    "decision_id": ("impression", "click"),
    "surface": ("impression", "click"),
    "position": ("impression", "click"),
    "query": ("search",),
    "results": ("search",),
    "value": ("rating",),
}
"""Fields of events that only some types have: of others they are not missing."""

NEVER_GUESSED: Final = frozenset({"event_id", "user", "visitor", "session", "consent", "decision_id", "type", "ts"})
"""Fields of events that say who, when and with whose leave; a value nobody sent would join strangers."""

IS_MISSING: Final = "is required"
"""How the reason of a rejected row begins that lacks a field."""

_DERIVED: Final[Mapping[tuple[str, str], str]] = {
    ("events", "event_id"): "a hash of what the row says",
    ("events", "received_at"): "the clock when it came in",
    ("events", "traffic"): "agent, address and person of the event",
    ("events", "traffic_rule"): "agent, address and person of the event",
}


@dataclass(frozen=True, slots=True)
class MissingPolicy:
    """What is done with a row whose field is empty.

    Attributes:
        value: What `default` fills in.
        source: Where `derive` takes it from: a column of the row, or `store.COLUMN` of its store.
    """

    action: Action = "keep"
    value: str | float | bool | None = None
    source: str = ""

    def __str__(self) -> str:
        if self.action == "default":
            return f"default: {self.value if self.value != '' else 'empty'}"
        return f"derive: {self.source}" if self.action == "derive" else self.action


KEEP: Final = MissingPolicy()


def built_in(table: TableSchema, column: Column) -> MissingPolicy:
    """Return what holds where no contract says anything: how the type of the table takes rows."""
    if (source := _DERIVED.get((table.name, column.name))) is not None:
        return MissingPolicy("derive", source=source)
    if column.name == "store" and table is not STORES and column.required:
        return MissingPolicy("derive", source="the store of the import or the key")
    if column.required:
        return MissingPolicy("reject")
    field = next(one for one in msgspec.structs.fields(table.row) if one.name == column.name)
    empty = field.default is None or field.default is msgspec.NODEFAULT or field.default == ()
    return KEEP if empty else MissingPolicy("default", _plain(field.default))


def can_be_missing(table: TableSchema, column: Column) -> bool:
    """Return whether a contract may say what is done: the type of the table leaves the field open."""
    return built_in(table, column) == KEEP


def types_of(table: TableSchema, column: str) -> tuple[str, ...]:
    """Return the types of events a field can be missing from; nothing = every row."""
    return SPEAKS_OF.get(column, ()) if table is EVENTS else ()


def mark_of(column: str) -> str:
    """Return the property that says a value was filled in."""
    return f"filled_{column}"


def fault(table: TableSchema, column: Column, policy: MissingPolicy, columns: Mapping[str, Column]) -> str | None:
    """Return why a policy cannot be; None where it can.

    Args:
        columns: The columns of the row by name, and those of its store as `store.COLUMN`.
    """
    if not can_be_missing(table, column):
        return f"{table.name}.{column.name} is never missing ({built_in(table, column)})"
    return None if policy.action in ("keep", "reject") else _filling_fault(table, column, policy, columns)


def _filling_fault(
    table: TableSchema, column: Column, policy: MissingPolicy, columns: Mapping[str, Column]
) -> str | None:
    if table.attributes_column is None:
        return f"rows of {table.name} have no place to mark what was filled in; fill it in the mapping"
    if table is EVENTS and column.name in NEVER_GUESSED:
        return f"{column.name} is never guessed"
    if policy.action == "default":
        fits = _fits(policy.value, column)
        return None if fits else f"{policy.value!r} is no value of {column.name}, which is {column.kind}"
    source = columns.get(policy.source)
    if source is None:
        return f"{policy.source!r} is neither a column of {table.name} nor store.COLUMN"
    same = source.kind == column.kind and policy.source != column.name
    return None if same else f"{policy.source} is {source.kind}, {column.name} is {column.kind}"


def _fits(value: object, column: Column) -> bool:
    kinds: Mapping[str, tuple[type, ...]] = {
        "text": (str,), "number": (int, float), "integer": (int,), "boolean": (bool,),
    }  # fmt: skip
    allowed = kinds.get(column.kind, ())
    return isinstance(value, allowed) and isinstance(value, bool) == (column.kind == "boolean") and value != ""


def _plain(value: Any) -> str | float | bool:  # noqa: ANN401 - of any field
    return value if isinstance(value, (str, float, bool)) else str(value)
