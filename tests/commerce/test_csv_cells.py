"""Cells of files that somebody opens in a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest

from shopkeeper.commerce.csv_cells import harmless, line, runs


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '"=1', " =1", "\uff1d1", "|calc", "%0A"]
)
def test_no_cell_runs_in_a_spreadsheet(cell: str) -> None:
    assert runs(cell)
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["Aria", "1.7 L", "<p>-5 °C</p>", "", "'s-Hertogenbosch mug"])
def test_plain_words_stay_as_they_are(cell: str) -> None:
    assert harmless(cell) == cell


def test_a_line_reads_back_as_what_was_written() -> None:
    cells = ["a,b", 'c"d', "e\nf", "ü"]
    assert next(csv.reader(io.StringIO(line(cells), newline=""))) == cells
