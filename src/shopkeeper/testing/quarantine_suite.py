"""What every quarantine must do, whatever engine keeps it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shopkeeper.errors import FieldProblem
from shopkeeper.intake.ports import Quarantine, RejectedRow


def rejected(row: int, store: str = "uk", raw: dict[str, Any] | None = None) -> RejectedRow:
    """Return a rejected row that can be told apart by its number."""
    problem = FieldProblem("price", f"-{row} is below 0", "Send 0 or more.", row)
    return RejectedRow("events", store, "sales.csv", row, raw if raw is not None else {"price": -row}, (problem,))


class QuarantineSuite:
    """Laws of `intake.ports.Quarantine`. An engine's test class inherits it and gives the fixture `open_quarantine`,
    which returns a new handle on the same quarantine with every call, as another process would have.
    """

    def test_a_kept_row_comes_back_whole(self, open_quarantine: Callable[[], Quarantine]) -> None:
        raw = {"a": "é\n\u0000😀", "b": [1, {"c": None}], "d": 1.5, "e": True, "": ""}
        open_quarantine().keep([rejected(1, raw=raw)])
        assert list(open_quarantine().rows()) == [rejected(1, raw=raw)]

    def test_rows_come_newest_first(self, open_quarantine: Callable[[], Quarantine]) -> None:
        quarantine = open_quarantine()
        quarantine.keep([rejected(1), rejected(2)])
        quarantine.keep([rejected(3)])
        assert [row.row for row in quarantine.rows()] == [3, 2, 1]

    def test_no_more_than_the_limit_come_back(self, open_quarantine: Callable[[], Quarantine]) -> None:
        quarantine = open_quarantine()
        quarantine.keep([rejected(n) for n in range(10)])
        assert [row.row for row in quarantine.rows(limit=3)] == [9, 8, 7]
        assert list(quarantine.rows(limit=0)) == []

    def test_a_store_sees_its_own_rows_alone(self, open_quarantine: Callable[[], Quarantine]) -> None:
        quarantine = open_quarantine()
        quarantine.keep([rejected(1, "uk"), rejected(2, "de"), rejected(3, "uk")])
        assert [row.row for row in quarantine.rows(store="uk")] == [3, 1]
        assert [row.row for row in quarantine.rows(limit=1, store="de")] == [2]
        assert (quarantine.count(), quarantine.count("uk"), quarantine.count("fr")) == (3, 2, 0)

    def test_an_empty_quarantine_counts_nothing(self, open_quarantine: Callable[[], Quarantine]) -> None:
        quarantine = open_quarantine()
        quarantine.keep([])
        assert (quarantine.count(), list(quarantine.rows())) == (0, [])

    @pytest.mark.parametrize(
        ("value", "kept"),
        [
            (float("nan"), "nan"),
            (float("-inf"), "-inf"),
            (2**80, str(2**80)),
            ("\udcff broken", "\\udcff broken"),
            (b"\xff", "\\xff"),
        ],
    )
    def test_what_json_cannot_hold_is_kept_as_text(
        self, open_quarantine: Callable[[], Quarantine], value: object, kept: str
    ) -> None:
        open_quarantine().keep([rejected(1, raw={"price": value})])
        assert open_quarantine().rows()[0].raw == {"price": kept}

    def test_a_replaced_row_keeps_its_place_and_a_removed_one_is_gone(
        self, open_quarantine: Callable[[], Quarantine]
    ) -> None:
        open_quarantine().keep([rejected(n) for n in range(4)])
        found = open_quarantine().replace([(rejected(1), rejected(9)), (rejected(2), None)])
        assert found == 2
        assert [row.row for row in open_quarantine().rows()] == [3, 9, 0]
        assert open_quarantine().replace([(rejected(1), None), (rejected(2), None)]) == 0

    def test_of_equal_rows_each_change_finds_one(self, open_quarantine: Callable[[], Quarantine]) -> None:
        quarantine = open_quarantine()
        quarantine.keep([rejected(1), rejected(1), rejected(1)])
        assert quarantine.replace([(rejected(1), None), (rejected(1), rejected(2))]) == 2
        assert sorted(row.row for row in quarantine.rows()) == [1, 2]

    def test_a_row_is_found_as_it_came_back(self, open_quarantine: Callable[[], Quarantine]) -> None:
        open_quarantine().keep([rejected(1, raw={"a": [1.5, None, True, "é"], "b": {"c": 2}, "d": float("nan")})])
        (kept,) = open_quarantine().rows()
        assert open_quarantine().replace([(kept, None)]) == 1
        assert open_quarantine().count() == 0

    def test_nothing_to_replace_changes_nothing(self, open_quarantine: Callable[[], Quarantine]) -> None:
        open_quarantine().keep([rejected(1)])
        assert open_quarantine().replace([]) == 0
        assert open_quarantine().count() == 1

    def test_large_rows_do_not_cut_their_neighbours(self, open_quarantine: Callable[[], Quarantine]) -> None:
        rows = [rejected(n, raw={"text": "x" * size}) for n, size in enumerate((1, 200_000, 65_536, 3, 70_000))]
        open_quarantine().keep(rows)
        assert list(open_quarantine().rows()) == rows[::-1]
