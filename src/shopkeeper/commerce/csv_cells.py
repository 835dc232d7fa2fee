"""Lines of comma-separated files for shops, which no spreadsheet runs as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20|%"
"""First letters that make a spreadsheet run a cell, or hand it to another program.

Source: OWASP, CSV Injection; full-width forms are read alike under East Asian settings.
"""


def runs(cell: str) -> bool:
    """Whether a spreadsheet might run a cell; blanks and quotes before the first letter do not stop all of them."""
    return cell.lstrip(" \"'\u00a0").startswith(tuple(FORMULA)) or cell.startswith(("\t", "\r", "\n"))


def harmless(cell: str) -> str:
    """Return a cell that is shown as text: an apostrophe goes before one that might run."""
    return f"'{cell}" if runs(cell) else cell


def line(cells: Iterable[str]) -> str:
    """Return a line of a file, by RFC 4180."""
    held = io.StringIO()
    csv.writer(held, lineterminator="\r\n").writerow(cells)
    return held.getvalue()
