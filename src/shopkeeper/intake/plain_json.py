"""Values of unknown columns in a form that JSON can hold, within bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, time
from typing import Any

import msgspec

MAX_KEYS = 100
MAX_BYTES = 10_000
MAX_DEPTH = 8
MAX_LEVELS = 32


def json_safe(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - any value a source can hold
    """Return `value` with everything JSON cannot hold written as text, and numbers that are none left out as None.

    Broken text keeps its readable part, with the rest escaped (`\\xff`). What nests deeper than 32 levels becomes text.
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, (bool, int, type(None))):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _container(value, depth) if depth < MAX_LEVELS else "(nested too deeply to keep)"


def _container(value: Any, depth: int) -> Any:  # noqa: ANN401 - any value a source can hold
    if isinstance(value, Mapping):
        return {json_safe(str(name)): json_safe(item, depth + 1) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [json_safe(item, depth + 1) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "backslashreplace")
    return json_safe(value.isoformat() if isinstance(value, (date, time)) else str(value))


def excess(kept: Mapping[str, Any]) -> str | None:
    """Return what is too much about an object of kept columns; None when it is within bounds.

    Bounds: 100 names, 8 levels, 10,000 bytes as JSON.
    """
    if len(kept) > MAX_KEYS:
        return f"must have at most {MAX_KEYS} names, got {len(kept)}"
    if (depth := _depth(kept)) > MAX_DEPTH:
        return f"must nest at most {MAX_DEPTH} levels, got {depth}"
    if (size := len(msgspec.json.encode(kept))) > MAX_BYTES:
        return f"must fit {MAX_BYTES:,} bytes as JSON, got {size:,}"
    return None


def _depth(value: Any) -> int:  # noqa: ANN401 - any JSON value
    deepest, level = 0, [value]
    while level and deepest <= MAX_DEPTH:
        level = [v for v in level if isinstance(v, (dict, list, tuple))]
        deepest += bool(level)
        level = [item for v in level for item in (v.values() if isinstance(v, dict) else v)]
    return deepest
