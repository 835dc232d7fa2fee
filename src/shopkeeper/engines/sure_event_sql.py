"""SQL that tells which rows of a Parquet file the validator surely takes as they stand, and writes them for the log.

Derived from the row type of the contract: its names, kinds, bounds and choices. Doubt is always allowed, error is not:
a column of an unusual type makes the whole file unfit for the lane, an unusual value makes its row doubtful.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf, isfinite
from typing import Final, get_type_hints

import msgspec

from shopkeeper.commerce.event import NEEDS_PRODUCT
from shopkeeper.commerce.tables import EVENTS, Column
from shopkeeper.engines.duckdb_session import name_literal, text_literal
from shopkeeper.intake.field_mending import MISSING_WORDS
from shopkeeper.intake.sure_events import SureRules

SEPARATOR: Final = "chr(31)"
_UNCLEAN: Final = r"[^\x{1f} !#-\[\]-~\p{L}\p{N}\p{M}]|\x{1f} | \x{1f}"
"""Over all texts of a row, each between separators: anything JSON escapes, odd characters, blanks around a text."""
_WHOLE: Final = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"})
_NUMBERS: Final = _WHOLE | {"DOUBLE", "FLOAT"}
_MUST_BE_EMPTY: Final = frozenset({"consent", "properties", "user_agent", "traffic_rule", "ip_hash"})
"""What is judged, mended or reduced one by one."""
_IGNORED: Final = frozenset({"received_at"})


@dataclass(frozen=True, slots=True)
class SureColumn:
    """One column in SQL.

    Attributes:
        value: The value as the contract holds it.
        sure: True where the value is surely taken as it stands; never NULL.
        json: The value as JSON.
        text: The value is free text, to be looked at for what JSON escapes.
    """

    name: str
    value: str
    sure: str
    json: str
    text: bool = False


class UnfitFile(Exception):
    """The columns of a file do not suit the lane."""


def sure_sql(types: Mapping[str, str], rules: SureRules) -> tuple[dict[str, SureColumn], str, str]:
    """Return the columns, the condition of a sure row, and its JSON; over the columns of the file.

    Raises:
        UnfitFile: a column is not the contract's, has an unusual type, or what every row needs is missing.
    """
    known = {column.name for column in EVENTS.columns}
    if not types.keys() <= known or not {"event_id", "ts", "type"} <= types.keys():
        raise UnfitFile
    columns = {column.name: column for column in _columns(types, rules)}
    conditions = [column.sure for column in columns.values() if column.sure != "true"]
    conditions += [f"{name_literal(name)} IS NULL" for name in types if name in _MUST_BE_EMPTY]
    if "traffic" in types:
        conditions.append("coalesce(traffic, 'human') = 'human'")
    conditions += _across(columns)
    conditions.append(_clean([column for column in columns.values() if column.text]))
    received = msgspec.json.encode(rules.received_at).decode()
    pieces = [_piece(column, place == 0) for place, column in enumerate(columns.values())]
    json = " || ".join(["'{'", *pieces, text_literal(f',"received_at":{received}}}')])
    return columns, " AND ".join(f"({condition})" for condition in conditions), json


def _columns(types: Mapping[str, str], rules: SureRules) -> Iterator[SureColumn]:
    hints = get_type_hints(EVENTS.row, include_extras=True)
    for column in EVENTS.columns:
        name = column.name
        if name in _MUST_BE_EMPTY | _IGNORED | {"traffic"}:
            continue
        if name == "store":
            yield _store(types.get(name), types["ts"], rules)
        elif name in types:
            yield _column(column, hints[name], types[name], rules)


def _column(column: Column, hint: object, kind: str, rules: SureRules) -> SureColumn:
    name = name_literal(column.name)
    found = _plain(hint)
    if column.kind == "time":
        return _time(column.name, kind, rules)
    if isinstance(found, msgspec.inspect.LiteralType):
        _needs(kind == "VARCHAR")
        listed = ", ".join(text_literal(str(value)) for value in found.values)
        return SureColumn(column.name, name, f"coalesce({name} IN ({listed}), false)", f"'\"' || {name} || '\"'")
    if isinstance(found, msgspec.inspect.StrType):
        return _text(column, found, kind)
    _needs(kind in (_WHOLE if column.kind == "integer" else _NUMBERS) or kind.startswith("DECIMAL"))
    if isinstance(found, msgspec.inspect.IntType):
        _needs(kind in _WHOLE)
        value = name
    elif isinstance(found, msgspec.inspect.FloatType):
        value = f"nullif(CAST({name} AS DOUBLE), 'nan'::DOUBLE)"
    else:
        raise UnfitFile
    least, most = rules.bounds.get(column.name, (-inf, inf))
    low, high = (
        max(value for value in (found.ge, least) if value is not None),
        min(value for value in (found.le, most) if value is not None),
    )
    sure = f"coalesce({value} BETWEEN {low!r} AND {high!r}, true)" if isfinite(low) and isfinite(high) else "false"
    return SureColumn(column.name, value, sure, f"CAST({value} AS VARCHAR)")


def _text(column: Column, found: msgspec.inspect.StrType, kind: str) -> SureColumn:
    name = name_literal(column.name)
    if found.pattern is not None:
        _needs(kind == "VARCHAR" and column.name == "currency")
        sure = f"coalesce({name} = '' OR regexp_full_match({name}, '[A-Z]{{3}}'), true)"
        value = f"nullif({name}, '')"
        return SureColumn(column.name, value, sure, f"'\"' || {value} || '\"'")
    _needs(kind in _WHOLE or kind == "VARCHAR")
    value = f"nullif(CAST({name} AS VARCHAR), '')"
    conditions = [f"length({value}) <= {found.max_length}", f"NOT contains({value}, {SEPARATOR})"]
    if found.min_length == 1:
        conditions.append(f"{value} NOT IN ({', '.join(text_literal(word) for word in sorted(MISSING_WORDS))})")
    sure = f"coalesce({' AND '.join(conditions)}, {'false' if column.required else 'true'})"
    return SureColumn(column.name, value, sure, f"'\"' || {value} || '\"'", text=kind == "VARCHAR")


def _time(name: str, kind: str, rules: SureRules) -> SureColumn:
    _needs(kind in ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE"))
    column = name_literal(name)
    value = column if kind == "TIMESTAMP" else f"({column} AT TIME ZONE 'UTC')"
    latest = text_literal(rules.latest.replace(tzinfo=None).isoformat(" "))
    sure = f"coalesce({value} BETWEEN TIMESTAMP '1970-01-01' AND TIMESTAMP {latest}, false)"
    micros = f"epoch_us({value}) % 1000000"
    part = f"CASE WHEN {micros} = 0 THEN '' ELSE '.' || lpad(CAST({micros} AS VARCHAR), 6, '0') END"
    whole = f"replace(CAST(date_trunc('second', {value}) AS VARCHAR), ' ', 'T')"
    json = f"'\"' || {whole} || {part} || 'Z\"'"
    return SureColumn(name, value, sure, json)


def _store(kind: str | None, time: str, rules: SureRules) -> SureColumn:
    """Return the store column: one of those whose shoppers are measured and, for times without offset, lie in UTC."""
    _needs(kind in (None, "VARCHAR"))
    usable = [name for name, utc in rules.stores.items() if utc or time != "TIMESTAMP"]
    usable = [name for name in usable if rules.store in (None, name)]
    _needs(bool(usable) and all(msgspec.json.encode(name) == f'"{name}"'.encode() for name in usable))
    default = "NULL" if rules.store is None else text_literal(rules.store)
    value = default if kind is None else f"coalesce(nullif(store, ''), {default})"
    listed = ", ".join(text_literal(name) for name in usable)
    return SureColumn("store", value, f"coalesce({value} IN ({listed}), false)", f"'\"' || {value} || '\"'")


def _across(columns: Mapping[str, SureColumn]) -> Iterator[str]:
    """Yield what must hold between columns."""
    listed = ", ".join(text_literal(kind) for kind in sorted(NEEDS_PRODUCT))
    product = f"{columns['product'].value} IS NOT NULL" if "product" in columns else "false"
    yield f"({product} OR {columns['type'].value} NOT IN ({listed}))"
    if "user" in columns:
        yield f"{columns['user'].value} IS NULL OR {columns['user'].value} NOT IN (SELECT said FROM users_who_said)"  # noqa: S608


def _clean(texts: list[SureColumn]) -> str:
    """Return the condition that no text of the row holds what JSON escapes, odd characters, or blanks around it."""
    joined = f" || {SEPARATOR} || ".join(f"coalesce({column.value}, '')" for column in texts)
    return f"NOT regexp_matches({SEPARATOR} || {joined} || {SEPARATOR}, {text_literal(_UNCLEAN)})" if texts else "true"


def _piece(column: SureColumn, first: bool) -> str:
    """Return SQL of `"name":value`; nothing where there is no value."""
    label = text_literal(f'{"" if first else ","}"{column.name}":')
    return f"{label} || {column.json}" if first else f"coalesce({label} || {column.json}, '')"


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
    raise UnfitFile


def _needs(fits: bool) -> None:
    if not fits:
        raise UnfitFile
