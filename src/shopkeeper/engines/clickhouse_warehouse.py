"""Analytical reads on ClickHouse: the same named queries as on the lake, with the same answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from clickhouse_connect.driver.client import Client

from shopkeeper.engines.clickhouse_client import MEANING, answering
from shopkeeper.engines.state_schema import to_micros
from shopkeeper.errors import InputError, Unavailable
from shopkeeper.experiments.relations import Relation
from shopkeeper.quality.ports import NamedQuery

_TOKEN: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|\$(?P<name>[A-Za-z_]\w*)")
"""What a `$name` may stand in without being a parameter, and the parameter itself."""
_WRAPPED: Final = re.compile(r"^(?:LowCardinality|Nullable)\((.*)\)$")
_INTEGERS: Final = re.compile(r"^Variant\((U?Int\d+(, )?)+\)$")
"""What a union of counts and signed numbers gives, which no one type of ClickHouse holds."""
_AS_NUMBERS: Final = {"DateTime64*": "int", "DateTime": "int", "Date32": "int", "Date": "int"}


class ClickHouseWarehouse:
    """Implements `experiments.ports.KeepingWarehouse` on the views of `clickhouse_schema`.

    A row is never seen twice. A load that is under way is seen part by part: ClickHouse has no transaction over tables.
    """

    def __init__(self, client: Client, session: str | None = None) -> None:
        self._client = client
        self._settings = MEANING if session is None else {**MEANING, "session_id": session}

    def close(self) -> None:
        """Nothing to let go of: the client belongs to whoever opened it."""

    @contextmanager
    def keeping(self, relations: Sequence[Relation]) -> Iterator[ClickHouseWarehouse]:
        """Give a warehouse with some relations as temporary tables on the server's disk, in a session of its own.

        Raises:
            Unavailable: the server does not answer.
        """
        kept = ClickHouseWarehouse(self._client, token_hex(16))
        try:
            for one in relations:
                text, bound = translate(NamedQuery(one.name, one.text), one.parameters)
                kept._command(f"CREATE TEMPORARY TABLE {one.name} ENGINE = MergeTree ORDER BY tuple() AS {text}", bound)
            yield kept
        finally:
            with suppress(Unavailable):  # the server drops them with the session
                for one in relations:
                    kept._command(f"DROP TEMPORARY TABLE IF EXISTS {one.name}")

    def _command(self, text: str, bound: Mapping[str, object] | None = None) -> None:
        with answering(str(self._client.database)):
            self._client.command(text, parameters=dict(bound or {}), settings=self._settings)

    def fetch(self, query: NamedQuery, **parameters: object) -> dict[str, npt.NDArray[np.generic]]:
        """Run one named query and return its columns, in the order of the query.

        Raises:
            InputError: a parameter the query names is not given, or is of a kind SQL has no name for.
            Unavailable: the server does not answer.
        """
        text, bound = translate(query, parameters)
        with answering(str(self._client.database)):
            result = self._client.query(
                text,
                parameters=bound,
                settings=self._settings,
                query_formats=_AS_NUMBERS,
                column_oriented=True,
            )
            if result.column_names:
                types = [str(kind.name) for kind in result.column_types]
                columns: Sequence[Sequence[Any]] = result.result_columns
                return {
                    name: _column(values, kind)
                    for name, values, kind in zip(result.column_names, columns, types, strict=True)
                }
            # Without rows the server sends no columns either.
            described = self._client.query(f"DESCRIBE ({text}\n)", parameters=bound, settings=self._settings)
        return {str(row[0]): _column((), str(row[1])) for row in described.result_rows}


def translate(query: NamedQuery, parameters: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """Return a named query with `$name` written as ClickHouse's `{name:Type}`, and the values to send.

    Raises:
        InputError: a parameter is missing or of a kind without a name in SQL.
    """
    bound: dict[str, object] = {}

    def written(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return match[0]
        if name not in parameters:
            raise InputError(f"Query {query.name!r} needs the parameter {name!r}.", "Give it by name.")
        text, bound[name] = _parameter(name, parameters[name])
        return text

    return _TOKEN.sub(written, query.text), bound


def _parameter(name: str, value: object) -> tuple[str, object]:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        return f"fromUnixTimestamp64Micro({{{name}:Int64}}, 'UTC')", to_micros(moment)
    if value is None:
        return f"{{{name}:Nullable(String)}}", None
    for python, kind in ((bool, "Bool"), (int, "Int64"), (float, "Float64"), (str, "String")):
        if isinstance(value, python):
            return f"{{{name}:{kind}}}", value
    raise InputError(f"Parameter {name!r} is a {type(value).__name__}.", "Use text, a number, a flag or a time.")


def _column(values: Sequence[Any], kind: str) -> npt.NDArray[np.generic]:
    """Return a column as the port's laws say, by the type ClickHouse gave it."""
    while (inner := _WRAPPED.match(kind)) is not None:
        kind = inner[1]
    if _INTEGERS.match(kind):
        kind = "Int64"
    if kind.startswith("Date"):
        return _times(values, kind)
    complete = None not in values if kind.startswith(("Int", "UInt", "Bool")) else False
    if kind.startswith(("Int", "UInt")) and complete:
        return np.asarray(values, dtype=np.int64)
    if kind.startswith(("Int", "UInt", "Float", "Decimal", "BFloat", "Nothing")):
        return np.asarray(values, dtype=np.float64)
    if kind == "Bool" and complete:
        return np.asarray(values, dtype=np.bool_)
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects


def _times(values: Sequence[Any], kind: str) -> npt.NDArray[np.generic]:
    """Return times given as whole ticks since 1970, whose length the type tells."""
    if kind.startswith("DateTime64"):
        places = int(re.findall(r"\d+", kind)[1])
        unit, scale = "us", 10 ** (6 - places) if places <= 6 else 0
    else:
        unit, scale = ("D", 1) if kind.startswith("Date") and not kind.startswith("DateTime") else ("s", 1)
    absent = np.iinfo(np.int64).min
    ticks = np.asarray([absent if value is None else value for value in values] if None in values else values, np.int64)
    if not scale:
        ticks = np.where(ticks == absent, absent, ticks // 1_000)
    elif scale != 1:
        ticks = np.where(ticks == absent, absent, ticks * scale)
    return ticks.view(f"datetime64[{unit}]").astype("datetime64[us]")
