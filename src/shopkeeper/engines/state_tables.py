"""Current state of the keyed tables in the state database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, cast

import msgspec
from sqlalchemy import Connection, Engine, Row, Select, Table, delete, func, literal, select
from sqlalchemy.dialects import sqlite

from shopkeeper.commerce.tables import TableSchema
from shopkeeper.engines.state_engine import stream
from shopkeeper.engines.state_schema import KEYED, from_micros, to_micros
from shopkeeper.intake.ports import SourcedRow, Upserted

_AT_ONCE: Final = 500
"""Products asked for in one statement."""


class StateTables:
    """Implements `intake.ports.TableStore` on SQLite and PostgreSQL by `INSERT ... ON CONFLICT`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def upsert(self, table: TableSchema, rows: Sequence[SourcedRow]) -> Upserted:
        """Write rows, each replacing an older one of the same key."""
        newest = _newest_per_key(table, rows)
        target = KEYED[table.name]
        insert = _insert(self._engine, target)
        statement = insert.on_conflict_do_update(
            index_elements=list(table.key),
            set_={name: insert.excluded[name] for name in ("source_micros", "deleted", "body")},
            where=insert.excluded["source_micros"] >= target.c.source_micros,
        )
        written = self._write(statement, newest)
        return Upserted(written=written, stale=len(rows) - written)

    def insert_absent(self, table: TableSchema, rows: Sequence[SourcedRow]) -> int:
        """Write only rows whose key is not there yet, and return how many that were."""
        insert = _insert(self._engine, KEYED[table.name])
        statement = insert.on_conflict_do_nothing(index_elements=list(table.key))
        return self._write(statement, _newest_per_key(table, rows))

    def scan(self, table: TableSchema, store: str | None = None, *, with_deleted: bool = False) -> Iterator[SourcedRow]:
        """Yield every row that is not deleted (or all), of one store (rows for all stores included) or of all."""
        target = KEYED[table.name]
        columns = select(target.c.source_micros, target.c.deleted, target.c.body)
        found = stream(self._engine, _of_store(columns, target, store, with_deleted))
        decode = msgspec.json.Decoder(table.row).decode
        last, moment = 0, from_micros(0)  # rows that came together have one source time, and then one object for it
        for part in cast("Iterator[Sequence[tuple[int, bool, str]]]", found):
            for micros, deleted, body in part:
                if micros != last:
                    last, moment = micros, from_micros(micros)
                yield SourcedRow(decode(body), moment, deleted)

    def get(self, table: TableSchema, key: tuple[str, ...]) -> SourcedRow | None:
        """Return one row by the values of the table's key columns; None when absent or deleted."""
        target = KEYED[table.name]
        query = select(target).where(~target.c.deleted)
        for column, value in zip(table.key, key, strict=True):
            query = query.where(target.c[column] == value)
        row = self._reader_one(query)
        return _sourced(table, row) if row is not None else None

    def about(self, table: TableSchema, store: str, products: Collection[str]) -> Sequence[SourcedRow]:
        """Return every row of exactly one store that is about some products, deleted ones too."""
        target = KEYED[table.name]
        found: list[SourcedRow] = []
        with self._engine.connect() as connection:
            reading = connection.execution_options(isolation_level="AUTOCOMMIT")
            names = sorted(products)
            for first in range(0, len(names), _AT_ONCE):
                some = names[first : first + _AT_ONCE]
                query = select(target).where(target.c.store == store, target.c.product.in_(some))
                found += (_sourced(table, row) for row in reading.execute(query))
        return found

    def count(self, table: TableSchema, store: str | None = None) -> int:
        """Return how many rows `scan` would yield."""
        target = KEYED[table.name]
        row = self._reader_one(_of_store(select(func.count()).select_from(target), target, store))
        return int(row[0]) if row is not None else 0

    def forget(self, table: TableSchema, column: str, value: str) -> int:
        """Remove every row whose key column has this value, leaving no trace of the deletion; return how many."""
        target = KEYED[table.name]
        with self._engine.begin() as connection:
            return connection.execute(delete(target).where(target.c[column] == value)).rowcount

    def _reader_one(self, query: Select[Any]) -> Row[Any] | None:
        with self._engine.connect() as connection:
            return connection.execution_options(isolation_level="AUTOCOMMIT").execute(query).first()

    def _write(self, statement: Any, rows: list[dict[str, Any]]) -> int:  # noqa: ANN401 - one of two dialect classes
        if not rows:
            return 0
        with self._engine.begin() as connection:
            return _changed(connection, statement, rows)


def _changed(connection: Connection, statement: Any, rows: list[dict[str, Any]]) -> int:  # noqa: ANN401
    """Run a statement for each row and return how many rows it changed.

    Only SQLite's driver sums that over a batch; PostgreSQL gives the changed rows back, many to one round trip.
    """
    if connection.dialect.name == "postgresql":
        return len(connection.execute(statement.returning(literal(1)), rows).all())
    return max(0, connection.execute(statement, rows).rowcount)


def _insert(engine: Engine, target: Table) -> Any:  # noqa: ANN401 - one of two dialect classes, same methods
    if engine.dialect.name != "postgresql":
        return sqlite.insert(target)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - its drivers' modules, which a server on SQLite need not load

    return postgresql.insert(target)


def _newest_per_key(table: TableSchema, rows: Sequence[SourcedRow]) -> list[dict[str, Any]]:
    """Return one row a key, in the order of keys: two writers then lock rows in one order and never each other."""
    newest: dict[tuple[str, ...], SourcedRow] = {}
    for row in rows:
        key = tuple(str(getattr(row.row, column)) for column in table.key)
        there = newest.get(key)
        if there is None or row.source_ts >= there.source_ts:
            newest[key] = row
    return [
        {
            **dict(zip(table.key, key, strict=True)),
            "source_micros": to_micros(row.source_ts),
            "deleted": row.deleted,
            "body": msgspec.json.encode(row.row).decode(),
        }
        for key, row in sorted(newest.items(), key=lambda item: item[0])
    ]


def _of_store(query: Select[Any], target: Table, store: str | None, with_deleted: bool = False) -> Select[Any]:
    if not with_deleted:
        query = query.where(~target.c.deleted)
    return query if store is None else query.where(target.c.store.in_((store, "")))


def _sourced(table: TableSchema, row: Row[Any]) -> SourcedRow:
    body = msgspec.json.decode(row.body, type=table.row)
    return SourcedRow(body, from_micros(row.source_micros), bool(row.deleted))
