"""Parameters that a person sets, read from text by the type of the defaults they stand for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from shopkeeper.errors import InputError
from shopkeeper.training.ports import Parameters

_BOOLEANS: Final = {"true": True, "false": False}
_KINDS: Final[Mapping[type, str]] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def read_by_hand(model: str, texts: Mapping[str, str], defaults: Parameters) -> dict[str, Any]:
    """Return parameters as a model takes them, each of the type of its default.

    Args:
        texts: Value as it was written, by name.

    Raises:
        InputError: the model has no such parameter, or it does not take such a value.
    """
    return {name: _value(model, name, text, defaults) for name, text in texts.items()}


def _value(model: str, name: str, text: str, defaults: Parameters) -> bool | int | float | str:
    if name not in defaults:
        raise InputError(f"{model} has no parameter {name!r}.", f"Its parameters are: {', '.join(defaults)}.")
    default = defaults[name]
    try:
        return _read(text, type(default))
    except ValueError as error:
        raise InputError(
            f"{name} of {model} cannot be {text!r}: it is {_KINDS[type(default)]}.",
            f"Its default is {text_of(default)}. The parameters of {model} are: {', '.join(defaults)}.",
        ) from error


def _read(text: str, kind: type) -> bool | int | float | str:
    """Return a text as a value of a type. Raises ValueError."""
    if kind is bool:
        if text.lower() not in _BOOLEANS:
            raise ValueError(text)
        return _BOOLEANS[text.lower()]
    if kind is int:
        return int(text)
    if kind is float:
        if not math.isfinite(number := float(text)):
            raise ValueError(text)
        return number
    return text


def text_of(value: object) -> str:
    """Return a value as it is written by hand."""
    return str(value).lower() if isinstance(value, bool) else str(value)
