"""The identity of an event whose source gives it none."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec

_CANONICAL = msgspec.json.Encoder(order="sorted", enc_hook=str)


def row_identity(table: str, store: str, columns: Mapping[str, Any]) -> str:
    """Return 32 hex characters that name a row by its content.

    The rule: BLAKE2b with a 16-byte digest over the JSON text of `[table, store, {column: value, ...}]` with the names
    sorted, columns without a value (null or empty text) left out. So the same file imported twice adds nothing, and two
    lines of a source that are equal in every column are one event; a mapping can name fewer columns by setting
    `event_id` itself.

    Raises:
        TypeError, ValueError, OverflowError, RecursionError: a value has no JSON form.
    """
    present = {name: value for name, value in columns.items() if value is not None and value != ""}
    return blake2b(_CANONICAL.encode([table, store, present]), digest_size=16).hexdigest()
