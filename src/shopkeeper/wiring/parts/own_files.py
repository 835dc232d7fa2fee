"""Files a retailer writes into the workspace: data contracts, objectives, plans of experiments."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from shopkeeper.wiring.parts.part import Counts, House

ASIDE: Final = ".before-import"
"""Ending of a file that was there and had to make way."""


class OwnFiles:
    """One folder of text files.

    Args:
        name: The folder, in the workspace as in the export.
        per_store: Files are named after stores, STORE.yaml, with default.yaml for all others.
    """

    def __init__(self, name: str, *, per_store: bool = False) -> None:
        self.name = name
        self._per_store = per_store

    def pack(self, house: House, folder: Path) -> Counts:
        """Copy the files; of one store its own and the one for all others."""
        if house.store is not None and not self._per_store:
            return {}
        mine = (house.store, "default")
        there = _files(house.settings.workspace / self.name)
        own = [path for path in there if house.store is None or path.stem in mine]
        for path in own:
            target = folder / self.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        return {self.name: len(own)} if own else {}

    def unpack(self, house: House, folder: Path, offsets: Counts) -> Counts:  # noqa: ARG002 - the port
        """Copy the files; one that is there and says something else is kept beside it under another ending."""
        packed = _files(folder / self.name)
        for path in packed:
            put(path.read_bytes(), house.settings.workspace / self.name / path.name)
        return {self.name: len(packed)} if packed else {}


def put(content: bytes, target: Path) -> None:
    """Write a file; what it said before, if that was something else, is kept beside it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_file() and target.read_bytes() != content:
        target.replace(target.with_name(target.name + ASIDE))
    target.write_bytes(content)


def _files(folder: Path) -> list[Path]:
    return (
        sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ASIDE) if folder.is_dir() else []
    )
