"""What one column of the contract accepts, what it can be mended from, and how to say that it cannot."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, get_type_hints

import msgspec

from shopkeeper.commerce.tables import Column, TableSchema
from shopkeeper.errors import FieldProblem
from shopkeeper.intake.field_words import expected, shown
from shopkeeper.intake.plain_json import excess, json_safe
from shopkeeper.intake.times import read_time

MISSING_WORDS = frozenset({"nan", "NaN", "NaT", "<NA>", "NULL", "null", "undefined"})
"""Texts that stand for "no value" in identifiers and times; tools write them where a value is missing."""

_YES = frozenset({"true", "t", "yes", "y", "on", "1", "1.0"})
_NO = frozenset({"false", "f", "no", "n", "off", "0", "0.0"})


class Unusable(Exception):
    """A value that no mending makes fit; the text is the rule it breaks and the value."""


class FieldMender:
    """Turns a raw value into one that fits a column, or says what is wrong with it."""

    def __init__(self, table: TableSchema, column: Column, hint: object) -> None:
        self.name = column.name
        self.required = column.required
        self.is_id = _is_id(hint)
        self._hint = hint
        self._expected = expected(column, hint)
        self._choices = frozenset(self._expected.choices)
        self._takes_text = column.kind == "json" and any(_is_text(kind) for kind in _options(hint))
        self._takes_list = any(isinstance(kind, msgspec.inspect.VarTupleType) for kind in _options(hint))
        self._is_attributes = column.name == table.attributes_column
        self._is_consent = column.name in ("consent", "consent_default")
        by_kind: dict[str, Callable[[Any, tzinfo], object]] = {
            "text": self._text, "time": self._time, "number": self._number, "integer": self._integer,
            "boolean": self._boolean, "json": self._json,
        }  # fmt: skip
        self._mend = by_kind[column.kind]

    def check(self, value: object, zone: tzinfo) -> object:
        """Return the value as the column holds it; None when it stands for "missing".

        Raises:
            Unusable: it cannot be made to fit.
        """
        try:
            mended = self._mend(value, zone)
            return None if mended is None else msgspec.convert(mended, self._hint, strict=False)
        except (msgspec.MsgspecError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise self._unusable(value) from error

    def problem(self, reason: str, row: int | None) -> FieldProblem:
        """Return a problem with this column."""
        return FieldProblem(self.name, reason, self._expected.remedy, row)

    def _unusable(self, value: object) -> Unusable:
        return Unusable(f"must be {self._expected.rule}, got {shown(value)}")

    def _text(self, value: Any, _zone: tzinfo) -> str | None:  # noqa: ANN401 - raw
        text = _as_text(value).strip()
        if not text or (self.is_id and text in MISSING_WORDS):
            return None
        text.encode("utf-8")
        if "\x00" in text:
            raise Unusable(f"must be text without NUL characters, got {shown(value)}")
        if self._choices and text.lower() in self._choices:
            return text.lower()
        return text.upper() if self.name == "currency" else text

    def _time(self, value: Any, zone: tzinfo) -> datetime | None:  # noqa: ANN401 - raw
        if isinstance(value, str) and (not value.strip() or value.strip() in MISSING_WORDS):
            return None
        return read_time(value, zone)

    def _number(self, value: Any, _zone: tzinfo) -> float | None:  # noqa: ANN401 - raw
        if isinstance(value, str) and not value.strip():
            return None
        if isinstance(value, bool) or not math.isfinite(number := float(value)):
            raise self._unusable(value)
        return number

    def _integer(self, value: Any, zone: tzinfo) -> int | None:  # noqa: ANN401 - raw
        number = self._number(value, zone)
        if number is not None and not number.is_integer():
            raise self._unusable(value)
        return None if number is None else int(number)

    def _boolean(self, value: Any, _zone: tzinfo) -> bool:  # noqa: ANN401 - raw
        return read_boolean(value)

    def _json(self, value: Any, _zone: tzinfo) -> object:  # noqa: ANN401 - raw
        if isinstance(value, str):
            value = self._from_text(value.strip())
        if self._is_consent and isinstance(value, Mapping):
            return {name: read_boolean(given) for name, given in value.items() if given not in (None, "")}
        safe = json_safe(value)
        if self._takes_text and isinstance(safe, (int, float)):
            return self._text(value, _zone)
        if isinstance(safe, str) and not self._takes_text:
            raise self._unusable(value)
        if b"\\u0000" in msgspec.json.encode(safe):
            raise Unusable(f"must hold no NUL characters, got {shown(value)}")
        if self._is_attributes and isinstance(safe, dict) and (much := excess(safe)) is not None:
            raise Unusable(much)
        return safe

    def _from_text(self, text: str) -> object:
        """Return what JSON text holds, or the parts of `a | b` where a list is due, or the text."""
        if text[:1] in ("{", "["):
            try:
                return msgspec.json.decode(text)
            except msgspec.DecodeError:
                if not self._takes_text:
                    raise
        if self._takes_list:
            return [part.strip() for part in text.split("|") if part.strip()]
        return text or None


def _as_text(value: object) -> str:
    """Return a text, bytes or number as text, whole numbers without `.0`."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8")
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise ValueError("not a number")
        return str(int(value)) if value == int(value) else str(value)
    raise TypeError("neither text nor a number")


def read_boolean(value: object) -> bool:
    """Return a yes or no written in one of the usual ways.

    Raises:
        ValueError: it is none of them.
    """
    word = str(value).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError(f"{value!r} is neither yes nor no")


def menders(table: TableSchema) -> dict[str, FieldMender]:
    """Return what mends each column of a table, by its name."""
    hints = get_type_hints(table.row, include_extras=True)
    return {column.name: FieldMender(table, column, hints[column.name]) for column in table.columns}


def _options(hint: object) -> list[msgspec.inspect.Type]:
    """Return the types a value may have, without their bounds and without "missing"."""
    kinds = [msgspec.inspect.type_info(hint)]
    plain: list[msgspec.inspect.Type] = []
    while kinds:
        kind = kinds.pop()
        if isinstance(kind, msgspec.inspect.UnionType):
            kinds.extend(kind.types)
        elif isinstance(kind, msgspec.inspect.Metadata):
            kinds.append(kind.type)
        elif not isinstance(kind, msgspec.inspect.NoneType):
            plain.append(kind)
    return plain


def _is_text(kind: msgspec.inspect.Type) -> bool:
    return isinstance(kind, msgspec.inspect.StrType)


def _is_id(hint: object) -> bool:
    """Return whether a column holds identifiers: text that may not be empty."""
    return any(isinstance(kind, msgspec.inspect.StrType) and kind.min_length == 1 for kind in _options(hint))
