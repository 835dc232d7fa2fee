"""Reads Parquet as a stream of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from shopkeeper.engines.lake import Lake
from shopkeeper.engines.readers_expressions import Selection, closed_connection, lock, plain, quoted
from shopkeeper.engines.sure_lane import BATCH_ROWS, RawRows, SureLane
from shopkeeper.engines.sure_values import UnfitFile
from shopkeeper.errors import InputError
from shopkeeper.intake.detection import NOTHING_SAID, Said
from shopkeeper.intake.ports import WHOLE_ROW, SourceFile, SourceRow
from shopkeeper.intake.sure_events import SureBatch, SureFilling, SureRules


class ParquetReader:
    """Reads one Parquet file through DuckDB, a row group at a time. Implements `intake.ports.SourceReader`.

    Decimals come as floats, days as midnights, times with an offset as text in UTC; NaN comes as missing, because tools
    that know no null write it so.

    Args:
        lake: Where the fast lane writes; without it there is none.
    """

    def __init__(self, lake: Lake | None = None) -> None:
        self._lake = lake

    def inspect(self, path: Path, said: Said = NOTHING_SAID) -> SourceFile:  # noqa: ARG002 - Parquet says it all itself
        """Return columns, rows and size. Raises InputError where the file is no Parquet."""
        connection = closed_connection()
        try:
            described = connection.execute(f"DESCRIBE SELECT * FROM {_table(path)}").fetchall()  # noqa: S608 - the path is quoted
            counted = connection.execute(
                f"SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata({_text(path)})"  # noqa: S608 - the path is quoted
            ).fetchone()
        except duckdb.Error as error:
            raise InputError(
                f"{path.name} cannot be read as Parquet: {str(error).splitlines()[0]}.",
                "Write the file again, or check that its ending says what it is.",
            ) from error
        finally:
            connection.close()
        types = {str(row[0]): str(row[1]) for row in described}
        rows = int(counted[0]) if counted is not None and counted[0] is not None else 0
        return SourceFile(path, tuple(types), rows, path.stat().st_size, {"types": types})

    def read_sure(
        self, source: SourceFile, fillings: Sequence[SureFilling], rules: SureRules
    ) -> Iterator[SureBatch] | None:
        """Return the batches of a file; None where there is no lake, or the file does not suit the fast lane."""
        if self._lake is None:
            return None
        types: dict[str, str] = source.extra["types"]
        try:
            lane = SureLane(self._lake, source, _table(source.path), types, fillings, rules)
        except UnfitFile:
            return None
        return lane.batches(_raw_rows(source))

    def read(self, source: SourceFile, expressions: dict[str, str], batch_rows: int) -> Iterator[list[SourceRow]]:
        """Yield batches of rows, numbered from 1 in the order of the file."""
        connection = closed_connection()
        try:
            lock(connection, [str(source.path)])
            table = f"read_parquet({_text(source.path)}, file_row_number = true)"
            selection = Selection(connection, table, source.columns, expressions)
            whole = [name for name, text in expressions.items() if text == WHOLE_ROW]
            types: dict[str, str] = source.extra["types"]
            columns = list(types) if whole else []
            listed = ", ".join(["file_row_number + 1", *(plain(quoted(name), types[name]) for name in columns)])
            connection.execute(f"SELECT {listed}, {selection.sql} FROM {table}")  # noqa: S608 - names are quoted; expressions are the mapping's
            own = 1 + len(columns)
            while results := connection.fetchmany(batch_rows):
                batch = []
                for result in results:
                    values, problems = selection.read(result[own:])
                    for name in whole:
                        values[name] = dict(zip(columns, result[1:own], strict=True))
                    batch.append(SourceRow(result[0], values, problems))
                yield batch
        except duckdb.Error as error:
            raise InputError(
                f"{source.path.name} cannot be read to its end: {str(error).splitlines()[0]}.",
                "What came before is imported; write the file again and import it again, nothing will be doubled.",
            ) from error
        finally:
            connection.close()


def _raw_rows(source: SourceFile) -> Iterator[RawRows]:
    """Yield the rows of a file, some at a time."""
    table = f"read_parquet({_text(source.path)}, file_row_number = true)"
    rows = source.rows or 0
    for start in range(0, rows, BATCH_ROWS):
        end = min(start + BATCH_ROWS, rows)
        chosen = f"SELECT *, file_row_number AS row_number FROM {table}"  # noqa: S608 - the path is quoted
        yield RawRows(f"({chosen} WHERE file_row_number BETWEEN {start} AND {end - 1})", end - start)


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _table(path: Path) -> str:
    return f"read_parquet({_text(path)})"
