"""Mapping files: which columns of a foreign file become which columns of the data contract."""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shopkeeper.commerce.tables import STORES, TableSchema, table_named
from shopkeeper.errors import ConfigError, FieldProblem, MappingError, UnknownTable
from shopkeeper.intake.detection import NOTHING_SAID, Said, parse_said
from shopkeeper.intake.validation import SOURCE_TIME_COLUMNS
from shopkeeper.objectives.yaml_lines import read_document

VERSION = 1
KEEP_ALL = "all"
KEEP_NONE = "none"
_TOP = ("version", "store", "tables", "encoding", "separator", "decimal", "dates")
_ENTRY = ("table", "from", "fields", "where", "keep", "source_ts")
_STRING = re.compile(r"'(?:[^']|'')*'")
_NAME = re.compile(r'"((?:[^"]|"")+)"|([A-Za-z_]\w*)')
_GUIDE = "docs/guides/import.md shows a whole mapping."


@dataclass(frozen=True, slots=True)
class TableMapping:
    """How one table is filled from one kind of file.

    Attributes:
        files: Name or glob of the files, relative to the imported folder.
        fields: Column of the table -> SQL expression over the columns of the file. `properties.NAME` or
            `attributes.NAME` fills one entry of that object.
        where: SQL condition a row must meet; None = every row.
        keep: Columns of the file kept in `properties` or `attributes`: `all` that no field names, `none`, or a list.
        source_ts: SQL expression for the time the source wrote the row, where the table has none of its own.
    """

    table: TableSchema
    files: str
    fields: MappingType[str, str]
    where: str | None = None
    keep: str | tuple[str, ...] = KEEP_ALL
    source_ts: str | None = None

    def kept(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Return which of a file's columns are kept besides the fields.

        Raises:
            MappingError: `keep` names a column the file does not have.
        """
        if self.keep == KEEP_NONE or self.table.attributes_column is None:
            return ()
        if self.keep == KEEP_ALL:
            named = set().union(*(names_in(text) for text in (*self.fields.values(), self.source_ts or "")))
            return tuple(name for name in columns if name.lower() not in named)
        missing = [name for name in self.keep if name not in columns]
        if missing:
            raise MappingError(
                f"`keep` of table {self.table.name} names {missing[0]!r}, which is no column of the file.",
                f"Its columns are: {', '.join(columns)}.",
            )
        return tuple(self.keep)


@dataclass(frozen=True, slots=True)
class SourceMapping:
    """A whole mapping file.

    Attributes:
        store: Columns of the store, used when the import creates it.
        said: How its files are written, where the mapping says it.
    """

    tables: tuple[TableMapping, ...]
    store: MappingType[str, Any]
    said: Said = NOTHING_SAID


def names_in(expression: str) -> set[str]:
    """Return the names a SQL expression uses, in lower case, text constants left out."""
    found = _NAME.findall(_STRING.sub(" ", expression))
    return {(quoted.replace('""', '"') or bare).lower() for quoted, bare in found}


def load_mapping(path: Path) -> SourceMapping:
    """Read a mapping file.

    Raises:
        MappingError: it cannot be read, or breaks the rules; names the key and what to do.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise MappingError(
            f"{path} cannot be read: {error.strerror}.", "Check the name given with --mapping."
        ) from error
    except UnicodeDecodeError as error:
        raise MappingError(f"{path.name} is not text in UTF-8: {error}.", "Save it as UTF-8.") from error
    try:
        document = read_document(text, path.name)
    except ConfigError as error:
        raise MappingError(error.reason, error.remedy) from error
    return parse_mapping(document, path.name)


def parse_mapping(document: object, name: str = "mapping") -> SourceMapping:
    """Return the mapping a YAML document holds.

    Raises:
        MappingError: it breaks the rules; names the key and what to do.
    """
    top = _object(document, name, "")
    _known(top, _TOP, name, "")
    if top.get("version") != VERSION:
        raise _wrong(name, "version", f"is {top.get('version')!r}", f"Write `version: {VERSION}`.")
    entries = top.get("tables")
    if not isinstance(entries, list) or not entries:
        raise _wrong(
            name, "tables", "is missing or empty", "List at least one table with `table`, `from` and `fields`."
        )
    store = _object(top.get("store") or {}, name, "store")
    _known(store, tuple(sorted(STORES.column_names - {"store", "simulated"})), name, "store")
    said, wrong = parse_said(top)
    if wrong is not None:
        remedy = (
            "`encoding` is a codec such as cp1252; `separator` one of , ; | tab; `decimal` comma or point; "
            "`dates` dmy or mdy."
        )
        raise _wrong(name, wrong, f"is {top[wrong]!r}", remedy)
    return SourceMapping(tuple(_table(entry, name, f"tables[{i}]") for i, entry in enumerate(entries)), store, said)


def _table(entry: object, name: str, place: str) -> TableMapping:
    given = _object(entry, name, place)
    _known(given, _ENTRY, name, place)
    try:
        table = table_named(_text(given, "table", name, place))
    except UnknownTable as error:
        raise _wrong(name, f"{place}.table", f"is {given['table']!r}", error.remedy) from error
    files = _text(given, "from", name, place)
    if files.startswith("/") or ".." in Path(files).parts:
        raise _wrong(name, f"{place}.from", f"is {files!r}", "Name files inside the imported folder.")
    fields = _object(given.get("fields"), name, f"{place}.fields")
    expressions = {column: _expression(text, name, f"{place}.fields.{column}") for column, text in fields.items()}
    _targets(table, expressions, name, place)
    optional = {key: _expression(given[key], name, f"{place}.{key}") for key in ("where", "source_ts") if key in given}
    return TableMapping(table, files, expressions, keep=_keep(given.get("keep", KEEP_ALL), name, place), **optional)


def _targets(table: TableSchema, fields: MappingType[str, str], name: str, place: str) -> None:
    """Check that every field is a column of the table, and that what a row must have is filled."""
    extras = {*SOURCE_TIME_COLUMNS, "deleted"} if table.name != "events" else set()
    inner = f"{table.attributes_column}." if table.attributes_column else None
    for column in fields:
        if column in table.column_names or column in extras or (inner and column.startswith(inner) and column != inner):
            continue
        remedy = f"Columns of {table.name}: {', '.join(sorted(table.column_names))}"
        remedy += f", or `{inner}NAME` for one of your own." if inner else "."
        raise _wrong(name, f"{place}.fields.{column}", f"is no column of {table.name}", remedy)
    if table.attributes_column in fields and any(inner and column.startswith(inner) for column in fields):
        whole = table.attributes_column
        raise _wrong(
            name, f"{place}.fields.{whole}", "is given whole and in parts", f"Give `{whole}` or `{whole}.NAME`."
        )
    given_elsewhere = {"store", "event_id"}
    for needed in table.columns:
        if needed.required and needed.name not in fields and needed.name not in given_elsewhere:
            remedy = f"Every row of {table.name} needs it; give an expression."
            raise _wrong(name, f"{place}.fields.{needed.name}", "is missing", remedy)


def _keep(value: object, name: str, place: str) -> str | tuple[str, ...]:
    if value in (KEEP_ALL, KEEP_NONE):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise _wrong(name, f"{place}.keep", f"is {value!r}", "Write `all`, `none`, or a list of column names.")


def _expression(value: object, name: str, place: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise _wrong(
        name, place, f"is {value!r}", "Give a SQL expression: a column name, 'text' in single quotes, a number."
    )


def _text(given: MappingType[str, Any], key: str, name: str, place: str) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not value:
        raise _wrong(name, f"{place}.{key}", "is missing" if value is None else f"is {value!r}", "Give a name.")
    return value


def _object(value: object, name: str, place: str) -> dict[str, Any]:
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return value
    shown = "is missing" if value is None else f"is {value!r}"
    raise _wrong(name, place or "the document", shown, "Give an object of `key: value`.")


def _known(given: MappingType[str, Any], known: tuple[str, ...], name: str, place: str) -> None:
    for key in given:
        if key not in known:
            where = f"{place}.{key}" if place else key
            raise _wrong(name, where, "is not a key", f"Known here: {', '.join(known)}.")


def _wrong(name: str, place: str, what: str, remedy: str) -> MappingError:
    return MappingError(f"{name}: `{place}` {what}.", f"{remedy} {_GUIDE}", (FieldProblem(place, what, remedy),))
