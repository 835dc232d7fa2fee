"""Reads JSON lines as a stream of rows, and loses no line."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from shopkeeper.engines.readers_csv import UNREADABLE, Record, evaluated
from shopkeeper.engines.readers_expressions import BatchExpressions
from shopkeeper.engines.readers_lines import CountedLines, head_of, open_lines
from shopkeeper.errors import FieldProblem
from shopkeeper.intake.detection import NOTHING_SAID, Detected, Said, detect_encoding
from shopkeeper.intake.ports import WHOLE_ROW, SourceFile, SourceRow

SAMPLE_ROWS = 10_000
_REMEDY = "Write one JSON object per line, in UTF-8."


class JsonLinesReader:
    """Reads one file of JSON lines, plain or gzipped. Implements `intake.ports.SourceReader`.

    For expressions a column has the type of its first 10,000 rows: whole numbers BIGINT, numbers DOUBLE, BOOLEAN, else
    text (objects and lists as their JSON). A later value that does not fit it is reported with its row.
    """

    def inspect(self, path: Path, said: Said = NOTHING_SAID) -> SourceFile:
        """Return the columns of the first rows, in the order they turn up, and the size."""
        types: dict[str, str] = {}
        encoding, warnings = (said.encoding, ()) if said.encoding else _encoding(head_of(path, 100_000))
        with open_lines(path, encoding) as lines:
            for _ in range(SAMPLE_ROWS):
                line = lines.take()
                if line is None:
                    break
                row, problems = _decoded(line, too_long=lines.too_long)
                if problems:
                    continue
                for name, value in row.items():
                    types[name] = _wider(types.get(name), value)
        types = {name: kind or "VARCHAR" for name, kind in types.items()}
        detected = Detected(encoding, warnings=warnings)
        return SourceFile(path, tuple(types), None, path.stat().st_size, {"types": types}, detected)

    def read(self, source: SourceFile, expressions: dict[str, str], batch_rows: int) -> Iterator[list[SourceRow]]:
        """Yield batches of rows, numbered from 1."""
        types: dict[str, str] = source.extra["types"]
        whole = [name for name, text in expressions.items() if text == WHOLE_ROW]
        asked = [name for name, text in expressions.items() if text != WHOLE_ROW]
        engine = BatchExpressions(types, expressions) if asked and types else None
        try:
            with open_lines(source.path, source.detected.encoding) as lines:
                number = 0
                while taken := _take(lines, batch_rows, types if asked else {}):
                    numbered = list(enumerate(taken, start=number + 1))
                    number += len(taken)
                    source.extra["bytes_read"] = lines.bytes_read
                    yield list(evaluated(numbered, engine, asked, whole))
        finally:
            if engine is not None:
                engine.close()


def _encoding(sample: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the encoding of JSON lines: UTF-16 or UTF-8, as JSON allows; broken lines are reported one by one."""
    encoding, warnings = detect_encoding(sample)
    return (encoding, warnings) if encoding.startswith("utf-16") else ("utf-8", ())


def _take(lines: CountedLines, limit: int, types: dict[str, str]) -> list[Record]:
    """Return up to `limit` rows; empty lines are none."""
    taken: list[Record] = []
    while len(taken) < limit and (line := lines.take()) is not None:
        if not line.isspace():
            row, problems = _decoded(line, too_long=lines.too_long)
            taken.append((row, problems or _misfits(row, types)))
    return taken


def _decoded(line: bytes, *, too_long: bool) -> Record:
    """Return the row of a line, or the line itself and why it is none."""
    if too_long:
        problem = FieldProblem(UNREADABLE, "is a line longer than 8 MB", "Split the row.")
        return {UNREADABLE: line[:10_000].decode("utf-8", "backslashreplace")}, (problem,)
    try:
        row = msgspec.json.decode(line.removeprefix(codecs.BOM_UTF8))
        reason = "" if isinstance(row, dict) else "must be a JSON object"
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        reason = f"must be a JSON object in UTF-8: {error}"
    except RecursionError:
        reason = "must be a JSON object that nests less"
    if not reason:
        return row, ()
    text = line.decode("utf-8", "backslashreplace").rstrip("\r\n")
    return {UNREADABLE: text}, (FieldProblem(UNREADABLE, f"{reason}, got {text[:80]!r}", _REMEDY),)


def _kind(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, int):
        return "BIGINT" if -(2**63) <= value < 2**63 else "DOUBLE"
    return "DOUBLE" if isinstance(value, float) else "VARCHAR"


def _wider(kind: str | None, value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the type that holds both what was seen so far and `value`; empty = nothing but null was seen."""
    if value is None:
        return kind or ""
    seen = _kind(value)
    if not kind or kind == seen:
        return seen
    return "DOUBLE" if {kind, seen} == {"BIGINT", "DOUBLE"} else "VARCHAR"


def _misfits(row: dict[str, Any], types: dict[str, str]) -> tuple[FieldProblem, ...]:
    """Return the values that do not fit the type their column had in the first rows."""
    return tuple(
        FieldProblem(
            name, f"must be {kind} as in the first rows, got {str(value)[:80]!r}", "Write one type per column."
        )
        for name, kind in types.items()
        if kind != "VARCHAR" and (value := row.get(name)) is not None and _wider(kind, value) != kind
    )
