"""The events of one file in the fast lane: what is read, joined, written out and asked, in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

import duckdb
import msgspec
import numpy as np

from shopkeeper.engines.duckdb_session import text_literal
from shopkeeper.engines.readers_expressions import quoted
from shopkeeper.engines.sure_event_sql import (
    SureColumn,
    conditions,
    moments,
    needs_offsets,
    store_value,
    sure_columns,
)
from shopkeeper.engines.sure_values import (
    UnfitFile,
    Value,
    clean,
    joined,
    object_json,
    value_of,
    without_control,
)
from shopkeeper.intake.arrival import address_columns
from shopkeeper.intake.plain_json import MAX_BYTES, MAX_KEYS
from shopkeeper.intake.sure_events import FEW_VALUED, SureFilling, SureRules

_HOLD_OBJECTS: Final = ("attributes", "context", "properties")
"""Columns in which sources send objects, and addresses inside them; their rows are looked at."""
_MOST_SAID: Final = 20_000
"""Different few-valued combinations judged in a batch; rows with rarer ones are looked at."""
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock time of any store
_ALMOST_AN_HOUR: Final = timedelta(hours=1) - timedelta(microseconds=1)
_HOUR: Final = "CAST(floor(epoch_us(g_moment) / 3600000000) AS BIGINT)"


class EventLane:
    """How the events of one file are judged.

    Args:
        values: Alias -> SQL over the file and its DuckDB type.
        types: Column of the file -> DuckDB type.

    Attributes:
        read: SQL of what is worked out beside the values themselves.
        sure: SQL that is true where the validator surely takes the event as `outputs` has it.
        outputs: SQL of the columns `v_NAME` of the event, as the lake holds them.
        columns: The columns of the contract among them.
        derives_id: The identity has to be worked out from `v_identity`.

    Raises:
        UnfitFile: the columns do not suit the lane.
    """

    def __init__(
        self, filling: SureFilling, values: Mapping[str, tuple[str, str]], types: Mapping[str, str], rules: SureRules
    ) -> None:
        self._rules = rules
        self.received_at = rules.received_at
        self._given = {name: value_of(quoted(alias), values[alias][1]) for name, alias in filling.fields.items()}
        if address_columns((*types, *filling.inner)):
            raise UnfitFile("addresses have to be taken out")
        self._raw = {name: Value(f"r_{place}", kind) for place, (name, kind) in enumerate(types.items())}
        self._raw = {name: value_of(value.sql, value.kind) for name, value in self._raw.items()}
        self.wanted = "true" if filling.where is None else quoted(filling.where)
        self._said = {name: self._given[name] for name in FEW_VALUED if name in self._given}
        time = moments(self._given["ts"]) if "ts" in self._given else None
        if time is None:
            raise UnfitFile("ts")
        self.read = [f"{time.value} AS g_moment", f"{time.local} AS g_local", f"{self._said_key()} AS g_said"]
        self._offsets = needs_offsets(self._given, rules)
        columns = sure_columns(self._given, rules, "o.seconds" if self._offsets else None)
        properties = self._properties(filling, values)
        self.derives_id = "event_id" not in columns
        self.outputs, self.columns, fits = self._outputs(filling, columns, properties)
        texts = [column.value for column in columns.values() if column.text]
        texts += [value.sql for value in properties.values() if value.kind == "VARCHAR"]
        self.read.append(f"{joined(texts)} AS g_texts")
        asked = [*self._asked(columns, properties, texts), *fits]
        self.sure = " AND ".join(f"({condition})" for condition in asked)

    def _asked(self, columns: Mapping[str, SureColumn], properties: Mapping[str, Value], texts: list[str]) -> list[str]:
        asked = list(conditions(columns, self._given))
        if self._said:
            asked.append("s.sure")
        asked += [f"NOT ({self._raw[name].present})" for name in _HOLD_OBJECTS if name in self._raw]
        if "properties" in self._given:
            asked.append(f"NOT ({self._given['properties'].present})")
        asked.append(clean(texts, "g_texts"))
        asked += [sure for value in properties.values() if (sure := value.json_sure) is not None]
        asked += [f"{value.sql} IS NULL" for value in properties.values() if value.kind.startswith("TIMESTAMP")]
        if self.derives_id:
            asked.append(without_control([value.sql for value in self._raw.values() if value.kind == "VARCHAR"]))
            asked += [sure for value in self._raw.values() if (sure := value.json_sure) is not None]
        return asked

    def _properties(self, filling: SureFilling, values: Mapping[str, tuple[str, str]]) -> dict[str, Value]:
        """Return what is kept inside `properties`, in the order the validator's side has it."""
        kept = {name: self._raw[name] for name in filling.kept}
        inner = {name: value_of(quoted(alias), values[alias][1]) for name, alias in filling.inner.items()}
        entries = {**kept, **inner}
        if len(entries) < len(kept) + len(inner) or len(entries) > MAX_KEYS:
            raise UnfitFile("properties")
        if "name" in entries and entries["name"].kind != "VARCHAR":
            raise UnfitFile("the name of custom events")
        return entries

    def _outputs(
        self, filling: SureFilling, columns: Mapping[str, SureColumn], properties: Mapping[str, Value]
    ) -> tuple[list[str], tuple[str, ...], list[str]]:
        fits: list[str] = []
        made = {name: column.value for name, column in columns.items()}
        if self._said:
            made |= {name: f"s.{name}" for name in ("consent", "user_agent", "traffic", "traffic_rule")}
        if properties:
            made["properties"] = object_json(properties, filling.kept)
            fits.append(f"coalesce(strlen({made['properties']}) < {MAX_BYTES // 2}, false)")
        outputs = [f"{sql} AS v_{name}" for name, sql in made.items()]
        if self.derives_id:
            outputs.append(f"{self._identity(filling)} AS v_identity")
            made["event_id"] = ""
        return outputs, tuple(made), fits

    def _identity(self, filling: SureFilling) -> str:
        """Return SQL of the text whose hash names the event; see `intake.identity`."""
        held = object_json(dict(sorted(self._raw.items())), self._raw)
        store = store_value(self._given.get("store"), self._rules)
        table = msgspec.json.encode(filling.identity).decode()
        return f"{text_literal(f'[{table},')} || '\"' || {store} || '\",' || {held} || ']'"

    def _said_key(self) -> str:
        listed = ", ".join(f"CAST({value.sql} AS VARCHAR)" for value in self._said.values())
        return f"CAST(to_json([{listed}]) AS VARCHAR)" if self._said else "NULL"

    def joins(self, connection: duckdb.DuckDBPyConnection, given: str) -> str:
        """Work out what is judged by Python once for many rows, and return SQL that joins it."""
        joined = ""
        if self._offsets:
            self._load_offsets(connection, given)
            store = store_value(self._given.get("store"), self._rules)
            joined += f" LEFT JOIN offsets o ON o.store = {store} AND o.hour = {_HOUR}"
        if self._said:
            self._load_said(connection, given)
            joined += " LEFT JOIN said s ON s.key = g_said"
        return joined

    def _load_offsets(self, connection: duckdb.DuckDBPyConnection, given: str) -> None:
        """Make the table `offsets`: seconds a store's clock is ahead of UTC in an hour of it, NULL if they change."""
        store = store_value(self._given.get("store"), self._rules)
        connection.execute("CREATE OR REPLACE TEMP TABLE offsets (store VARCHAR, hour BIGINT, seconds BIGINT)")
        hours = connection.execute(
            f"SELECT DISTINCT {store}, {_HOUR} FROM ({given}) WHERE g_local AND g_moment IS NOT NULL"  # noqa: S608
        ).fetchall()
        made = [
            (name, hour, _zone_seconds(self._rules.zones[name], hour))
            for name, hour in hours
            if name in self._rules.zones
        ]
        for start in range(0, len(made), 5_000):
            names, numbers, seconds = zip(*made[start : start + 5_000], strict=True)
            connection.execute(
                "INSERT INTO offsets SELECT unnest(?::VARCHAR[]), unnest(?::BIGINT[]), unnest(?::BIGINT[])",
                [list(names), list(numbers), list(seconds)],
            )

    def _load_said(self, connection: duckdb.DuckDBPyConnection, given: str) -> None:
        """Make the table `said`: what the judge makes of each combination of few-valued columns."""
        listed = ", ".join(value.sql for value in self._said.values())
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE said (key VARCHAR, sure BOOLEAN, consent VARCHAR, user_agent VARCHAR, "
            "traffic VARCHAR, traffic_rule VARCHAR)"
        )
        found = connection.execute(
            f"SELECT g_said, {listed}, count(*) AS n FROM ({given}) GROUP BY ALL ORDER BY n DESC LIMIT {_MOST_SAID}"  # noqa: S608
        ).fetchall()
        rows = []
        for key, *values, _ in found:
            judged = self._rules.said(dict(zip(self._said, values, strict=True)))
            if judged is not None:
                rows.append((key, True, judged.consent, judged.user_agent, judged.traffic, judged.traffic_rule))
        if rows:
            columns = {
                name: np.array([row[place] for row in rows], dtype=object)
                for place, name in enumerate(("key", "sure", "consent", "user_agent", "traffic", "traffic_rule"))
            }
            connection.register("said_rows", columns)
            connection.execute("INSERT INTO said FROM said_rows")
            connection.unregister("said_rows")


@lru_cache(maxsize=100_000)
def _zone_seconds(zone: tzinfo, hour: int) -> int | None:
    """Return how far a zone is ahead of UTC in an hour of its own since 1970; None where that changes within it."""
    try:
        start = (_EPOCH + timedelta(hours=hour)).replace(tzinfo=zone)
        first, last = start.utcoffset(), (start + _ALMOST_AN_HOUR).utcoffset()
    except OverflowError:
        return None
    return None if first is None or first != last or first.microseconds else int(first.total_seconds())
