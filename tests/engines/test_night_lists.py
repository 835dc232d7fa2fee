"""Lists written by an export are read back as they are; a broken file leaves those before it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shopkeeper.engines.list_file import ListFile
from shopkeeper.engines.night_lists import NightListFiles


def export(folder: Path, lists: dict[str, list[tuple[str, float]]], store: str = "uk") -> None:
    folder.mkdir(exist_ok=True)
    products = sorted({product for listed in lists.values() for product, _ in listed})
    flat = [one for listed in lists.values() for one in listed]
    with ListFile(folder / f"{store}.parquet", store, products) as file:
        file.add(
            list(lists),
            np.array([len(listed) for listed in lists.values()], dtype=np.int32),
            np.array([products.index(product) for product, _ in flat], dtype=np.int32),
            np.array([score for _, score in flat]),
        )
        file.finish()


LISTS = {
    "zoe": [("mug", 3.0), ("cup", 2.0)],
    "ann": [("lamp", 9.0)],
    "b'en": [("cup", 1.5), ("mug", 1.5), ("toy", 0.1)],
}


def test_every_user_has_their_list_and_nobody_else_has_one(tmp_path: Path) -> None:
    export(tmp_path / "lists", LISTS)
    lists = NightListFiles(tmp_path / "lists")
    assert lists.of("uk", "ann") is None
    lists.follow()
    assert {user: lists.of("uk", user) for user in LISTS} == LISTS
    assert (lists.of("uk", "cleo"), lists.of("de", "ann")) == (None, None)


def test_new_files_take_the_place_of_old_ones_and_what_is_gone_is_forgotten(tmp_path: Path) -> None:
    export(tmp_path / "lists", LISTS)
    lists = NightListFiles(tmp_path / "lists")
    lists.follow()
    before = lists.mark
    lists.follow()
    assert lists.mark == before
    export(tmp_path / "lists", {"ann": [("toy", 1.0)]})
    lists.follow()
    assert (lists.of("uk", "ann"), lists.of("uk", "zoe")) == ([("toy", 1.0)], None)
    assert lists.mark != before
    (tmp_path / "lists" / "uk.parquet").unlink()
    lists.follow()
    assert lists.of("uk", "ann") is None


@pytest.mark.parametrize("content", [b"", b"PAR1 no parquet PAR1"])
def test_a_file_that_cannot_be_read_leaves_the_lists_before_it(tmp_path: Path, content: bytes) -> None:
    export(tmp_path / "lists", LISTS)
    lists = NightListFiles(tmp_path / "lists")
    lists.follow()
    (tmp_path / "lists" / "uk.parquet").write_bytes(content)
    lists.follow()
    assert lists.of("uk", "ann") == LISTS["ann"]


def test_without_a_folder_there_are_no_lists(tmp_path: Path) -> None:
    lists = NightListFiles(tmp_path / "lists")
    lists.follow()
    assert lists.of("uk", "ann") is None
