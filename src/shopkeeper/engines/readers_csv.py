"""Reads CSV as a stream of rows, every value as text, and loses no line."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from shopkeeper.engines.csv_blocks import BlockLines
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.readers_expressions import BatchExpressions
from shopkeeper.engines.readers_lines import CountedLines, head_of, open_lines
from shopkeeper.engines.sure_csv import read_sure_csv
from shopkeeper.errors import FieldProblem, InputError
from shopkeeper.intake.detection import NOTHING_SAID, SAMPLE_BYTES, Said, detect
from shopkeeper.intake.ports import WHOLE_ROW, SourceFile, SourceRow
from shopkeeper.intake.sure_events import SureBatch, SureFilling, SureRules

_MAX_FIELD = 1_000_000
_KEPT_BYTES = 10_000
UNREADABLE = "$"
"""Column under which a line that is no row is kept."""


class CsvReader:
    """Reads one CSV file, plain or gzipped, with a header line. Implements `intake.ports.SourceReader`.

    Encoding, separator, decimal mark and date order are detected on its beginning (`intake.detection`). A line with the
    wrong number of fields, bytes that do not decode or an open quote is yielded with its problem; after an open quote
    reading goes on with the next line, so one broken line costs one row.

    Args:
        lake: Where the fast lane writes; without it there is none.
    """

    def __init__(self, lake: Lake | None = None) -> None:
        self._lake = lake

    def inspect(self, path: Path, said: Said = NOTHING_SAID) -> SourceFile:
        """Return columns, size and how the file is written. Raises InputError where there is no usable header."""
        csv.field_size_limit(_MAX_FIELD)  # of the whole process, so a file is read the same whatever came before
        sample = head_of(path, SAMPLE_BYTES)
        detected = detect(sample, said, whole=len(sample) < SAMPLE_BYTES)
        with open_lines(path, detected.encoding) as lines:
            first = lines.take()
        if first is None:
            raise InputError(f"{path.name} is empty.", "A CSV file begins with a line of column names.")
        try:
            header = first.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(
                f"The header of {path.name} is not {detected.encoding}.", "Save it as UTF-8, or write `encoding:`."
            ) from error
        try:
            columns = tuple(name.strip() for name in next(csv.reader([header], delimiter=detected.separator), []))
        except csv.Error as error:
            raise InputError(
                f"The header of {path.name} is no line of CSV: {error}.", "Write the column names again, in one line."
            ) from error
        doubled = sorted({name for name in columns if columns.count(name) > 1})
        if not columns or "" in columns or doubled:
            what = f"names {doubled} twice" if doubled else "has a column without a name"
            raise InputError(f"The header of {path.name} {what}.", "Give every column a name of its own.")
        return SourceFile(path, columns, None, path.stat().st_size, detected=detected)

    def read(self, source: SourceFile, expressions: dict[str, str], batch_rows: int) -> Iterator[list[SourceRow]]:
        """Yield batches of rows, numbered from 1 after the header."""
        asked = [name for name, text in expressions.items() if text != WHOLE_ROW]
        whole = [name for name, text in expressions.items() if text == WHOLE_ROW]
        engine = BatchExpressions(dict.fromkeys(source.columns, "VARCHAR"), expressions) if asked else None
        try:
            with open_lines(source.path, source.detected.encoding) as lines:
                lines.take()
                records = _Records(lines, source)
                number = 0
                while rows := records.take(batch_rows):
                    numbered = list(enumerate(rows, start=number + 1))
                    number += len(rows)
                    source.extra["bytes_read"] = lines.bytes_read
                    yield list(evaluated(numbered, engine, asked, whole))
        finally:
            if engine is not None:
                engine.close()

    def read_sure(
        self, source: SourceFile, fillings: Sequence[SureFilling], rules: SureRules
    ) -> Iterator[SureBatch] | None:
        """Return the batches of a file; None where there is no lake, or the file does not suit the fast lane."""
        return None if self._lake is None else read_sure_csv(self._lake, source, fillings, rules, one_record)


Record = tuple[dict[str, Any], tuple[FieldProblem, ...]]


def evaluated(
    numbered: list[tuple[int, Record]], engine: BatchExpressions | None, asked: list[str], whole: list[str]
) -> Iterator[SourceRow]:
    """Yield rows with their expressions; a row that could not be read has none.

    Args:
        engine: None = there is no column to ask of, and each expression in `asked` gives nothing.
    """
    nothing: tuple[dict[str, Any], tuple[FieldProblem, ...]] = (dict.fromkeys(asked), ())
    readable = [row for _, (row, problems) in numbered if not problems]
    evaluated = iter(engine.evaluate(readable) if engine is not None else [nothing for _ in readable])
    for number, (row, problems) in numbered:
        values, failed = ({}, problems) if problems else next(evaluated)
        yield SourceRow(number, {**values, **dict.fromkeys(whole, row)}, failed)


def one_record(source: SourceFile, lines: BlockLines) -> Record | None:
    """Return the next record of a file, read with care; None at its end."""
    lines.begin()
    records = _Records(lines, source)
    taken = records.take(1)
    lines.give_back(records.waiting)
    return taken[0] if taken else None


class _Texts(Iterator[str]):
    """Lines as text for the CSV parser; lines can be put back even after the end was reached."""

    def __init__(self, lines: CountedLines) -> None:
        self._lines = lines
        self._waiting: deque[bytes] = deque()
        self.used: list[bytes] = []
        self.broken = False

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._lines.take()
        if line is None:
            raise StopIteration
        self.used.append(line)
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            self.broken = True
            return line.decode("utf-8", "backslashreplace")

    def begin(self) -> None:
        """Forget what the last record used."""
        self.used.clear()
        self.broken = False

    @property
    def waiting(self) -> int:
        """How many lines were put back."""
        return len(self._waiting)

    def put_back(self) -> None:
        """Give every line of this record but the first again."""
        self._waiting.extendleft(reversed(self.used[1:]))


class _Records:
    """Takes records from lines, and one broken line at a time where they do not parse."""

    def __init__(self, lines: CountedLines, source: SourceFile) -> None:
        self._lines = lines
        self._columns = source.columns
        self._texts = _Texts(lines)
        csv.field_size_limit(_MAX_FIELD)
        self._reader = csv.reader(self._texts, delimiter=source.detected.separator, strict=True)
        readings = source.detected.columns
        self._rewritten = tuple((name, readings[name].rewrite) for name in source.columns if name in readings)

    @property
    def waiting(self) -> int:
        """How many lines were taken and belong to no record yet."""
        return self._texts.waiting

    def take(self, limit: int) -> list[Record]:
        """Return up to `limit` records; none at the end of the file."""
        records: list[Record] = []
        while len(records) < limit:
            self._texts.begin()
            try:
                cells = next(self._reader, None)
            except csv.Error as error:
                records.append(self._give_up(str(error)))
                continue
            if cells is None:
                break
            if cells:
                records.append(self._record(cells))
        return records

    def _record(self, cells: list[str]) -> Record:
        if self._lines.too_long:
            return self._give_up("is a line longer than 8 MB")
        if len(cells) != len(self._columns):
            return self._give_up(f"must have {len(self._columns)} fields as the header has, got {len(cells)}")
        row: dict[str, Any] = dict(zip(self._columns, cells, strict=True))
        if self._texts.broken:
            named = next((name for name, cell in row.items() if "\\x" in cell), UNREADABLE)
            problem = FieldProblem(named, f"must be UTF-8, got {row.get(named, '')[:80]!r}", "Save the file as UTF-8.")
            return row, (problem,)
        for name, rewrite in self._rewritten:
            row[name] = rewrite(row[name])
        return row, ()

    def _give_up(self, reason: str) -> Record:
        """Return the first line of what was read as one broken row, and read the other lines again."""
        self._texts.put_back()
        line = self._texts.used[0][:_KEPT_BYTES].decode("utf-8", "backslashreplace").rstrip("\r\n")
        remedy = "Quote fields that hold the delimiter, a quote or a line break."
        return {UNREADABLE: line}, (FieldProblem(UNREADABLE, reason, remedy),)
