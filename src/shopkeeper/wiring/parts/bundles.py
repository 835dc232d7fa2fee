"""Model bundles: the manifest and plain arrays of every registered version."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from shopkeeper.errors import InputError
from shopkeeper.registry.bundle import open_bundle
from shopkeeper.wiring.parts.part import Counts, House

_FOLDER: Final = "models"


class Bundles:
    """What serving opens; without it the same champion would answer by rules."""

    name = "models"

    def pack(self, house: House, folder: Path) -> Counts:
        """Copy the bundle of every registered version; bundles hold all stores, so none is one store's."""
        models = house.settings.folder(house.settings.engines.models)
        copied = 0
        for version in house.state.registry.versions() if house.store is None else ():
            if (models / version.folder).is_dir():
                shutil.copytree(models / version.folder, folder / _FOLDER / version.folder)
                copied += 1
        return {self.name: copied} if copied else {}

    def unpack(self, house: House, folder: Path, offsets: Counts) -> Counts:  # noqa: ARG002 - the port
        """Copy the bundles of the versions the state database knows, each one opened and so checked by its hashes."""
        models = house.settings.folder(house.settings.engines.models)
        copied = 0
        for version in house.state.registry.versions():
            packed, target = folder / _FOLDER / version.folder, (models / version.folder).resolve()
            if not target.is_relative_to(models):
                raise InputError(f"Version {version.version} names the folder {version.folder!r}.", "Export again.")
            if not packed.is_dir():
                continue
            if not target.is_dir():
                draft = target.with_name(f".{target.name}.draft")
                shutil.rmtree(draft, ignore_errors=True)
                shutil.copytree(packed, draft)
                draft.rename(target)
            open_bundle(target)
            copied += 1
        return {self.name: copied} if copied else {}
