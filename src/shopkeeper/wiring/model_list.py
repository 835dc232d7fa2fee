"""The versions there are; apart from training, so that a list loads nothing of it."""

from __future__ import annotations

from dataclasses import dataclass

from shopkeeper.registry.ports import ALIASES, ModelVersion
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """A registered version and the aliases that point to it."""

    version: ModelVersion
    aliases: tuple[str, ...]


def list_versions(settings: Settings) -> list[ListedVersion]:
    """Return every registered version, newest first, with its aliases."""
    with open_workspace_state(settings) as state:
        versions = state.registry.versions()
        pointers = {
            (system, alias): state.registry.pointer(system, alias)
            for system in {version.system for version in versions}
            for alias in ALIASES
        }
    return [
        ListedVersion(one, tuple(alias for alias in ALIASES if pointers[one.system, alias] == one.version))
        for one in versions
    ]
