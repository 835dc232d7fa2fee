"""Holds a document against a struct, field by field, and says everything that is wrong at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Struct

from shopkeeper.commerce.docstrings import words_of
from shopkeeper.objectives.wrong import Wrong, meant

_SHOWN = 80
_PLAIN = {
    "`": "", "Expected": "Give", "float": "a number", "int": "a whole number", "got str": "not text",
    "str matching regex": "text of the form", "str of length": "text of length",
    "Invalid RFC3339 encoded date": "Give a day such as 2026-12-01",
}  # fmt: skip
"""What msgspec says -> what a person writes."""


def wrong_shape(kind: type[Struct], value: object, path: str = "") -> Iterator[Wrong]:
    """Yield what keeps a document from being a struct: unknown, missing and unusable fields.

    Args:
        kind: What it should be; its docstring says what each field is for.
        value: What YAML or JSON holds.
        path: Where it stands in the file.
    """
    words = words_of(kind).fields
    if not isinstance(value, dict):
        yield Wrong(path or "the document", f"is {shown(value)}", f"Give `key: value` lines: {', '.join(words)}.")
        return
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for key in value:
        if key not in fields:
            yield Wrong(_below(path, key), "is not a key here", meant(key, fields))
    for name, field in fields.items():
        place, about = _below(path, name), words.get(name, "")
        if name not in value:
            if field.required:
                yield Wrong(place, "is missing", f"Write it: {about}")
        elif value[name] is not None or not _may_be_none(field.type):
            yield from _wrong_value(_without_none(field.type), value[name], place, about)


def _wrong_value(kind: Any, value: object, path: str, about: str) -> Iterator[Wrong]:  # noqa: ANN401 - an annotation
    plain = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if isinstance(plain, type) and issubclass(plain, Struct):
        yield from wrong_shape(plain, value, path)
    elif get_origin(plain) is tuple:
        inner = get_args(plain)[0]
        if not isinstance(value, list):
            yield Wrong(path, f"is {shown(value)}", f"Give a list, one `- ` line each. {about}")
            return
        if not value and kind is not plain:
            yield Wrong(path, "is empty", f"Name at least one. {about}")
        for place, one in enumerate(value):
            yield from _wrong_value(inner, one, f"{path}[{place}]", about)
    else:
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            choices = [str(one) for one in get_args(plain)] if get_origin(plain) is Literal else []
            remedy = meant(value, choices) if choices else _remedy(str(error), value)
            yield Wrong(path, f"is {shown(value)}", f"{remedy} {about}".strip())


def _remedy(expected: str, value: object) -> str:
    if isinstance(value, str) and (percent := re.fullmatch(r"([-+]?\d+(?:\.\d*)?)\s*%", value)):
        return f"Write a share as a number: {float(percent[1]) / 100:g}."
    for said, plain in _PLAIN.items():
        expected = expected.replace(said, plain)
    return f"{expected}."


def _without_none(kind: Any) -> Any:  # noqa: ANN401 - an annotation
    return next(one for one in get_args(kind) if one is not type(None)) if _may_be_none(kind) else kind


def _may_be_none(kind: Any) -> bool:  # noqa: ANN401 - an annotation
    return type(None) in get_args(kind)


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def shown(value: object) -> str:
    """Return a value as a message shows it."""
    text = repr(value) if isinstance(value, (str, int, float, bool, type(None))) else str(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
