"""CSV files in the fast lane: blocks of plain lines are read by DuckDB, the other records one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from shopkeeper.engines.csv_blocks import BlockLines, PlainLines, pieces
from shopkeeper.engines.duckdb_session import text_literal
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.readers_expressions import quoted
from shopkeeper.engines.readers_lines import open_lines
from shopkeeper.engines.sure_lane import RawRows, SureLane
from shopkeeper.engines.sure_values import UnfitFile
from shopkeeper.errors import FieldProblem
from shopkeeper.intake.ports import WHOLE_ROW, SourceFile, SourceRow
from shopkeeper.intake.sure_events import SureBatch, SureFilling, SureRules

Record = tuple[dict[str, Any], tuple[FieldProblem, ...]]
ReadOne = Callable[[SourceFile, BlockLines], Record | None]

BLOCK_BYTES: Final = 48 * 1024 * 1024
_NO_TEXT: Final = "\x00"
"""What stands for NULL: a text no plain line holds, so that an empty cell stays an empty text."""


def read_sure_csv(
    lake: Lake, source: SourceFile, fillings: Sequence[SureFilling], rules: SureRules, read_one: ReadOne
) -> Iterator[SureBatch] | None:
    """Return the batches of a CSV file; None where its columns do not suit the lane."""
    types = dict.fromkeys(source.columns, "VARCHAR")
    shape = f"(SELECT {', '.join(f'CAST(NULL AS VARCHAR) AS {quoted(name)}' for name in types)})"
    try:
        lane = SureLane(lake, source, shape, types, fillings, rules)
    except UnfitFile:
        return None
    return lane.batches(_Blocks(lane, source, read_one).read(BLOCK_BYTES))


class _Blocks:
    """Brings the blocks of a file into the table `raw` of a lane's database, one after the other."""

    def __init__(self, lane: SureLane, source: SourceFile, read_one: ReadOne) -> None:
        self._connection = lane.connection
        self._source = source
        self._read_one = read_one
        self._file: Path = lane.scratch / "block.csv"
        self._rows = 0

    def read(self, block_bytes: int) -> Iterator[RawRows]:
        """Yield the rows of each block."""
        source = self._source
        with open_lines(source.path, source.detected.encoding) as lines:
            lines.take()
            separator, fields = source.detected.separator, len(source.columns)
            for block in pieces(lines, block_bytes, separator, fields, lambda found: self._read_one(source, found)):
                raw = self._load(block)
                source.extra["bytes_read"] = lines.bytes_read
                if raw.count:
                    yield raw

    def _load(self, block: list[PlainLines | object]) -> RawRows:
        """Make the table `raw` of the rows of a block that could be read."""
        begin = self._rows
        read: list[tuple[int, dict[str, Any]]] = []
        broken: list[SourceRow] = []
        starts: list[tuple[int, int]] = []  # how many plain rows lie before a run of them, and what it begins with
        plain = 0
        with self._file.open("wb") as file:
            for piece in block:
                if isinstance(piece, PlainLines):
                    starts += [(plain, self._rows)] if piece.rows else []
                    plain += piece.rows
                    self._rows += piece.rows
                    file.write(piece.data if piece.data.endswith(b"\n") else piece.data + b"\n")
                    continue
                values, problems = cast("Record", piece)
                if problems:
                    broken.append(SourceRow(self._rows + 1, {WHOLE_ROW: values}, problems))
                else:
                    read.append((self._rows, values))
                self._rows += 1
        self._load_plain(starts, plain)
        self._load_read(read)
        self._rewrite()
        return RawRows("raw", self._rows - begin, tuple(broken))

    def _load_plain(self, starts: list[tuple[int, int]], rows: int) -> None:
        columns = ", ".join(f"{text_literal(name)}: 'VARCHAR'" for name in self._source.columns)
        table = (
            f"read_csv({text_literal(str(self._file))}, auto_detect = false, header = false, all_varchar = true, "
            f"delim = {text_literal(self._source.detected.separator)}, quote = '\"', escape = '\"', "
            f"new_line = '\\n', strict_mode = true, max_line_size = 2000000, nullstr = {text_literal(_NO_TEXT)}, "
            f"columns = {{{columns}}})"
        )
        run = self._connection.execute
        if not rows:
            run(f"CREATE OR REPLACE TEMP TABLE raw AS SELECT 0::BIGINT AS row_number, * FROM {self._nothing()}")  # noqa: S608
            return
        run(f"CREATE OR REPLACE TEMP TABLE plain_lines AS SELECT * FROM {table}")  # noqa: S608 - names are quoted
        if len(starts) == 1:
            number = f"rowid + {starts[0][1] - starts[0][0]}"
            run(f"CREATE OR REPLACE TEMP TABLE raw AS SELECT {number} AS row_number, * FROM plain_lines")  # noqa: S608
        else:
            firsts = np.array([first for first, _ in starts], dtype=np.int64)
            shifts = np.array([number - first for first, number in starts], dtype=np.int64)
            self._connection.register("runs", {"first_row": firsts, "shift_by": shifts})
            run(
                "CREATE OR REPLACE TEMP TABLE raw AS SELECT l.rowid + s.shift_by AS row_number, l.* FROM plain_lines l "
                "ASOF JOIN runs s ON l.rowid >= s.first_row"
            )
            self._connection.unregister("runs")
        run("DROP TABLE plain_lines")
        (count,) = run("SELECT count(*) FROM raw").fetchall()[0]
        if count != rows:
            raise RuntimeError(f"{self._source.path.name}: {rows} plain lines were read as {count} rows")

    def _nothing(self) -> str:
        listed = ", ".join(f"CAST(NULL AS VARCHAR) AS {quoted(name)}" for name in self._source.columns)
        return f"(SELECT {listed}) WHERE false"

    def _load_read(self, read: list[tuple[int, dict[str, Any]]]) -> None:
        """Add rows that were read with care."""
        if not read:
            return
        arrays: dict[str, Any] = {"row_number": np.array([number for number, _ in read], dtype=np.int64)}
        for place, name in enumerate(self._source.columns):
            cells = np.empty(len(read), dtype=object)
            cells[:] = [values[name] for _, values in read]
            arrays[f"c_{place}"] = cells
        self._connection.register("read_rows", arrays)
        self._connection.execute("INSERT INTO raw FROM read_rows")
        self._connection.unregister("read_rows")

    def _rewrite(self) -> None:
        """Rewrite the cells of columns with decimal commas or local dates, each different cell once."""
        for name, reading in self._source.detected.columns.items():
            found = self._connection.execute(f"SELECT DISTINCT {quoted(name)} FROM raw").fetchall()  # noqa: S608
            changed = [(cell, new) for (cell,) in found if (new := reading.rewrite(cell)) != cell]
            if changed:
                cells, fresh = np.empty(len(changed), dtype=object), np.empty(len(changed), dtype=object)
                cells[:], fresh[:] = zip(*changed, strict=True)
                self._connection.register("rewritten", {"cell": cells, "fresh": fresh})
                self._connection.execute(
                    f"UPDATE raw SET {quoted(name)} = rewritten.fresh FROM rewritten "  # noqa: S608 - the name is quoted
                    f"WHERE raw.{quoted(name)} = rewritten.cell"
                )
                self._connection.unregister("rewritten")
