"""Reading the cells of an export: by any of several column names, as text, number, time, path or list."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping
from typing import Any

_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_BLANKS = re.compile(r"\s+")
_SPACED_OFFSET = re.compile(r"^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?([+-]\d{2}:?\d{2}|Z)$")
_NOT_IN_SLUG = re.compile(r"[^\w]+")
_NOTHING = frozenset({"(not set)", "(none)", "(data deleted)"})


class Cells:
    """One row of an export, its columns found whatever their case."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {str(name).strip().lower(): value for name, value in values.items()}

    def text(self, *names: str) -> str | None:
        """Return the first of these columns that is not empty."""
        for name in names:
            value = self._values.get(name.lower())
            if value is not None and (text := str(value).strip()):
                return text
        return None

    def number(self, *names: str) -> float | None:
        """Return the first of these columns that is not empty as a number; None where it is none."""
        return as_number(self.text(*names))

    def yes(self, *names: str) -> bool | None:
        """Return whether a column says yes; None where it is empty or says neither."""
        word = (self.text(*names) or "").lower()
        return True if word in ("true", "yes", "1", "y") else False if word in ("false", "no", "0", "n") else None

    def time(self, *names: str) -> str | None:
        """Return a time as ISO 8601 where it is `2026-01-31 14:05:00 +0100`, else as it stands."""
        text = self.text(*names)
        match = _SPACED_OFFSET.match(text) if text else None
        return f"{match[1]}T{match[2]}{match[3]}" if match else text

    def items(self) -> list[tuple[str, Any]]:
        """Return every column in lower case with its value."""
        return list(self._values.items())


def as_number(value: object) -> float | None:
    """Return a value as a finite number; None where it is none."""
    try:
        number = float(str(value)) if value is not None and not isinstance(value, bool) else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None


def plain_text(markup: str | None) -> str | None:
    """Return the words of a text in HTML; None for none."""
    if not markup:
        return None
    return _BLANKS.sub(" ", html.unescape(_TAG.sub(" ", markup))).strip() or None


def slug(text: str) -> str:
    """Return a name as an address has it: `Blue Lamp, XL` is `blue-lamp-xl`."""
    return _NOT_IN_SLUG.sub("-", text.lower()).strip("-")[:150]


def listed(text: str | None, separator: str = ",") -> list[str]:
    """Return the parts of a list in one cell; a separator behind a backslash belongs to its part."""
    if not text:
        return []
    parts = re.split(rf"(?<!\\){re.escape(separator)}", text)
    return [part for raw in parts if (part := raw.replace("\\" + separator, separator).strip())]


def path(steps: list[str]) -> str:
    """Return a category path of the contract."""
    return " > ".join(step.strip() for step in steps if step.strip())


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries that hold something."""
    return {name: value for name, value in values.items() if value is not None and value not in ("", [], {})}


def said(value: object) -> Any:  # noqa: ANN401 - whatever the source gave
    """Return a value of a clickstream, None where it is one of the words that stand for nothing."""
    return None if isinstance(value, str) and (not value.strip() or value in _NOTHING) else value
