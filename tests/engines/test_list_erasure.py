"""An erased user has no list of the night any more, not even by an export that read them before."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import duckdb
import pytest
from tests.engines.test_night_lists import LISTS, export

from shopkeeper.engines.list_erasure import being_made, erase_from_lists
from shopkeeper.engines.list_file import ListFile, unfinished
from shopkeeper.engines.night_lists import NightListFiles
from shopkeeper.errors import Unavailable


def listed(folder: Path, store: str = "uk") -> dict[str, list[tuple[str, float]] | None]:
    lists = NightListFiles(folder)
    lists.follow()
    return {user: None if (found := lists.of(store, user)) is None else list(found) for user in LISTS}


def test_the_lists_of_others_stay_as_they_were_and_no_byte_names_the_user(tmp_path: Path) -> None:
    for store in ("uk", "de", "fr"):
        export(tmp_path, LISTS, store)
    assert erase_from_lists(tmp_path, ["uk", "de"], ["b'en", "nobody"]) == 2
    for store in ("uk", "de"):
        assert listed(tmp_path, store) == {**LISTS, "b'en": None}
        assert b"b'en" not in (tmp_path / f"{store}.parquet").read_bytes()
    assert listed(tmp_path, "fr") == LISTS
    order = duckdb.read_parquet(str(tmp_path / "uk.parquet")).project('"user", rank').fetchall()
    assert order == [("zoe", 1), ("zoe", 2), ("ann", 1)]


def test_who_has_no_list_changes_no_file(tmp_path: Path) -> None:
    export(tmp_path, LISTS)
    before = (tmp_path / "uk.parquet").stat()
    assert erase_from_lists(tmp_path, ["uk", "nowhere"], ["nobody"]) == 0
    assert erase_from_lists(tmp_path / "missing", ["uk"], ["ann"]) == 0
    after = (tmp_path / "uk.parquet").stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_size) == (before.st_ino, before.st_mtime_ns, before.st_size)


def test_the_last_list_of_a_file_can_go(tmp_path: Path) -> None:
    export(tmp_path, {"ann": LISTS["ann"]})
    assert erase_from_lists(tmp_path, ["uk"], ["ann"]) == 1
    assert listed(tmp_path) == dict.fromkeys(LISTS)


def test_an_export_that_is_under_way_is_waited_for(tmp_path: Path) -> None:
    erased: list[int] = []
    eraser = Thread(target=lambda: erased.append(erase_from_lists(tmp_path, ["uk"], ["ann"])))
    with being_made(tmp_path / "uk.parquet"):
        eraser.start()
        export(tmp_path, LISTS)
    eraser.join()
    assert erased == [1]
    assert listed(tmp_path) == {**LISTS, "ann": None}


def test_what_a_killed_export_left_goes_and_nothing_of_another_store(tmp_path: Path) -> None:
    for name in ("uk.parquet", "uk.parquet.x.parquet"):
        ListFile(tmp_path / name, "uk", ["mug"])._connection.close()
        (tmp_path / f".{name}.00c0ffee.unfinished").write_bytes(b"ann")
    assert erase_from_lists(tmp_path, ["uk"], ["ann"]) == 0
    assert unfinished(tmp_path / "uk.parquet") == []
    assert len(unfinished(tmp_path / "uk.parquet.x.parquet")) == 2


def test_a_file_that_cannot_be_read_is_named_after_all_others_were_written(tmp_path: Path) -> None:
    export(tmp_path, LISTS, "de")
    (tmp_path / "uk.parquet").write_bytes(b"PAR1 ann PAR1")
    with pytest.raises(Unavailable, match=r"may still hold the person: .*uk\.parquet"):
        erase_from_lists(tmp_path, ["uk", "de"], ["ann"])
    assert listed(tmp_path, "de") == {**LISTS, "ann": None}
