"""How messages about a field are worded: the rule, the value, the remedy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec

from shopkeeper.commerce.tables import Column
from shopkeeper.intake.plain_json import json_safe

GOT = ", got "
"""Stands between the rule and the offending value in every reason, so reasons can be counted without their values."""

_NUMBER = "Give a plain number such as 12.50 (no currency sign, no thousands separator), or leave it out."
_RETURN = "Give a plain number of 0 or more, or leave it out; a return is an event of type `refund`, not a minus sign."
_WORDS: dict[str, tuple[str, str]] = {
    "time": ("a time", "Give ISO 8601 such as 2026-01-31T12:00:00Z, or epoch seconds."),
    "boolean": ("true or false", "Give true or false."),
    "number": ("a number", _NUMBER),
    "integer": ("a whole number", "Give a whole number of 0 or more, or leave it out."),
    "text": ("text", "Give text in UTF-8 within the limit."),
    "json": ("a JSON object", "Give a JSON object or list, or its text."),
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a column expects, in words.

    Attributes:
        choices: The words it may hold, where they are fixed.
    """

    rule: str
    remedy: str
    choices: tuple[str, ...] = ()


def expected(column: Column, hint: object) -> Expected:
    """Return what a column of type `hint` expects."""
    info = msgspec.inspect.type_info(hint)
    choices = _choices(info)
    if choices:
        return Expected(f"one of {', '.join(choices)}", "Use one of them, or map your own word in a mapping.", choices)
    rule, remedy = _WORDS[column.kind]
    if column.name in ("price", "quantity"):
        remedy = _RETURN
    return Expected(_described(info) or rule, remedy)


def general(reason: str) -> str:
    """Return a reason without the value it met, so that equal reasons can be counted."""
    return reason.split(GOT, 1)[0]


def shown(value: object) -> str:
    """Return a value as a message shows it, at most 80 characters; numbers that are none by their JavaScript name."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    text = repr(json_safe(value))
    return text if len(text) <= 80 else f"{text[:77]}..."


def _choices(info: msgspec.inspect.Type) -> tuple[str, ...]:
    if isinstance(info, msgspec.inspect.LiteralType):
        return tuple(sorted(str(word) for word in info.values))
    if isinstance(info, msgspec.inspect.UnionType):
        return tuple(word for kind in info.types for word in _choices(kind))
    return ()


def _described(info: msgspec.inspect.Type) -> str | None:
    """Return the words that come with a type's bounds."""
    if isinstance(info, msgspec.inspect.Metadata):
        text = (info.extra_json_schema or {}).get("description")
        return f"{text[0].lower()}{text[1:]}" if text and not text.startswith("ISO") else text
    if isinstance(info, msgspec.inspect.UnionType):
        return next((words for kind in info.types if (words := _described(kind))), None)
    return None
