"""SQL that tells which events of a file the validator surely takes, and what it would make of them.

Derived from the row type of the contract: its names, kinds, bounds and choices. Doubt is always allowed, error is not:
a column of an unusual type makes the whole file unfit for the lane, an unusual value makes its row doubtful.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from math import inf, isfinite
from typing import Final, get_type_hints

import msgspec

from shopkeeper.commerce.event import NEEDS_PRODUCT
from shopkeeper.commerce.tables import EVENTS, Column
from shopkeeper.engines.duckdb_session import name_literal, text_literal
from shopkeeper.engines.sure_values import WHOLE, UnfitFile, Value
from shopkeeper.intake.field_mending import MISSING_WORDS
from shopkeeper.intake.sure_events import SureRules

_MUST_BE_EMPTY: Final = frozenset({"traffic_rule", "ip_hash"})
_SAID: Final = frozenset({"user_agent", "traffic", "consent", "properties", "received_at"}) | _MUST_BE_EMPTY
"""What is not read column by column."""
_MOMENT: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?(Z|\+00:00)?)?"
)


@dataclass(frozen=True, slots=True)
class SureColumn:
    """One column of an event in SQL, over the values given.

    Attributes:
        value: As the lake holds it.
        sure: True where the value is surely taken so; never NULL.
        text: It is free text, to be looked at for odd characters.
    """

    name: str
    value: str
    sure: str
    text: bool = False


@dataclass(frozen=True, slots=True)
class Moments:
    """How times are given: SQL of the time, of whether it lacks an offset, and whether any may lack one."""

    value: str
    local: str
    any_local: bool


def sure_columns(given: Mapping[str, Value], rules: SureRules, offset: str | None) -> dict[str, SureColumn]:
    """Return the columns of an event but those that are judged by their few values.

    Args:
        given: Column of the contract -> the value the validator would be given.
        offset: SQL of the seconds by which the store's clock is ahead of UTC; None where times need none.

    Raises:
        UnfitFile: a column has an unusual type, or one that every event needs is missing.
    """
    if not {"ts", "type"} <= given.keys():
        raise UnfitFile("ts and type")
    hints = get_type_hints(EVENTS.row, include_extras=True)
    columns = {"store": _store(given.get("store"), rules)}
    for column in EVENTS.columns:
        if column.name == "ts":
            columns["ts"] = _time(given["ts"], rules, offset)
        elif column.name in given and column.name not in _SAID and column.name != "store":
            columns[column.name] = _column(column, hints[column.name], given[column.name], rules)
    return columns


def conditions(columns: Mapping[str, SureColumn], given: Mapping[str, Value]) -> Iterator[str]:
    """Yield what must hold for an event to be sure, beside its few-valued columns, its texts and its properties."""
    yield from (column.sure for column in columns.values() if column.sure != "true")
    yield from (f"NOT ({given[name].present})" for name in sorted(_MUST_BE_EMPTY & given.keys()))
    listed = ", ".join(text_literal(kind) for kind in sorted(NEEDS_PRODUCT))
    product = f"{columns['product'].value} IS NOT NULL" if "product" in columns else "false"
    yield f"{product} OR {columns['type'].value} NOT IN ({listed})"
    if "user" in columns:
        user = columns["user"].value
        yield f"{user} IS NULL OR {user} NOT IN (SELECT said FROM users_who_said)"  # noqa: S608


def moments(given: Value) -> Moments:
    """Return how the times of a file are read.

    Raises:
        UnfitFile: they are of an unusual type.
    """
    if given.kind == "TIMESTAMP":
        return Moments(given.sql, "true", any_local=True)
    if given.kind == "TIMESTAMPTZ":
        return Moments(f"({given.sql} AT TIME ZONE 'UTC')", "false", any_local=False)
    if given.kind in WHOLE:
        return Moments(_from_epoch(f"CAST({given.sql} AS BIGINT)"), "false", any_local=False)
    _needs(given.kind == "VARCHAR")
    text = given.sql
    shaped = f"regexp_full_match({text}, {text_literal(_MOMENT)})"
    moment = f"TRY_CAST({text} AS TIMESTAMP)"
    number = f"CASE WHEN regexp_full_match({text}, '[0-9]{{9,14}}') THEN {_from_epoch(f'CAST({text} AS BIGINT)')} END"
    local = f"(contains({text}, '-') AND NOT ends_with({text}, 'Z') AND NOT ends_with({text}, '+00:00'))"
    return Moments(f"CASE WHEN {shaped} THEN {moment} ELSE {number} END", local, any_local=True)


def _from_epoch(number: str) -> str:
    """Return SQL of the time a number of seconds or milliseconds stands for, NULL where it may stand for another."""
    return (
        f"CASE WHEN {number} BETWEEN 100000000 AND 99999999999 THEN make_timestamp({number} * 1000000) "
        f"WHEN {number} BETWEEN 100000000001 AND 9999999999999 THEN make_timestamp({number} * 1000) END"
    )


def _time(given: Value, rules: SureRules, offset: str | None) -> SureColumn:
    _needs(given.kind in ("TIMESTAMP", "TIMESTAMPTZ", "VARCHAR") or given.kind in WHOLE)
    value = (
        "g_moment" if offset is None else f"CASE WHEN g_local THEN g_moment - to_seconds({offset}) ELSE g_moment END"
    )
    latest = text_literal(rules.latest.replace(tzinfo=None).isoformat(" "))
    return SureColumn("ts", value, f"coalesce({value} BETWEEN TIMESTAMP '1970-01-01' AND TIMESTAMP {latest}, false)")


def store_value(given: Value | None, rules: SureRules) -> str:
    """Return SQL of the store an event belongs to."""
    default = "NULL" if rules.store is None else text_literal(rules.store)
    return default if given is None else f"coalesce(nullif({given.sql}, ''), {default})"


def usable_stores(rules: SureRules) -> list[str]:
    """Return the stores whose events may be sure."""
    return [name for name in rules.zones if rules.store in (None, name)]


def needs_offsets(given: Mapping[str, Value], rules: SureRules) -> bool:
    """Return whether times without an offset may belong to a store that is not in UTC."""
    return moments(given["ts"]).any_local and any(rules.zones[name] is not UTC for name in usable_stores(rules))


def _store(given: Value | None, rules: SureRules) -> SureColumn:
    """Return the store: one of those whose shoppers are measured."""
    _needs(given is None or given.kind == "VARCHAR")
    usable = usable_stores(rules)
    _needs(bool(usable) and all(msgspec.json.encode(name) == f'"{name}"'.encode() for name in usable))
    value = store_value(given, rules)
    listed = ", ".join(text_literal(name) for name in usable)
    return SureColumn("store", value, f"coalesce({value} IN ({listed}), false)")


def _column(column: Column, hint: object, given: Value, rules: SureRules) -> SureColumn:
    found = _plain(hint)
    if isinstance(found, msgspec.inspect.LiteralType):
        _needs(given.kind == "VARCHAR")
        listed = ", ".join(text_literal(str(value)) for value in found.values)
        return SureColumn(column.name, given.sql, f"coalesce({given.sql} IN ({listed}), false)")
    if isinstance(found, msgspec.inspect.StrType):
        return _text(column, found, given)
    if isinstance(found, msgspec.inspect.IntType | msgspec.inspect.FloatType):
        return _number(column, found, given, rules)
    raise UnfitFile(column.name)


def _number(
    column: Column, found: msgspec.inspect.IntType | msgspec.inspect.FloatType, given: Value, rules: SureRules
) -> SureColumn:
    whole = isinstance(found, msgspec.inspect.IntType)
    stored = "BIGINT" if whole else "DOUBLE"
    least, most = rules.bounds.get(column.name, (-inf, inf))
    low = max(value for value in (found.ge, least) if value is not None)
    high = min(value for value in (found.le, most) if value is not None)
    _needs(isfinite(low) and isfinite(high))
    if given.kind == "VARCHAR":
        sign = "-?" if low < 0 else ""
        pattern = f"{sign}[0-9]{{1,9}}" + ("" if whole else r"(\.[0-9]{1,17})?")
        text = f"nullif({given.sql}, '')"
        value = f"TRY_CAST({text} AS {stored})"
        fits = f"regexp_full_match({text}, {text_literal(pattern)}) AND {value} BETWEEN {low!r} AND {high!r}"
        no_minus_zero = f" AND ({value} <> 0 OR NOT starts_with({text}, '-'))" if sign else ""
        return SureColumn(column.name, value, f"coalesce({fits}{no_minus_zero}, true)")
    _needs(given.kind in WHOLE or (given.kind == "DOUBLE" and not whole))
    sure = f"coalesce({given.sql} BETWEEN {low!r} AND {high!r}, true)"
    value = f"CASE WHEN {sure} THEN CAST({given.sql} AS {stored}) END"
    return SureColumn(column.name, value, sure)


def _text(column: Column, found: msgspec.inspect.StrType, given: Value) -> SureColumn:
    if found.pattern is not None:
        _needs(given.kind == "VARCHAR" and column.name == "currency")
        sure = f"coalesce({given.sql} = '' OR regexp_full_match({given.sql}, '[A-Z]{{3}}'), true)"
        return SureColumn(column.name, f"nullif({given.sql}, '')", sure)
    if given.kind == "DOUBLE":
        whole = f"coalesce(abs({given.sql}) < 1e15 AND {given.sql} = trunc({given.sql}), true)"
        value = f"CASE WHEN {whole} THEN CAST(CAST({given.sql} AS BIGINT) AS VARCHAR) END"
        return SureColumn(column.name, value, whole)
    _needs(given.kind in WHOLE or given.kind == "VARCHAR")
    value = f"nullif({given.sql}, '')" if given.kind == "VARCHAR" else f"CAST({given.sql} AS VARCHAR)"
    required = column.required
    asked = [f"length({value}) <= {found.max_length}"]
    if given.kind == "VARCHAR" and found.min_length == 1:
        asked.append(f"{value} NOT IN ({', '.join(text_literal(word) for word in sorted(MISSING_WORDS))})")
    sure = f"coalesce({' AND '.join(asked)}, {'false' if required else 'true'})"
    return SureColumn(column.name, value, sure, text=given.kind == "VARCHAR")


def quoted_given(name: str) -> str:
    """Return the name under which a given value stands."""
    return name_literal(f"g_{name}")


def _plain(hint: object) -> msgspec.inspect.Type:
    """Return the one type a value may have, with its bounds."""
    kinds = [msgspec.inspect.type_info(hint)]
    while kinds:
        kind = kinds.pop()
        if isinstance(kind, msgspec.inspect.UnionType):
            kinds.extend(kind.types)
        elif isinstance(kind, msgspec.inspect.Metadata):
            kinds.append(kind.type)
        elif not isinstance(kind, msgspec.inspect.NoneType):
            return kind
    raise UnfitFile(str(hint))


def _needs(fits: bool) -> None:
    if not fits:
        raise UnfitFile
