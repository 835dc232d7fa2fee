"""Whom an experiment or a rule is for: conditions on what is known of a shopper, written as JSON.

The language is that of GrowthBook, which is that of MongoDB with a few words more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Json = Any
Groups = Mapping[str, Sequence[Json]]
_VERSION_PARTS: Final = re.compile(r"[-.]")


def meets(condition: Mapping[str, Json], attributes: Mapping[str, Json], groups: Groups | None = None) -> bool:
    """Say whether attributes meet a condition. A condition that cannot be read is not met.

    Args:
        groups: Saved lists of ids by name, for `$inGroup`.
    """
    known = groups or {}
    return all(_holds(key, wanted, attributes, known) for key, wanted in condition.items())


def _holds(key: str, wanted: Json, attributes: Mapping[str, Json], groups: Groups) -> bool:
    if key == "$or":
        return not wanted or any(meets(one, attributes, groups) for one in wanted)
    if key == "$nor":
        return not wanted or not any(meets(one, attributes, groups) for one in wanted)
    if key == "$and":
        return all(meets(one, attributes, groups) for one in wanted)
    if key == "$not":
        return not meets(wanted, attributes, groups)
    return _matches(wanted, _at(attributes, key), groups)


def _at(attributes: Mapping[str, Json], path: str) -> Json:
    """Return the value at a dotted path; None where there is none."""
    value: Json = attributes
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def _matches(wanted: Json, value: Json, groups: Groups) -> bool:
    if isinstance(wanted, Mapping) and wanted and all(str(key).startswith("$") for key in wanted):
        return all(_operator(name, operand, value, groups) for name, operand in wanted.items())
    if isinstance(wanted, str):
        return _text(value) == wanted
    if isinstance(wanted, bool):
        return value is not None and bool(value) == wanted
    if isinstance(wanted, (int, float)):
        return _number(value) == wanted
    return bool(wanted == value and type(wanted) is type(value)) if wanted is not None else value is None


def _text(value: Json) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else None


def _number(value: Json) -> float | None:
    if isinstance(value, bool) or value is None:
        return float(value) if isinstance(value, bool) else None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _operator(name: str, operand: Json, value: Json, groups: Groups) -> bool:  # noqa: PLR0911 - a word, a line
    if name == "$not":
        return not _matches(operand, value, groups)
    if name in ("$inGroup", "$notInGroup"):
        return _in(groups.get(str(operand), ()), value) == (name == "$inGroup")
    if name == "$elemMatch":
        return isinstance(value, list) and any(_element(operand, one, groups) for one in value)
    if name == "$size":
        return isinstance(value, list) and _matches(operand, len(value), groups)
    if name in ("$all", "$alli"):
        fold = name == "$alli"
        return isinstance(value, list) and all(
            any(_matches(_fold(one, fold), _fold(has, fold), groups) for has in value) for one in operand
        )
    simple = _SIMPLE.get(name)
    try:
        return simple is not None and simple(value, operand)
    except (TypeError, ValueError, re.error):
        return False


def _element(condition: Json, value: Json, groups: Groups) -> bool:
    if isinstance(condition, Mapping) and all(str(key).startswith("$") for key in condition):
        return _matches(condition, value, groups)
    return isinstance(value, Mapping) and meets(condition, value, groups)


def _fold(value: Json, fold: bool) -> Json:
    return value.lower() if fold and isinstance(value, str) else value


def _in(choices: Json, value: Json, fold: bool = False) -> bool:
    if not isinstance(choices, (list, tuple)):
        return False
    listed = [_fold(one, fold) for one in choices]
    if isinstance(value, list):
        return any(_one_of(listed, _fold(one, fold)) for one in value)
    return _one_of(listed, _fold(value, fold))


def _one_of(listed: Sequence[Json], value: Json) -> bool:
    return any(one == value and isinstance(one, bool) == isinstance(value, bool) for one in listed)


def _not_in(choices: Json, value: Json, fold: bool = False) -> bool:
    return isinstance(choices, (list, tuple)) and not _in(choices, value, fold)


def _compared(test: Callable[[Json, Json], bool]) -> Callable[[Json, Json], bool]:
    """Compare as numbers where either is one, else as texts; nothing compares as 0."""

    def compare(value: Json, operand: Json) -> bool:
        if isinstance(value, str) and isinstance(operand, str):
            return test(value, operand)
        one, other = (0.0 if side is None else _number(side) for side in (value, operand))
        return one is not None and other is not None and test(one, other)

    return compare


def _search(flags: re.RegexFlag) -> Callable[[Json, Json], bool]:
    return lambda value, operand: re.search(operand, value if isinstance(value, str) else str(value), flags) is not None


def _kind(value: Json) -> str:
    if value is None:
        return "null"
    for kind, types in (("boolean", bool), ("number", (int, float)), ("string", str), ("array", list)):
        if isinstance(value, types):
            return kind
    return "object"


def _versions(test: Callable[[str, str], bool]) -> Callable[[Json, Json], bool]:
    return lambda value, operand: test(padded_version(value), padded_version(operand))


def padded_version(version: Json) -> str:
    """Return a version so that texts compare as versions do: numbers padded, a release behind its pre-releases."""
    text = re.sub(r"(^v|\+.*$)", "", _text(version) or "0")
    parts = _VERSION_PARTS.split(text)
    if len(parts) == 3:
        parts.append("~")
    return "-".join(part.rjust(5, " ") if re.fullmatch(r"[0-9]+", part) else part for part in parts)


_SIMPLE: Final[Mapping[str, Callable[[Json, Json], bool]]] = {
    "$eq": lambda value, operand: bool(value == operand),
    "$ne": lambda value, operand: bool(value != operand),
    "$lt": _compared(lambda one, other: bool(one < other)),
    "$lte": _compared(lambda one, other: bool(one <= other)),
    "$gt": _compared(lambda one, other: bool(one > other)),
    "$gte": _compared(lambda one, other: bool(one >= other)),
    "$exists": lambda value, operand: (value is not None) == bool(operand),
    "$in": lambda value, operand: _in(operand, value),
    "$nin": lambda value, operand: _not_in(operand, value),
    "$ini": lambda value, operand: _in(operand, value, fold=True),
    "$nini": lambda value, operand: _not_in(operand, value, fold=True),
    "$regex": _search(re.RegexFlag(0)),
    "$regexi": _search(re.IGNORECASE),
    "$notRegex": lambda value, operand: not _search(re.RegexFlag(0))(value, operand),
    "$notRegexi": lambda value, operand: not _search(re.IGNORECASE)(value, operand),
    "$type": lambda value, operand: _kind(value) == operand,
    "$veq": _versions(lambda one, other: one == other),
    "$vne": _versions(lambda one, other: one != other),
    "$vgt": _versions(lambda one, other: one > other),
    "$vgte": _versions(lambda one, other: one >= other),
    "$vlt": _versions(lambda one, other: one < other),
    "$vlte": _versions(lambda one, other: one <= other),
}
