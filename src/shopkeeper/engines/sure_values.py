"""Values of a file in SQL: as the validator is given them, and as JSON where that is surely the JSON it would write."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from shopkeeper.engines.duckdb_session import text_literal
from shopkeeper.engines.readers_expressions import plain

WHOLE: Final = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"})
SEPARATOR: Final = "chr(31)"
_UNCLEAN: Final = r"[^\x{1f} !#-\[\]-~\p{L}\p{N}\p{M}]|\x{1f} | \x{1f}"
"""Over all texts of a row, each between separators: anything JSON escapes, odd characters, blanks around a text."""
_CONTROL: Final = r"[\x{00}-\x{1e}]"


class UnfitFile(Exception):
    """The columns of a file do not suit the lane."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the file.

    Attributes:
        sql: SQL of it.
        kind: VARCHAR, DOUBLE, BOOLEAN, TIMESTAMP, TIMESTAMPTZ, or one of `WHOLE`.
    """

    sql: str
    kind: str

    @property
    def present(self) -> str:
        """SQL that is true where the file says anything."""
        return f"coalesce({self.sql} <> '', false)" if self.kind == "VARCHAR" else f"{self.sql} IS NOT NULL"

    @property
    def as_json(self) -> str:
        """SQL of its JSON; right where `json_sure` is true."""
        if self.kind == "VARCHAR":
            return f"CAST(to_json({self.sql}) AS VARCHAR)"
        if self.kind == "TIMESTAMP":
            whole = f"replace(CAST({self.sql} AS VARCHAR), ' ', 'T')"
            parts = f"strftime({self.sql}, '%Y-%m-%dT%H:%M:%S.%f')"
            return f"'\"' || CASE WHEN epoch_us({self.sql}) % 1000000 = 0 THEN {whole} ELSE {parts} END || '\"'"
        if self.kind == "TIMESTAMPTZ":
            return f"'\"' || {plain(self.sql, 'TIMESTAMP WITH TIME ZONE')} || '\"'"
        return f"CAST({self.sql} AS VARCHAR)"

    @property
    def json_sure(self) -> str | None:
        """SQL that is true where `as_json` is what the validator's side writes; None = always but for odd texts."""
        if self.kind == "DOUBLE":
            return f"coalesce({self.sql} = 0 OR abs({self.sql}) BETWEEN 1e-4 AND 1e15, true)"
        if self.kind in ("TIMESTAMP", "TIMESTAMPTZ"):
            return f"coalesce({self.sql} BETWEEN '1000-01-01' AND '9999-12-31', true)"
        return None


def value_of(sql: str, type_name: str) -> Value:
    """Return a value of a DuckDB type as the validator would be given it.

    Raises:
        UnfitFile: the type is an unusual one.
    """
    if type_name == "VARCHAR" or type_name in WHOLE or type_name == "BOOLEAN":
        return Value(sql, type_name)
    if type_name == "TIMESTAMP WITH TIME ZONE":
        return Value(sql, "TIMESTAMPTZ")
    if type_name in ("DOUBLE", "FLOAT") or type_name.startswith("DECIMAL"):
        return Value(f"CAST({plain(sql, type_name)} AS DOUBLE)", "DOUBLE")
    if type_name in ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"):
        return Value(plain(sql, type_name), "TIMESTAMP")
    if type_name in ("UUID",) or type_name.startswith("ENUM"):
        return Value(f"CAST({sql} AS VARCHAR)", "VARCHAR")
    raise UnfitFile(type_name)


def object_json(entries: Mapping[str, Value], filled_only: Collection[str]) -> str:
    """Return SQL of a JSON object of the values there are, in order.

    Args:
        filled_only: Entries that an empty text leaves out as well.
    """
    pieces = []
    for name, value in entries.items():
        label = text_literal("," + msgspec.json.encode(name).decode() + ":")
        there = value.present if name in filled_only else f"{value.sql} IS NOT NULL"
        pieces.append(f"CASE WHEN {there} THEN {label} || {value.as_json} ELSE '' END")
    return f"'{{' || substr({' || '.join(pieces)}, 2) || '}}'"


def joined(texts: list[str]) -> str:
    """Return SQL of the texts of a row in one, as `clean` is given them."""
    return f"concat_ws('_', {', '.join(texts)})" if texts else "''"


def clean(texts: list[str], joined: str) -> str:
    """Return the condition that no text holds what JSON escapes, odd characters, or blanks around it.

    Most texts are plain ASCII without blanks, which is told four times faster than by the pattern.

    Args:
        joined: SQL of the column that `joined` made of the texts.
    """
    if not texts:
        return "true"
    plain = f"strlen(CAST(to_json({joined}) AS VARCHAR)) = length({joined}) + 2"
    plain += f" AND NOT contains({joined}, ' ') AND NOT contains({joined}, chr(127))"
    separated = [f"NOT contains(coalesce({text}, ''), {SEPARATOR})" for text in texts]
    matched = f"regexp_matches(concat_ws({SEPARATOR}, '', {', '.join(texts)}, ''), {text_literal(_UNCLEAN)})"
    return f"CASE WHEN {plain} THEN true ELSE NOT {matched} AND {' AND '.join(separated)} END"


def without_control(texts: list[str]) -> str:
    """Return the condition that no text holds a control character, which writers of JSON escape each in their way."""
    return f"NOT regexp_matches(concat_ws('_', {', '.join(texts)}), {text_literal(_CONTROL)})" if texts else "true"
