"""The identity of an event whose source gives it none."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from shopkeeper.intake.plain_json import json_safe

_canonical = msgspec.json.Encoder(order="sorted").encode


def row_identity(table: str, store: str, columns: Mapping[str, Any]) -> str:
    """Return 32 hex characters that name a row by its content.

    The rule: BLAKE2b with a 16-byte digest over the JSON text of `[table, store, {column: value, ...}]` with the names
    sorted, columns without a value (null or empty text) left out. So the same file imported twice adds nothing, and two
    lines of a source that are equal in every column are one event; a mapping can name fewer columns by setting
    `event_id` itself.
    """
    present = {name: value for name, value in columns.items() if value is not None and value != ""}
    return present_identity(table, store, present)


def present_identity(table: str, store: str, present: Mapping[str, Any]) -> str:
    """Return what `row_identity` returns, for columns that all have a value."""
    try:
        text = _canonical((table, store, present))
    except (TypeError, ValueError, RecursionError):  # bytes that are no text, names that are no text, endless nesting
        text = _canonical((table, store, json_safe(present)))
    return blake2b(text, digest_size=16).hexdigest()
