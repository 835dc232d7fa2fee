"""Rows that lie in order of time are written as they lie; what the lake holds is the same as for any others."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from shopkeeper.commerce.tables import DECISIONS, EVENTS
from shopkeeper.engines import lake_columns, lake_rows
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.lake_merge import MOST_PARTS
from shopkeeper.engines.lake_rows import FreshRows
from shopkeeper.quality.ports import NamedQuery

Row = tuple[int, str, int]
"""Number of the event, store, minutes since the first midnight."""
DAY = 24 * 60
IN_ORDER: list[Row] = [(n, "uk", n * DAY // 4) for n in range(12)]
ROWS: dict[str, list[Row]] = {
    "in order": IN_ORDER,
    "in order, two of one time": [*IN_ORDER[:5], (99, "uk", DAY), *IN_ORDER[5:]],
    "one late in its day": [*IN_ORDER[:6], (99, "uk", DAY + 1), *IN_ORDER[6:]],
    "one late by a day": [*IN_ORDER, (99, "uk", 7)],
    "twice": [*IN_ORDER[:6], (4, "uk", DAY + 1), *IN_ORDER[6:]],
    "one id on two days": [*IN_ORDER, (0, "uk", 3 * DAY)],
    "one id in two stores": [*IN_ORDER, *((n, "de", minute) for n, _, minute in IN_ORDER)],
    "stores in turns": [(n, "uk" if n % 2 else "de", n * DAY // 4) for n in range(12)],
    "backwards": IN_ORDER[::-1],
}


def fresh(rows: list[Row]) -> FreshRows:
    """Return events in a database of their own; `product` names their place, so that the first can be told."""
    connection = duckdb.connect()
    connection.execute("CREATE TABLE given (place BIGINT, number BIGINT, store VARCHAR, minutes BIGINT)")
    for at, row in enumerate(rows):
        connection.execute("INSERT INTO given VALUES (?, ?, ?, ?)", (at, *row))
    made = "(SELECT place, 'e' || number AS event_id, TIMESTAMP '2026-03-01' + to_minutes(minutes) AS ts, store, "
    made += "CASE WHEN number % 3 = 0 THEN 'purchase' ELSE 'view' END AS type, 'p' || place AS product, "
    made += "'{}' AS properties, 'human' AS traffic FROM given)"
    return FreshRows(connection, made, ("event_id", "ts", "store", "type", "product", "properties", "traffic"))


def held(lake: Lake) -> list[tuple[str, ...]]:
    """Return the events of a lake."""
    warehouse = lake.warehouse()
    found = warehouse.fetch(NamedQuery("held", "SELECT event_id, store, ts, product FROM events ORDER BY ALL"))
    warehouse.close()
    return [tuple(map(str, row)) for row in zip(*found.values(), strict=True)]


def in_order(lake: Lake, folder: Path) -> bool:
    """Say whether the rows of every part lie in order of time, order lines after all others."""
    files = [str(folder / "lake" / part.path) for part in lake.manifest().parts]
    rows = "SELECT type = 'purchase', ts FROM read_parquet(?)"
    lists = [duckdb.execute(rows, [file]).fetchall() for file in files]
    return all(found == sorted(found) for found in lists)


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS.keys())
@pytest.mark.parametrize("there", [[], [(5, "uk", 5 * DAY // 4), (50, "uk", DAY + 9)]], ids=["empty", "begun"])
def test_a_copy_for_each_day_comes_to_what_one_copy_of_sorted_rows_comes_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[Row], there: list[Row]
) -> None:
    came = []
    monkeypatch.setattr(lake_columns, "ROWS_A_GROUP", 0)
    for rows_a_span in (1, 10_000):
        monkeypatch.setattr(lake_rows, "ROWS_A_SPAN", rows_a_span)
        folder = tmp_path / str(rows_a_span)
        lake = Lake(folder / "log", folder / "lake")
        lake.add(EVENTS, fresh(there))
        added = lake.add(EVENTS, fresh(rows))
        assert in_order(lake, folder)
        assert lake.add(EVENTS, fresh(rows)) == 0
        came.append((added, held(lake)))
    assert came[0] == came[1]
    first: dict[tuple[str, str, int], int] = {}
    for at, (number, store, minutes) in enumerate(rows):
        first.setdefault((f"e{number}", store, minutes // DAY), at)
    known = {(f"e{number}", store, minutes // DAY) for number, store, minutes in there}
    assert came[0][0] == len(first.keys() - known)
    assert {row[3] for row in came[0][1] if row[0] != "e50"} >= {f"p{first[key]}" for key in first.keys() - known}


def test_parts_that_become_one_have_their_order_lines_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake_columns, "ROWS_A_GROUP", 0)
    lake = Lake(tmp_path / "log", tmp_path / "lake")
    for minute in range(MOST_PARTS + 1):
        lake.add(EVENTS, fresh([(3 * minute + n, "uk", minute) for n in range(3)]))
    before = held(lake)
    lake.compact()
    (part,) = lake.manifest().parts
    assert part.rows == 3 * (MOST_PARTS + 1)
    assert in_order(lake, tmp_path)
    assert held(lake) == before


def test_answers_lie_in_small_row_groups_as_one_answer_takes_kilobytes(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "log", tmp_path / "lake")
    connection = duckdb.connect()
    made = "(SELECT n AS place, 'd' || n AS decision_id, TIMESTAMP '2026-03-01' + to_seconds(n) AS ts, 'uk' AS store "
    made += "FROM range(9000) numbers(n))"
    lake.add(DECISIONS, FreshRows(connection, made, ("decision_id", "ts", "store")))
    (part,) = lake.manifest().parts
    groups = "SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata(?) ORDER BY ALL"
    found = duckdb.execute(groups, [str(tmp_path / "lake" / part.path)]).fetchall()
    assert [rows for _, rows in found] == [4096, 4096, 808]
