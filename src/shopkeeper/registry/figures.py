"""Figures of a version as people read them: a value with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

MINUS: Final = "\N{MINUS SIGN}"


def is_interval(found: object) -> bool:
    """Tell whether an entry of a version's metrics is a figure, with or without its interval."""
    return isinstance(found, Mapping) and "value" in found


def interval_text(found: Mapping[str, Any], *, signed: bool = False) -> str:
    """Return `0.212 (0.204 to 0.221)`; without an interval the value alone, without a value nothing.

    Example:
        >>> interval_text({"value": 0.21234, "low": 0.2041, "high": 0.2212})
        '0.212 (0.204 to 0.221)'
    """
    if "value" not in found:
        return ""
    low, high = found.get("low"), found.get("high")
    digits = 3
    if low is not None and high is not None and 0 < high - low < 0.002:
        digits = 5
    value = _signed(found["value"], digits, signed)
    if low is None or high is None:
        return value
    return f"{value} ({_signed(low, digits, signed)} to {_signed(high, digits, signed)})"


def _signed(value: float, digits: int, signed: bool) -> str:
    text = f"{abs(value):,.{digits}f}"
    if value < 0 and text.strip("0."):
        return f"{MINUS}{text}"
    return f"+{text}" if signed and text.strip("0.") else text
