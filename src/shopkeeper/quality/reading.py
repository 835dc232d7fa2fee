"""Reads what this package's queries give."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from shopkeeper.quality.ports import NamedQuery, Warehouse

Row = Mapping[str, Any]
EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every event."""


def query(name: str) -> NamedQuery:
    """Return a query this package ships."""
    return NamedQuery.load("shopkeeper.quality", name)


def filled_query(name: str, **parts: str) -> NamedQuery:
    """Return a shipped query with names of tables and columns, and conditions made here, put into its braces."""
    text = query(name).text
    for key, part in parts.items():
        text = text.replace(f"{{{key}}}", part)
    return NamedQuery(name, text)


def one_row(warehouse: Warehouse, name: str, **parameters: object) -> dict[str, float]:
    """Return the only row of a query, all numbers; what is missing is 0."""
    columns = warehouse.fetch(query(name), **parameters)
    return {key: _number(values[0]) if values.size else 0.0 for key, values in columns.items()}


def _number(value: Any) -> float:  # noqa: ANN401 - numpy scalars, None where a sum has no rows
    number = float(value) if value is not None else 0.0
    return number if number == number else 0.0  # noqa: PLR0124 - NaN is the only value unlike itself
