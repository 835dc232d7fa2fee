"""Files a retailer writes into the workspace: contracts, objectives, plans, metrics, rates, mappings of sources."""

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


class OwnFile:
    """One file beside `shopkeeper.toml` that holds for all stores.

    Args:
        name: The file, in the workspace as in the export.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def pack(self, house: House, folder: Path) -> Counts:
        """Copy the file as it is."""
        path = house.settings.workspace / self.name
        if house.store is not None or not path.is_file():
            return {}
        shutil.copyfile(path, folder / self.name)
        return {self.name: 1}

    def unpack(self, house: House, folder: Path, offsets: Counts) -> Counts:  # noqa: ARG002 - the port
        """Copy the file; one that is there and says something else is kept beside it under another ending."""
        if not (folder / self.name).is_file():
            return {}
        put((folder / self.name).read_bytes(), house.settings.workspace / self.name)
        return {self.name: 1}


class SourceMappings:
    """The mappings that `[[sources]]` name by a path inside the workspace; others lie where only this machine looks."""

    name = "mappings"

    def pack(self, house: House, folder: Path) -> Counts:
        """Copy them to the same paths below `mappings/`."""
        workspace = house.settings.workspace.resolve()
        named = {house.settings.folder(one.mapping) for one in house.settings.sources if one.mapping is not None}
        inside = sorted(path for path in named if path.is_relative_to(workspace) and path.is_file())
        for path in inside if house.store is None else ():
            target = folder / self.name / path.relative_to(workspace)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        return {self.name: len(inside)} if inside and house.store is None else {}

    def unpack(self, house: House, folder: Path, offsets: Counts) -> Counts:  # noqa: ARG002 - the port
        """Copy them back to their paths; one that is there and says something else is kept under another ending."""
        packed = sorted(path for path in (folder / self.name).rglob("*") if path.is_file())
        for path in packed:
            put(path.read_bytes(), house.settings.workspace / path.relative_to(folder / self.name))
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
