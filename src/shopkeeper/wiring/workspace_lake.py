"""The lake of a workspace."""

from __future__ import annotations

from shopkeeper.engines.lake import Lake
from shopkeeper.wiring.settings import Settings


def lake_of(settings: Settings) -> Lake:
    """Return the lake the settings name, as it lies there; its `compact` takes in what was logged since."""
    return Lake(settings.folder(settings.engines.log), settings.folder(settings.engines.lake))
