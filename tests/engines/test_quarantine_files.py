"""The quarantine as files obeys the laws of every quarantine, and mends what a crash left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.errors import Overloaded
from shopkeeper.intake.ports import Quarantine
from shopkeeper.testing.quarantine_suite import QuarantineSuite, rejected

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class TestQuarantineFiles(QuarantineSuite):
    """The shipped suite on files."""

    @pytest.fixture
    def open_quarantine(self, tmp_path: Path) -> Callable[[], Quarantine]:
        return lambda: QuarantineFiles(tmp_path / "quarantine", now=lambda: NOON)


def test_rows_are_filed_under_the_utc_day_and_the_newest_day_comes_first(tmp_path: Path) -> None:
    days = iter([NOON, NOON + timedelta(days=1), NOON])
    quarantine = QuarantineFiles(tmp_path, now=lambda: next(days))
    for row in (1, 2, 3):
        quarantine.keep([rejected(row)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-03-01.jsonl", "2026-03-02.jsonl"]
    assert [row.row for row in quarantine.rows()] == [2, 3, 1]


def test_a_line_cut_short_by_a_crash_is_not_read_and_goes_with_the_next_append(tmp_path: Path) -> None:
    quarantine = QuarantineFiles(tmp_path, now=lambda: NOON)
    quarantine.keep([rejected(1)])
    file = tmp_path / "2026-03-01.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole + whole[: len(whole) // 2])
    assert ([row.row for row in quarantine.rows()], quarantine.count()) == ([1], 1)
    quarantine.keep([rejected(2)])
    assert [row.row for row in quarantine.rows()] == [2, 1]
    assert file.read_bytes().startswith(whole)


def test_a_file_that_is_one_torn_line_holds_no_row(tmp_path: Path) -> None:
    quarantine = QuarantineFiles(tmp_path, now=lambda: NOON)
    (tmp_path / "2026-03-01.jsonl").write_bytes(b'{"table":"events","sto' + b"x" * 100_000)
    assert (list(quarantine.rows()), quarantine.count()) == ([], 0)
    quarantine.keep([rejected(1)])
    assert [row.row for row in quarantine.rows()] == [1]


def test_a_full_disk_keeps_none_of_the_rows_and_later_ones_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quarantine = QuarantineFiles(tmp_path, now=lambda: NOON)
    quarantine.keep([rejected(1)])
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", _full_disk)
        with pytest.raises(Overloaded, match="No space left"):
            quarantine.keep([rejected(2)])
    quarantine.keep([rejected(3)])
    assert [row.row for row in quarantine.rows()] == [3, 1]


def test_a_person_is_erased_from_the_raw_rows_of_their_stores_alone(tmp_path: Path) -> None:
    quarantine = QuarantineFiles(tmp_path, now=lambda: NOON)
    quarantine.keep([
        rejected(1, "uk", {"user": "ann"}),
        rejected(2, "de", {"user": "ann"}),
        rejected(3, "uk", {"user": "annabel"}),
        rejected(4, "uk", {"context": [{"customer": 17}]}),
    ])  # fmt: skip
    assert quarantine.erase(["uk"], ["ann", "17"]) == 2
    assert [row.row for row in quarantine.rows()] == [3, 2]


def test_several_processes_keep_rows_at_once(tmp_path: Path) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", KEEP_MANY, str(tmp_path), str(first)]) for first in FIRSTS]
    assert [process.wait(timeout=60) for process in processes] == [0] * len(FIRSTS)
    quarantine = QuarantineFiles(tmp_path)
    assert sorted(row.row for row in quarantine.rows(limit=1000)) == [n + first for first in FIRSTS for n in range(40)]


FIRSTS = (0, 1000, 2000)
KEEP_MANY = """
import sys
from pathlib import Path
from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.testing.quarantine_suite import rejected

quarantine, first = QuarantineFiles(Path(sys.argv[1])), int(sys.argv[2])
for number in range(first, first + 40, 2):
    quarantine.keep([rejected(number), rejected(number + 1)])
"""


def _full_disk(_: int) -> None:
    raise OSError(28, "No space left on device")
