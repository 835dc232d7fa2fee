"""Numbers with a decimal comma and dates such as 31.01.2026: which columns hold them, and how they are rewritten."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Decimal = Literal["comma", "point"]
Dates = Literal["dmy", "mdy"]
Kind = Literal["comma", "point", "dmy", "mdy"]

_COMMA = re.compile(r"\s*([+-]?)(\d{1,3}(?:[.\u00a0 ']\d{3})+|\d+)(?:,(\d+))?\s*")
_POINT = re.compile(r"\s*([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?\s*")
_DATE = re.compile(
    r"\s*(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})"
    r"(?:[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp])?\.?[Mm]?\.?)?\s*"
)


@dataclass(frozen=True, slots=True)
class ColumnReading:
    """How the cells of one column are rewritten; a cell that does not fit stays as it is."""

    kind: Kind

    def rewrite(self, cell: str) -> str:
        """Return the cell as `1234.56` or `2026-01-31 14:05:00`, or unchanged where it is neither."""
        if self.kind in ("dmy", "mdy"):
            return _iso(cell, self.kind)
        match = (_COMMA if self.kind == "comma" else _POINT).fullmatch(cell)
        if match is None:
            return cell
        sign, whole, fraction = match.groups()
        digits = re.sub(r"[^\d]", "", whole)
        return f"{'-' if sign == '-' else ''}{digits}{'.' + fraction if fraction else ''}"


@dataclass(frozen=True, slots=True)
class ValuesRead:
    """What the columns of a sample say together."""

    decimal: Decimal | None
    dates: Dates | None
    columns: dict[str, ColumnReading] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def read_columns(
    columns: Mapping[str, Sequence[str]], decimal: Decimal | None, dates: Dates | None, separator: str
) -> ValuesRead:
    """Return how the columns of a sample are to be read.

    Args:
        columns: Column name -> its cells.
        decimal: What is said about numbers; None = decide.
        dates: What is said about dates; None = decide.
        separator: A semicolon hints at decimal commas where `1,234` could be either.
    """
    filled = {name: [cell for cell in cells if cell.strip()] for name, cells in columns.items()}
    readings: dict[str, ColumnReading] = {}
    mark, warned = _numbers(filled, decimal, separator, readings)
    order, doubts = _dates(filled, dates, readings)
    return ValuesRead(mark, order, readings, (*warned, *doubts))


def _numbers(
    filled: Mapping[str, Sequence[str]], said: Decimal | None, separator: str, readings: dict[str, ColumnReading]
) -> tuple[Decimal | None, list[str]]:
    """Decide the decimal mark for the file, and note the columns that need rewriting."""
    evidence = {name: found for name, cells in filled.items() if (found := _number_evidence(cells))}
    comma = [name for name, found in evidence.items() if found == "comma"]
    point = [name for name, found in evidence.items() if found == "point"]
    open_ = [name for name, found in evidence.items() if found == "either"]
    mark: Decimal | None = said
    warnings: list[str] = []
    if mark is None and comma:
        mark = "comma"
    elif mark is None and point:
        mark = "point"
    if mark is None and open_:
        shown = filled[open_[0]][0]
        hint = " The semicolons between the columns speak for a decimal comma." if separator == ";" else ""
        warnings.append(
            f"Column {open_[0]!r} can be read with a decimal comma or with thousands ({shown!r}), so it stays as it is."
            f"{hint} Write `decimal: comma` or `decimal: point` (or --decimal)."
        )
    if comma and point and said is None:
        warnings.append(
            f"Decimal commas in {', '.join(comma)} and decimal points in {', '.join(point)}: each column is read by "
            "its own. Write `decimal:` if that is wrong."
        )
    for name, found in evidence.items():
        shown_mark: Decimal | None = "comma" if found == "comma" else "point" if found == "point" else mark
        kind = said or shown_mark
        if found == "grouped" and said != "comma":
            if mark == "comma":
                warnings.append(
                    f"Column {name!r} ({filled[name][0]!r}) may hold thousands; it is read with a decimal point. "
                    "Write `decimal: comma` if it does."
                )
        elif kind is not None and (found == "grouped" or any("," in cell for cell in filled[name])):
            readings[name] = ColumnReading(kind)
    return mark, warnings


Evidence = Literal["comma", "point", "either", "grouped"]


def _number_evidence(cells: Sequence[str]) -> Evidence | None:
    """Return how a column of numbers is written; None where it holds other things or neither mark.

    `either` is a column such as `1,234`, `grouped` one such as `1.234`.
    """
    comma = point = either = grouped = False
    for cell in cells:
        by_comma, by_point = _COMMA.fullmatch(cell), _POINT.fullmatch(cell)
        if by_comma is None and by_point is None:
            return None
        if by_comma is not None and by_point is not None:
            either, grouped = either or "," in cell, grouped or "." in cell
            continue
        comma, point = comma or by_comma is not None, point or by_point is not None
    if comma and point:
        return None
    if comma or point:
        # Thousands apart by blanks fit the comma's rule alone, but say nothing about the mark.
        return "comma" if comma and any("," in cell for cell in cells) else "point" if point else None
    return "either" if either else "grouped" if grouped else None


def _dates(
    filled: Mapping[str, Sequence[str]], said: Dates | None, readings: dict[str, ColumnReading]
) -> tuple[Dates | None, list[str]]:
    """Decide the order of day and month for the file, and note the columns that need rewriting."""
    evidence: dict[str, set[Dates]] = {}
    for name, cells in filled.items():
        if cells and name not in readings and (found := _date_evidence(cells)) is not None:
            evidence[name] = found
    warnings = [
        f"Column {name!r} holds dates with the day first and others with the month first; it stays as it is. "
        "Mend the source."
        for name, found in evidence.items()
        if len(found) == 2 and said is None
    ]
    votes = {order for found in evidence.values() if len(found) == 1 for order in found}
    order = said or (votes.pop() if len(votes) == 1 else None)
    for name, found in evidence.items():
        kind = said or (next(iter(found)) if len(found) == 1 else order if not found else None)
        if kind is not None:
            readings[name] = ColumnReading(kind)
        elif not found:
            shown = filled[name][0]
            warnings.append(
                f"Dates such as {shown!r} in column {name!r} can be read day first or month first, so they stay as "
                "they are. Write `dates: dmy` or `dates: mdy` (or --dates)."
            )
    return order, warnings


def _date_evidence(cells: Sequence[str]) -> set[Dates] | None:
    """Return which orders a column of dates shows (none = it could be either); None where it holds other things."""
    shown: set[Dates] = set()
    for cell in cells:
        match = _DATE.fullmatch(cell)
        if match is None:
            return None
        first, mark, second = int(match[1]), match[2], int(match[3])
        if max(first, second) > 31 or min(first, second) > 12 or not first or not second:
            return None
        if first > 12 or (mark == "." and second <= 12):
            shown.add("dmy")
        elif second > 12:
            shown.add("mdy")
    return shown


def _iso(cell: str, order: Literal["dmy", "mdy"]) -> str:
    match = _DATE.fullmatch(cell)
    if match is None:
        return cell
    first, _, second, year, hour, minute, seconds, half = match.groups()
    day, month = (first, second) if order == "dmy" else (second, first)
    if int(month) > 12 or int(day) > 31:
        return cell
    date = f"{int(year) + 2000 if len(year) == 2 else int(year):04d}-{int(month):02d}-{int(day):02d}"
    if hour is None:
        return date
    hours = int(hour)
    if half is not None:
        hours = hours % 12 + (12 if half in "Pp" else 0)
    return f"{date} {hours:02d}:{minute}:{seconds or '00'}"
