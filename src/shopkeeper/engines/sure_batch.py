"""One batch of the fast lane: what it holds, and its way into the lake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Final

import duckdb
import numpy as np

from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.duckdb_session import text_literal
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.lake_columns import always_written, lake_columns, transform_log_sql
from shopkeeper.engines.lake_rows import FreshRows
from shopkeeper.engines.sure_event_lane import EventLane
from shopkeeper.intake.ports import SourceRow
from shopkeeper.intake.sure_events import SureRow, SureTally

_HASHED_AT_ONCE: Final = 100_000


@dataclass(frozen=True, slots=True)
class BatchTable:
    """The judged rows of a batch in the lane's database, until the next but one takes their place.

    Attributes:
        judging: The cursor that made the table, and makes the next one while this batch is kept.
        keeping: The cursors for the batch's way into the lake.
    """

    name: str
    judging: duckdb.DuckDBPyConnection
    keeping: tuple[duckdb.DuckDBPyConnection, ...]


class EventBatch:
    """A batch of the fast lane, counted when it is made.

    Implements `intake.sure_events.SureBatch`.
    """

    def __init__(
        self, table: BatchTable, lake: Lake, lane: EventLane, count: int,
        doubtful: Sequence[SourceRow], keyed: Mapping[int, Sequence[SureRow]],
    ) -> None:  # fmt: skip
        self.count = count
        self.doubtful = doubtful
        self.keyed = keyed
        self._connection, *beside = table.keeping
        self._beside = tuple(beside)
        self._table = table.name
        self._lake = lake
        self._lane = lane
        self._made = {name: f"v_{name}" for name in lane.columns if name != "event_id" or not lane.derives_id}
        self.events, self.tally = self._count(table.judging)
        self.products: Sequence[tuple[str, str, int]] = self._products(table.judging)

    def _column(self, name: str, otherwise: str = "NULL") -> str:
        return self._made.get(name, otherwise)

    def _count(self, connection: duckdb.DuckDBPyConnection) -> tuple[int, SureTally]:
        kind, user = "v_type", self._column("user")
        price, quantity = self._column("price", "NULL::DOUBLE"), self._column("quantity", "NULL::DOUBLE")
        money = f"coalesce({price}, 0) * coalesce({quantity}, 1)"
        bought = f"{kind} = 'purchase'"
        events, first, last, nobody, guests, free, unpriced, paid, returned = connection.execute(
            f"SELECT count(*), min(v_ts), max(v_ts), count(*) - count({user}), "  # noqa: S608 - names of ours
            f"count(*) FILTER ({bought} AND {user} IS NULL), count(*) FILTER ({bought} AND {price} = 0), "
            f"count(*) FILTER ({bought} AND {price} IS NULL), coalesce(sum({money}) FILTER ({bought}), 0), "
            f"coalesce(sum({money}) FILTER ({kind} = 'refund'), 0) FROM {self._table} WHERE sure AND wanted"
        ).fetchall()[0]
        types = self._grouped(connection, kind, "true")
        named = f"coalesce(json_extract_string({self._column('properties', 'NULL::VARCHAR')}, '$.name'), 'custom')"
        names = self._grouped(connection, named, f"{kind} = 'custom'") if types.get("custom") else {}
        return events, SureTally(
            _utc(first), _utc(last), types, names, nobody, guests, free, unpriced, float(paid), float(returned)
        )

    def _grouped(self, connection: duckdb.DuckDBPyConnection, what: str, where: str) -> dict[str, int]:
        return dict(
            connection.execute(
                f"SELECT {what} AS what, count(*) FROM {self._table} WHERE sure AND wanted AND {where} "  # noqa: S608
                "GROUP BY what ORDER BY min(row_number)"
            ).fetchall()
        )

    def _products(self, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int]]:
        product = self._column("product")
        return connection.execute(
            f"SELECT v_store, {product} AS product, count(*) FROM {self._table} "  # noqa: S608
            "WHERE sure AND wanted AND product IS NOT NULL GROUP BY ALL"
        ).fetchall()

    def keep(self, judged: Sequence[tuple[int, bytes]]) -> None:
        """Bring the sure events into the lake, with doubtful ones that were taken, durably and each once."""
        if not self.events and not judged:
            return
        try:
            if self._lane.derives_id and self.events:
                self._name_events()
            columns = self._read_judged(judged)
            relation = " UNION ALL ".join(self._selects(columns, bool(judged)))
            self._lake.add(EVENTS, FreshRows(self._connection, f"({relation})", columns, self._beside))
        finally:
            for name in ("judged", "named"):
                self._connection.execute(f"DROP TABLE IF EXISTS {name}")

    def _name_events(self) -> None:
        """Make the table `named`: the identity of each sure event."""
        run = self._connection.execute
        run("CREATE TABLE named (row_number BIGINT, event_id VARCHAR)")
        first, last = run(f"SELECT min(row_number), max(row_number) FROM {self._table}").fetchall()[0]  # noqa: S608 - a name of ours
        for start in range(first, last + 1, _HASHED_AT_ONCE):
            found = run(
                f"SELECT row_number, v_identity FROM {self._table} WHERE sure AND wanted "  # noqa: S608 - numbers of ours
                f"AND row_number BETWEEN {start} AND {start + _HASHED_AT_ONCE - 1}"
            ).fetchnumpy()
            texts = np.asarray(found["v_identity"], dtype=object).tolist()
            if not texts:
                continue
            hashed = np.empty(len(texts), dtype=object)
            hashed[:] = [blake2b(text.encode(), digest_size=16).hexdigest() for text in texts]
            self._connection.register("hashed", {"row_number": np.asarray(found["row_number"]), "event_id": hashed})
            run("INSERT INTO named FROM hashed")
            self._connection.unregister("hashed")

    def _read_judged(self, judged: Sequence[tuple[int, bytes]]) -> tuple[str, ...]:
        """Make the table `judged` of events that were looked at, and return the columns the batch has."""
        filled = {*self._lane.columns, "event_id", "received_at"} | always_written(EVENTS)
        if judged:
            texts = np.empty(len(judged), dtype=object)
            texts[:] = [row.decode() for _, row in judged]
            numbers = np.array([number - 1 for number, _ in judged], dtype=np.int64)
            self._connection.register("decoded", {"place": numbers, "json": texts})
            self._connection.execute(f"CREATE TABLE judged AS {transform_log_sql(EVENTS, 'decoded')}")
            self._connection.unregister("decoded")
            counts = self._connection.execute("SELECT COUNT(COLUMNS(*)) FROM judged").fetchall()[0]
            names = ["place", *(column.name for column in lake_columns(EVENTS))]
            filled |= {name for name, count in zip(names, counts, strict=True) if count and name != "place"}
        return tuple(column.name for column in lake_columns(EVENTS) if column.name in filled)

    def _selects(self, columns: tuple[str, ...], judged: bool) -> list[str]:
        """Return SQL of the sure events, and of those that were looked at."""
        received = f"TIMESTAMP {text_literal(self._lane.received_at.replace(tzinfo=None).isoformat(' '))}"
        derived = self._lane.derives_id
        listed = ["b.row_number AS place"]
        for column in lake_columns(EVENTS):
            if column.name not in columns:
                continue
            if column.name == "received_at":
                listed.append(f"{received} AS received_at")
            elif column.name == "event_id" and derived:
                listed.append("n.event_id")
            elif column.name in self._made:
                listed.append(f"{self._made[column.name]} AS {column.quoted}")
            else:
                listed.append(column.absent)
        named = " JOIN named n ON n.row_number = b.row_number" if derived else ""
        selects = []
        if self.events:
            selects.append(f"SELECT {', '.join(listed)} FROM {self._table} b{named} WHERE sure AND wanted")  # noqa: S608
        if judged:
            own = ", ".join(column.quoted for column in lake_columns(EVENTS) if column.name in columns)
            selects.append(f"SELECT place, {own} FROM judged")  # noqa: S608
        return selects


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
