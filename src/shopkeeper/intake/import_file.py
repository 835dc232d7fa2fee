"""One file of an import: every row goes to the tables that want it, or to quarantine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from shopkeeper.commerce.tables import EVENTS
from shopkeeper.errors import FieldProblem, MappingError
from shopkeeper.intake.detection import NOTHING_SAID, Said
from shopkeeper.intake.formats.shape import Memory, Produced, Shape
from shopkeeper.intake.identity import row_identity
from shopkeeper.intake.import_columns import FillingColumns, expressions_of
from shopkeeper.intake.import_report import ReadFile
from shopkeeper.intake.import_tally import ReasonTally, TableTally
from shopkeeper.intake.import_writers import EventWriter, KeyedWriter, RowWriter
from shopkeeper.intake.live import rejected_row
from shopkeeper.intake.ports import WHOLE_ROW, Quarantine, RejectedRow, SourceFile, SourceReader, SourceRow
from shopkeeper.intake.progress import ProgressMeter
from shopkeeper.intake.sources import PlannedFile
from shopkeeper.intake.sure_events import KeyedJudge, SureBatch, SureReader

REMEMBERED_ROWS = 100_000
"""Rows of the quarantine an import knows again, the newest; about 10 MB."""


class Rejects:
    """Brings rejected rows to quarantine, a batch at a time, and counts why.

    A row that lies there already, from an earlier import of the same file, is counted and not kept twice.

    Args:
        keepable: Returns a row as it may be kept.

    Attributes:
        rows: Rejected rows of this import.
        unmatched: Those among them that no table wanted.
    """

    def __init__(
        self, quarantine: Quarantine, store: str | None, keepable: Callable[[RejectedRow], RejectedRow]
    ) -> None:
        self.reasons = ReasonTally()
        self.rows = 0
        self.unmatched = 0
        self._quarantine = quarantine
        self._store = store
        self._keepable = keepable
        self._known = {_fingerprint(row) for row in quarantine.rows(REMEMBERED_ROWS, store)}
        self._waiting: list[RejectedRow] = []

    def add(self, table: str, source: str, row: SourceRow, raw: object, problems: tuple[FieldProblem, ...]) -> None:
        """Note one row."""
        placed = tuple(replace(problem, row=row.row) for problem in problems)
        self.reasons.add(table, source, placed)
        self.rows += 1
        rejected = self._keepable(rejected_row(table, self._store, source, row.row, raw, placed))
        if _fingerprint(rejected) not in self._known:
            self._waiting.append(rejected)

    def flush(self) -> None:
        """Bring the noted rows to quarantine."""
        if self._waiting:
            self._quarantine.keep(self._waiting)
            self._waiting = []


def _fingerprint(row: RejectedRow) -> str:
    return row_identity(row.table, row.store, {"source": row.source, "row": row.row, "raw": row.raw})


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file ready to be read."""

    plan: PlannedFile
    source: SourceFile
    reader: SourceReader
    columns: tuple[FillingColumns, ...]
    shape: Shape | None = None

    @property
    def read_as(self) -> ReadFile:
        """How the file is read, for the report."""
        known = self.plan.known_as
        detected = None if self.plan.format == "parquet" else self.source.detected.as_dict()
        tables = tuple(filling.table.name for filling in self.plan.fillings)
        return ReadFile(self.plan.name, tables, None if known is None else known.name, detected)


def open_file(
    plan: PlannedFile,
    reader: SourceReader,
    store: str | None,
    said: Said = NOTHING_SAID,
    memory: Memory | None = None,
) -> OpenFile:
    """Look into a file and try the mapping on its first row.

    Raises:
        InputError: the file cannot be read.
        MappingError: an expression does not fit its columns.
    """
    source = reader.inspect(plan.path, said)
    if plan.known_as is not None:
        changed = datetime.fromtimestamp(plan.path.stat().st_mtime, UTC)
        shape = plan.known_as.shape(memory if memory is not None else Memory(), changed)
        return OpenFile(plan, source, reader, _plain_columns(plan, source, store), shape)
    columns: list[FillingColumns] = []
    for place, filling in enumerate(plan.fillings):
        twin = sum(other.table is filling.table for other in plan.fillings[:place])
        columns.append(FillingColumns(filling, place, twin, source.columns, store))
    try:
        next(reader.read(source, expressions_of(columns), 1), None)
    except MappingError as error:
        raise MappingError(f"{plan.name}: {error.reason}", error.remedy, error.problems) from error
    return OpenFile(plan, source, reader, tuple(columns))


def _plain_columns(plan: PlannedFile, source: SourceFile, store: str | None) -> tuple[FillingColumns, ...]:
    return tuple(
        FillingColumns(filling, place, 0, source.columns, store) for place, filling in enumerate(plan.fillings)
    )


def import_file(
    file: OpenFile,
    writers: Sequence[RowWriter],
    tallies: Sequence[TableTally],
    rejects: Rejects,
    batch_rows: int,
    meter: ProgressMeter,
) -> int:
    """Read a file to its end and return how many rows it had; writers and tallies are those of its tables, in order."""
    lanes = tuple(zip(file.columns, writers, tallies, strict=True))
    if (batches := _sure_batches(file, writers)) is not None:
        return _import_sure(file, batches, lanes, rejects, meter)
    done = 0
    shaped = None if file.shape is None else _Shaped(file, file.shape, lanes, rejects)
    if shaped is not None:
        shaped.look_ahead(batch_rows)
    for batch in file.reader.read(file.source, expressions_of(file.columns), batch_rows):
        for row in batch:
            if shaped is not None:
                shaped.take(row)
            else:
                _take(file, row, lanes, rejects)
        for writer in writers:
            writer.flush(end=False)
        rejects.flush()
        done += len(batch)
        meter.advance(file.plan.name, len(batch), _bytes_done(file.source, done))
    if shaped is not None:
        shaped.finish()
    for writer in writers:
        writer.flush(end=True)
    rejects.flush()
    meter.finish_file(file.source.bytes)
    return done


