"""The data contract read once more, by hand: what a row that came in must hold, whoever let it in."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

TYPES: Final = frozenset(
    [
        "impression",
        "view",
        "click",
        "search",
        "cart",
        "remove",
        "checkout",
        "purchase",
        "refund",
        "rating",
        "dismiss",
        "identify",
        "custom",
    ]
)
ABOUT_A_PRODUCT: Final = frozenset(
    ["impression", "view", "click", "cart", "remove", "purchase", "refund", "rating", "dismiss"]
)
TRAFFIC: Final = frozenset(["human", "declared_bot", "suspected_bot", "internal", "monitoring"])
IDS: Final = {
    "events": "event_id store visitor user session product order_id decision_id",
    "products": "product", "users": "user", "orders": "order_id", "prices": "product", "inventory": "product",
    "stores": "store", "event_counts": "count_id store", "competitor_prices": "product competitor",
}  # fmt: skip
REQUIRED: Final = {
    "events": "event_id ts store type", "products": "product", "users": "user", "orders": "order_id ts store",
    "prices": "product ts price", "inventory": "product ts", "stores": "store",
    "event_counts": "count_id ts store type",
}  # fmt: skip
LABELS: Final = "surface query user_agent device referrer ip_hash traffic_rule"
MONEY: Final = {"events": ("price", "quantity"), "products": ("price", "cost")}
"""Numbers from 0 to a million, by the default contract of a store."""
ADDRESSES: Final = re.compile(
    r"ip|ip_address|client_ip|remote_addr|x_forwarded_for|browser_ip|context_ip", re.IGNORECASE
)


def breaches(table: str, row: Mapping[str, Any], latest: datetime) -> Iterator[str]:
    """Yield what a row of a table must not hold."""
    for name in REQUIRED.get(table, "").split():
        if row.get(name) in (None, ""):
            yield f"{name} is missing"
    for name in IDS.get(table, "").split():
        value = row.get(name)
        if value is not None and (not isinstance(value, str) or not 1 <= len(value) <= 200 or value != value.strip()):
            yield f"{name} is no identifier: {value!r}"
    for name in LABELS.split():
        if (value := row.get(name)) is not None and not (isinstance(value, str) and len(value) <= 500):
            yield f"{name} is no short text: {value!r}"
    for name in MONEY.get(table, ()):
        if (value := row.get(name)) is not None and not (_number(value) and 0 <= value <= 1e6):
            yield f"{name} is out of bounds: {value!r}"
    if "\x00" in str(row) or "\\u0000" in json.dumps(row):
        yield "a NUL character"
    currency = row.get("currency")
    if currency is not None and not re.fullmatch("[A-Z]{3}", currency):
        yield f"currency is no code: {currency!r}"
    if table == "events":
        yield from _event(row, latest)


def _event(row: Mapping[str, Any], latest: datetime) -> Iterator[str]:
    if row.get("type") not in TYPES:
        yield f"type is {row.get('type')!r}"
    if row.get("type") in ABOUT_A_PRODUCT and not row.get("product"):
        yield "no product"
    if row.get("store") not in ("uk", "de"):
        yield f"store is {row.get('store')!r}"
    try:
        moment = datetime.fromisoformat(str(row.get("ts")))
        if not datetime(1970, 1, 1, tzinfo=UTC) <= moment <= latest:
            yield f"ts is {moment}"
    except (ValueError, TypeError):
        yield f"ts is no time: {row.get('ts')!r}"
    for name in ("position", "results"):
        if (value := row.get(name)) is not None and not (_number(value) and 0 <= value <= 1e7 and value == int(value)):
            yield f"{name} is no count: {value!r}"
    if (value := row.get("value")) is not None and not (_number(value) and abs(value) <= 1e9):
        yield f"value is out of bounds: {value!r}"
    if row.get("traffic", "human") not in TRAFFIC:
        yield f"traffic is {row.get('traffic')!r}"
    consent = row.get("consent") or {}
    if not isinstance(consent, dict) or any(v not in (True, False, None) for v in consent.values()):
        yield f"consent is {consent!r}"
    properties = row.get("properties") or {}
    if not isinstance(properties, dict) or len(properties) > 100 or len(str(properties)) > 20_000:
        yield "properties are no small object"
    elif named := [name for name in properties if ADDRESSES.fullmatch(name.strip())]:
        yield f"an address is kept: {named}"


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
