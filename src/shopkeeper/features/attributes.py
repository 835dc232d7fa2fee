"""What a record says, in Python: the same readings as `sql_attributes`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import User
from shopkeeper.features.kinds import Attribute
from shopkeeper.features.ports import FeatureValue


def attribute_of(attribute: Attribute, record: User | Product | None, at: datetime) -> FeatureValue:
    """Return what a record says at `at`; None where there is no record or it does not say."""
    value = getattr(record, attribute.column, None)
    if value is None:
        return None
    match attribute.reading:
        case "age":
            return (at - value.astimezone(UTC)) / timedelta(days=1) if value < at else None
        case "top_category":
            return _top_category(value)
        case "number":
            return float(value)
        case "text":
            return str(value)


def _top_category(categories: tuple[str, ...]) -> str | None:
    """Return the first step of the first path, read from the same JSON text that the lake stores."""
    if not categories:
        return None
    stored = msgspec.json.encode(categories).decode()
    return stored[2:].split('"', 1)[0].split(">", 1)[0].strip(" ")
