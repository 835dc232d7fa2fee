"""The fast lane of the Parquet reader: a batch of events judged and written out by one SQL statement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import duckdb
import numpy as np

from shopkeeper.engines.readers_expressions import closed_connection, lock, plain, quoted
from shopkeeper.engines.sure_event_sql import SureColumn, UnfitFile, sure_sql
from shopkeeper.errors import InputError
from shopkeeper.intake.ports import WHOLE_ROW, SourceFile, SourceRow
from shopkeeper.intake.sure_events import SureBatch, SureRules, SureTally

LEAST_ROWS: Final = 100_000
"""Rows taken at a time; fewer cost more for each."""


def read_sure_events(source: SourceFile, rules: SureRules, batch_rows: int) -> Iterator[SureBatch] | None:
    """Return the batches of a Parquet file of events; None where its columns do not suit the lane."""
    types: dict[str, str] = source.extra["types"]
    try:
        columns, sure, json = sure_sql(types, rules)
    except UnfitFile:
        return None
    return _batches(source, rules, max(batch_rows, LEAST_ROWS), columns, f"coalesce({sure}, false)", json)


def _batches(
    source: SourceFile, rules: SureRules, size: int, columns: dict[str, SureColumn], sure: str, json: str
) -> Iterator[SureBatch]:
    connection = closed_connection()
    table = f"read_parquet('{str(source.path).replace(chr(39), chr(39) * 2)}', file_row_number = true)"
    kept = {name: columns[name].value if name in columns else "NULL" for name in ("product", "user")}
    kept |= {name: columns[name].value if name in columns else "NULL::DOUBLE" for name in ("price", "quantity")}
    kept |= {name: columns[name].value for name in ("store", "ts", "type")}
    values = ", ".join(f"CASE WHEN sure THEN {value} END AS v_{name}" for name, value in kept.items())
    try:
        connection.execute("CREATE TABLE users_who_said (said VARCHAR)")
        said = sorted(rules.users_who_said)
        for start in range(0, len(said), 10_000):
            connection.execute("INSERT INTO users_who_said SELECT unnest(?::VARCHAR[])", [said[start : start + 10_000]])
        lock(connection, [str(source.path)])
        for start in range(0, source.rows or 0, size):
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE batch AS SELECT file_row_number + 1 AS row_number, sure, "  # noqa: S608 - names and literals are quoted
                f"CASE WHEN sure THEN {json} END AS json, {values} FROM (SELECT *, {sure} AS sure FROM {table} "
                f"WHERE file_row_number BETWEEN {start} AND {start + size - 1})"
            )
            yield _batch(connection, source, table)
    except duckdb.Error as error:
        raise InputError(
            f"{source.path.name} cannot be read to its end: {str(error).splitlines()[0]}.",
            "What came before is imported; write the file again and import it again, nothing will be doubled.",
        ) from error
    finally:
        connection.close()


def _batch(connection: duckdb.DuckDBPyConnection, source: SourceFile, table: str) -> SureBatch:
    found = connection.execute("SELECT row_number, json FROM batch WHERE sure ORDER BY row_number").fetchnumpy()
    rows = np.asarray(found["row_number"], dtype=np.int64)
    encoded = [text.encode() for text in np.asarray(found["json"], dtype=object).tolist()]
    (count,) = connection.execute("SELECT count(*) FROM batch").fetchall()[0]
    doubtful = _doubtful(connection, source, table) if len(encoded) < count else []
    products = connection.execute(
        "SELECT v_store, v_product, count(*) FROM batch WHERE sure AND v_product IS NOT NULL GROUP BY ALL"
    ).fetchall()
    return SureBatch(count, rows, encoded, _tally(connection), products, doubtful)


def _tally(connection: duckdb.DuckDBPyConnection) -> SureTally:
    bought = "type = 'purchase'"
    money = "coalesce(price, 0) * coalesce(quantity, 1)"
    first, last, without_user, guests, free, unpriced, paid, returned = connection.execute(
        f'SELECT min(ts), max(ts), count(*) - count("user"), '  # noqa: S608 - constants
        f'count(*) FILTER ({bought} AND "user" IS NULL), '
        f"count(*) FILTER ({bought} AND price = 0), count(*) FILTER ({bought} AND price IS NULL), "
        f"coalesce(sum({money}) FILTER ({bought}), 0), coalesce(sum({money}) FILTER (type = 'refund'), 0) FROM "
        "(SELECT COLUMNS('v_(.*)') AS '\\1' FROM batch WHERE sure)"
    ).fetchall()[0]
    types = connection.execute("SELECT v_type, count(*) FROM batch WHERE sure GROUP BY v_type").fetchall()
    return SureTally(
        _utc(first), _utc(last), dict(types), without_user, guests, free, unpriced, float(paid), float(returned)
    )


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _doubtful(connection: duckdb.DuckDBPyConnection, source: SourceFile, table: str) -> list[SourceRow]:
    """Return the rows of the batch that are not sure, as the reader gives them."""
    types: dict[str, str] = source.extra["types"]
    listed = ", ".join(plain(quoted(name), kind) for name, kind in types.items())
    span = "(SELECT min(row_number) - 1 FROM batch) AND (SELECT max(row_number) - 1 FROM batch)"
    rows = connection.execute(
        f"SELECT file_row_number + 1, {listed} FROM {table} WHERE file_row_number BETWEEN {span} "  # noqa: S608 - names are quoted
        "AND file_row_number + 1 IN (SELECT row_number FROM batch WHERE NOT sure) ORDER BY 1"
    ).fetchall()
    return [SourceRow(row[0], {WHOLE_ROW: dict(zip(types, row[1:], strict=True))}) for row in rows]
