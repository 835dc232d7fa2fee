"""An import of the first rows that writes nothing: the same code, with everything that writes replaced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from shopkeeper.commerce.tables import TableSchema
from shopkeeper.intake.import_report import ImportReport
from shopkeeper.intake.import_run import Clocks, ImportEngines, ImportLimits, ImportOrder, run_import
from shopkeeper.intake.ports import RejectedRow, SourcedRow, SourceFile, SourceReader, SourceRow, TableStore, Upserted

ROWS = 20
_CELL = 60


@dataclass(frozen=True, slots=True)
class DryRun:
    """What an import would do with the first rows of each file.

    Attributes:
        report: Its report; figures are of these rows alone.
        rows: Rows that would be written, with their table, in the order they come.
        rejected: Rows that would go to quarantine.
    """

    report: ImportReport
    rows: tuple[tuple[str, Mapping[str, Any]], ...]
    rejected: tuple[RejectedRow, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        rejected: list[Any] = msgspec.json.decode(msgspec.json.encode(self.rejected))
        return {
            "dry_run": True,
            **self.report.as_dict(),
            "mapped": [{"table": table, "row": dict(row)} for table, row in self.rows],
            "rejected": rejected,
        }

    def as_text(self) -> str:
        """Return it in words, the rows as lines of `column=value`."""
        lines = [f"Dry run on the first {ROWS} rows of each file; nothing was written."]
        for file in self.report.files:
            kind = file.known_as or (f"mapping {self.report.mapping}" if self.report.mapping else "columns by name")
            lines.append(f"{file.name} -> {', '.join(file.tables)} ({kind})")
            if file.detected is not None:
                lines.append(f"  detected: {_detected(file.detected)}")
            lines += [f"  WARNING {warning}" for warning in (file.detected or {}).get("warnings", ())]
        lines += [f"skipped {file.name}: it {file.reason}" for file in self.report.skipped]
        tables = Counter(table for table, _ in self.rows)
        for table, count in tables.items():
            lines.append(f"{table}: {count} rows would be written")
            lines += [f"  {_row(row)}" for name, row in self.rows if name == table][:ROWS]
        if self.rejected:
            lines.append(f"{len(self.rejected)} rows would go to quarantine")
        for row in self.rejected[:ROWS]:
            lines += [f"  {row.source}:{row.row} {p.field} {p.reason} {p.remedy}".rstrip() for p in row.problems]
        return "\n".join(lines)


def dry_run(order: ImportOrder, engines: ImportEngines, limits: ImportLimits, clocks: Clocks) -> DryRun:
    """Run an import over the first rows of each file and return what it would do.

    Args:
        engines: Those of the real import, but with a quarantine and reports in memory. Of its tables the stores and
            users are read; nothing else is touched.

    Raises:
        InputError: there is nothing to import, or a file cannot be read at all.
        MappingError: the mapping breaks its rules or does not fit the files.
    """
    noted = _NotedLog()
    untouched = replace(
        engines,
        log=noted,
        tables=_Untouched(engines.tables),
        readers={kind: _FirstRows(reader) for kind, reader in engines.readers.items()},
        settle=lambda _logged, _started: {},
    )
    report = run_import(order, untouched, limits, clocks)
    rejected = sorted(engines.quarantine.rows(1_000), key=lambda row: (row.source, row.row))
    return DryRun(report, tuple(noted.written), tuple(rejected))


class _NotedLog:
    """Takes what an import writes, and keeps it in memory."""

    def __init__(self) -> None:
        self.written: list[tuple[str, Mapping[str, Any]]] = []

    def append(self, table: TableSchema, rows: Sequence[bytes]) -> None:
        """Keep rows."""
        self.written += [(table.name, msgspec.json.decode(row)) for row in rows]


class _Untouched:
    """The tables of a workspace, to be read alone. Implements `intake.ports.TableStore`."""

    def __init__(self, tables: TableStore) -> None:
        self.scan = tables.scan
        self.get = tables.get
        self.count = tables.count

    def upsert(self, table: TableSchema, rows: Sequence[SourcedRow]) -> Upserted:  # noqa: ARG002 - port
        """Write nothing."""
        return Upserted(len(rows), 0)

    def insert_absent(self, table: TableSchema, rows: Sequence[SourcedRow]) -> int:  # noqa: ARG002 - port
        """Write nothing."""
        return len(rows)

    def forget(self, table: TableSchema, column: str, value: str) -> int:  # noqa: ARG002 - port
        """Forget nothing."""
        return 0


class _FirstRows:
    """Reads the first rows of a file. Implements `intake.ports.SourceReader`."""

    def __init__(self, reader: SourceReader) -> None:
        self.inspect = reader.inspect
        self._read = reader.read

    def read(self, source: SourceFile, expressions: dict[str, str], batch_rows: int) -> Iterator[list[SourceRow]]:
        """Yield one batch."""
        for batch in self._read(source, expressions, min(batch_rows, ROWS)):
            yield batch[:ROWS]
            return


def _detected(found: Mapping[str, Any]) -> str:
    """Return what was detected in words."""
    words = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
    parts = [f"encoding {found['encoding']}"]
    if found["separator"]:
        parts.append(f"separator {words.get(found['separator'], found['separator'])}")
        parts.append(f"decimal {found['decimal'] or 'point (no column shows another)'}")
        parts.append(f"dates {found['dates'] or 'ISO, or none'}")
    rewritten = ", ".join(f"{column} ({kind})" for column, kind in found["rewritten"].items())
    return ", ".join(parts) + (f"; rewritten: {rewritten}" if rewritten else "")


def _row(row: Mapping[str, Any]) -> str:
    cells = (f"{name}={value if isinstance(value, str) else _json(value)}" for name, value in row.items())
    return "  ".join(cell if len(cell) <= _CELL else f"{cell[: _CELL - 3]}..." for cell in cells)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
