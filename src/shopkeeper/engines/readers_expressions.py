"""Evaluates a mapping's SQL expressions over the columns of a source, in DuckDB, without touching anything else.

A row on which an expression fails keeps all its other values and is marked; it never stops the rows around it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import msgspec
import numpy as np

from shopkeeper.errors import FieldProblem, MappingError
from shopkeeper.intake.ports import WHOLE_ROW

_PLAIN = re.compile(r"""\s*([A-Za-z_]\w*|"(?:[^"]|"")+"|'(?:[^']|'')*'|[+-]?\d+(\.\d+)?)\s*""")
_TEXT_TYPES = ("UUID", "TIME", "INTERVAL", "BIT", "ENUM", "JSON", "BIGNUM", "VARINT")
_REMEDY = "Mend the expression in the mapping; TRY_CAST gives null where a cast is impossible."


def quoted(name: str) -> str:
    """Return a name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def closed_connection() -> duckdb.DuckDBPyConnection:
    """Return an in-memory DuckDB whose every use of TRY is evaluated on its own, with bounded memory."""
    connection = duckdb.connect(":memory:")
    # Sharing a subexpression between two TRYs moves it out of both, and its error with it (DuckDB 2.0).
    connection.execute("SET disabled_optimizers = 'common_subexpressions'")
    connection.execute("SET memory_limit = '300MB'")
    connection.execute("SET TimeZone = 'UTC'")  # what an expression says must not hang on the machine it runs on
    return connection


def lock(connection: duckdb.DuckDBPyConnection, paths: Sequence[str] = (), folders: Sequence[str] = ()) -> None:
    """Let the connection use the given files, and those below the given folders, and nothing else from now on."""
    for name, allowed in (("allowed_paths", paths), ("allowed_directories", folders)):
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in allowed)
        connection.execute(f"SET {name} = [{listed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


class Selection:
    """Expressions made ready for one source: the select list, and how to read a result row.

    Args:
        source: SQL that yields the source's columns, to be used after FROM.
        expressions: Name -> SQL expression.

    Raises:
        MappingError: an expression does not fit the columns; names it and the columns there are.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        source: str,
        columns: Sequence[str],
        expressions: Mapping[str, str],
    ) -> None:
        by_name = {column.lower(): column for column in columns}
        self._expressions = {
            name: quoted(by_name[text.lower()]) if text.lower() in by_name else text  # a column may be called `at`
            for name, text in expressions.items()
            if text != WHOLE_ROW
        }
        self.names = tuple(self._expressions)
        self._checked = tuple(name for name, text in self._expressions.items() if not _PLAIN.fullmatch(text))
        types = self._types(connection, source, columns)
        self.columns = {name: (self._value(name), types[name]) for name in self.names}
        """Name -> SQL of its value, NULL where the expression fails, and the DuckDB type of that."""
        flags = [
            f"CASE WHEN TRY(({text}\n) IS NULL) IS NULL THEN {1 << place} ELSE 0 END"
            for place, text in enumerate(self._expressions[name] for name in self._checked)
        ]
        values = [plain(self._value(name), types[name]) for name in self.names]
        self.failed = " + ".join(flags) or "0"
        self.sql = ", ".join([*values, self.failed])

    def _value(self, name: str) -> str:
        text = self._expressions[name]
        return f"TRY({text}\n)" if name in self._checked else f"({text}\n)"

    def _types(self, connection: duckdb.DuckDBPyConnection, source: str, columns: Sequence[str]) -> dict[str, str]:
        types: dict[str, str] = {}
        for name in self.names:
            try:
                described = connection.execute(f"DESCRIBE SELECT {self._value(name)} AS v FROM {source}").fetchall()  # noqa: S608 - the mapping's own SQL, on a connection that sees one file
            except duckdb.Error as error:
                reason = str(error).splitlines()[0]
                raise MappingError(
                    f"The expression `{self._expressions[name]}` does not fit the file: {reason}.",
                    f'Its columns are: {", ".join(columns)}. Quote names with spaces as "Unit Price"; text columns '
                    "need CAST(... AS DOUBLE) before arithmetic.",
                    (FieldProblem(name, reason, _REMEDY),),
                ) from error
            types[name] = str(described[0][1])
        return types

    def read(self, result: Sequence[Any]) -> tuple[dict[str, Any], tuple[FieldProblem, ...]]:
        """Return the values of one result row (values, then the mark of failures), and what failed."""
        values = dict(zip(self.names, result, strict=False))
        failed = result[len(self.names)]
        if not failed:
            return values, ()
        problems = tuple(
            FieldProblem(name, f"the expression `{self._expressions[name]}` fails on this row", _REMEDY)
            for place, name in enumerate(self._checked)
            if int(failed) & 1 << place
        )
        return values, problems


def plain(value: str, type_name: str) -> str:  # noqa: PLR0911 - one line a type
    """Return SQL that turns a value of a DuckDB type into one that Python and JSON know."""
    if type_name == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(({value}) AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    if type_name in ("DOUBLE", "FLOAT"):
        return f"nullif({value}, 'nan'::DOUBLE)"  # tools that know no null write NaN for it
    if "TIME ZONE" in type_name or type_name.startswith("MAP"):
        return f"CAST(to_json({value}) AS VARCHAR)"
    if type_name.endswith("]"):
        return value
    if type_name.startswith("DECIMAL"):
        return f"CAST({value} AS DOUBLE)"
    if type_name.startswith(_TEXT_TYPES):
        into = "TIMESTAMP" if type_name.startswith("TIMESTAMP") else "VARCHAR"
        return f"CAST({value} AS {into})"
    return f"CAST({value} AS TIMESTAMP)" if type_name == "DATE" else value


class BatchExpressions:
    """Expressions over batches of rows that Python has read.

    Args:
        columns: Column name -> DuckDB type its values are read as: VARCHAR, BIGINT, DOUBLE or BOOLEAN.
        expressions: Name -> SQL expression over these columns.

    Raises:
        MappingError: an expression does not fit the columns.
    """

    def __init__(self, columns: Mapping[str, str], expressions: Mapping[str, str]) -> None:
        self._columns = dict(columns)
        self._connection = closed_connection()
        self._connection.execute("SET pandas_analyze_sample = 0")  # every column comes as text
        lock(self._connection)
        typed = ", ".join(
            f"{quoted(name)}" if kind == "VARCHAR" else f"TRY_CAST({quoted(name)} AS {kind}) AS {quoted(name)}"
            for name, kind in self._columns.items()
        )
        self._source = f"(SELECT {typed} FROM batch)"  # noqa: S608 - column names are quoted
        self._connection.register("batch", self._arrays([]))
        self._selection = Selection(self._connection, self._source, tuple(self._columns), expressions)

    def evaluate(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[dict[str, Any], tuple[FieldProblem, ...]]]:
        """Return the values of each row, with the problems of those on which an expression fails."""
        if not rows:
            return []
        self._connection.register("batch", self._arrays(rows))
        results = self._connection.execute(f"SELECT {self._selection.sql} FROM {self._source}").fetchall()  # noqa: S608 - see above
        return [self._selection.read(result) for result in results]

    def _arrays(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray[Any, np.dtype[Any]]]:
        columns = {}
        for name in self._columns:
            column = np.empty(max(len(rows), 1), dtype=object)
            for place, row in enumerate(rows):
                column[place] = _as_text(row.get(name))
            columns[name] = column
        return columns

    def close(self) -> None:
        """Let go of the engine."""
        self._connection.close()


def _as_text(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return msgspec.json.encode(value).decode()