Lane = tuple[FillingColumns, RowWriter, TableTally]


def _sure_batches(file: OpenFile, writers: Sequence[RowWriter]) -> Iterator[SureBatch] | None:
    """Return the batches of the fast lane; None where the file, the reader or the rules leave no room for it."""
    if file.shape is not None or not isinstance(file.reader, SureReader):
        return None
    events = next((writer for writer in writers if isinstance(writer, EventWriter)), None)
    rules = None if events is None else events.sure()
    if rules is None:
        return None
    fillings = [
        columns.sure_filling(file.source.columns, _judge(columns, writer) if isinstance(writer, KeyedWriter) else None)
        for columns, writer in zip(file.columns, writers, strict=True)
    ]
    return file.reader.read_sure(file.source, fillings, rules)


def _judge(columns: FillingColumns, writer: KeyedWriter) -> KeyedJudge:
    return lambda row: writer.judge(columns.raw(row))


def _import_sure(
    file: OpenFile, batches: Iterator[SureBatch], lanes: tuple[Lane, ...], rejects: Rejects, meter: ProgressMeter
) -> int:
    """Take the sure rows of a file as they stand and all others one by one."""
    done = 0
    for batch in batches:
        for place, (_, writer, _) in enumerate(lanes):
            if isinstance(writer, KeyedWriter):
                writer.take_sure(batch.keyed[place])
            elif isinstance(writer, EventWriter):
                writer.count_sure(batch)
        for row in batch.doubtful:
            _take(file, row, lanes, rejects)
        for _, writer, _ in lanes:
            if isinstance(writer, EventWriter):
                writer.keep_sure(batch)
            writer.flush(end=False)
        rejects.flush()
        done += batch.count
        meter.advance(file.plan.name, batch.count, _bytes_done(file.source, done))
    for _, writer, _ in lanes:
        writer.flush(end=True)
    meter.finish_file(file.source.bytes)
    return done


def _take(file: OpenFile, row: SourceRow, lanes: tuple[Lane, ...], rejects: Rejects) -> None:
    """Give a row to every table that wants it; a row that cannot be read counts for the first."""
    name = file.plan.name
    if row.problems and (unreadable := _unreadable(row, lanes)):
        table, _, tally = lanes[0]
        tally.read += 1
        tally.rejected += 1
        rejects.add(table.table.name, name, row, table.whole(row), unreadable)
        return
    wanted = False
    for columns, writer, tally in lanes:
        problems = columns.problems(row) if row.problems else ()
        if not problems and not columns.wants(row):
            continue
        wanted = True
        tally.read += 1
        if not problems:
            raw = columns.raw(row)
            if columns.table is EVENTS:
                tally.note_event(raw)
            problems = writer.take(raw, row.row)
        if problems:
            tally.rejected += 1
            rejects.add(columns.table.name, name, row, columns.whole(row), columns.explained(problems))
    if not wanted:
        rejects.unmatched += 1
        remedy = "Add a table whose `where` fits it, or drop the condition."
        problem = FieldProblem("$", "is wanted by no table of the mapping (unmatched)", remedy)
        rejects.add(lanes[0][0].table.name, name, row, lanes[0][0].whole(row), (problem,))


class _Shaped:
    """Gives what a built-in format makes of a file's rows to the tables; every row it makes is counted."""

    def __init__(self, file: OpenFile, shape: Shape, lanes: tuple[Lane, ...], rejects: Rejects) -> None:
        self._file = file
        self._shape = shape
        self._lanes = {columns.table.name: (writer, tally) for columns, writer, tally in lanes}
        self._first = lanes[0][0]
        self._rejects = rejects

    def look_ahead(self, batch_rows: int) -> None:
        """Show the whole file to a format whose rows depend on later ones."""
        known = self._file.plan.known_as
        if known is None or not known.looks_ahead:
            return
        for batch in self._file.reader.read(self._file.source, {WHOLE_ROW: WHOLE_ROW}, batch_rows):
            for row in batch:
                if not row.problems:
                    self._shape.look(row.values[WHOLE_ROW])

    def take(self, row: SourceRow) -> None:
        """Take a source row; one that cannot be read counts for the first table."""
        if row.problems:
            produced = [Produced(self._first.table, self._first.whole(row), row.row, row.problems)]
        else:
            produced = list(self._shape.take(row.row, row.values[WHOLE_ROW]))
        self._give(produced)

    def finish(self) -> None:
        """Take what waited for the end of the file."""
        self._give(self._shape.finish())

    def _give(self, produced: Iterable[Produced]) -> None:
        for made in produced:
            writer, tally = self._lanes[made.table.name]
            tally.read += 1
            problems = made.problems or writer.take(made.raw, made.row)
            if problems:
                tally.rejected += 1
                self._rejects.add(made.table.name, self._file.plan.name, SourceRow(made.row, {}), made.raw, problems)


def _unreadable(row: SourceRow, lanes: tuple[Lane, ...]) -> tuple[FieldProblem, ...]:
    """Return what the format itself breaks about a row, no matter which table."""
    return tuple(p for p in row.problems if not any(p.field in columns.expressions for columns, _, _ in lanes))


def _bytes_done(source: SourceFile, rows: int) -> float:
    if source.rows:
        return rows / source.rows * source.bytes
    return float(source.extra.get("bytes_read", 0))
