"""Keeps the experiment log's aliases what the release pointer is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from shopkeeper.registry.ports import ALIASES, ModelRegistry
from shopkeeper.training.experiment_log import ExperimentLog


def mirror_aliases(registry: ModelRegistry, log: ExperimentLog, models: Path, systems: Iterable[str]) -> None:
    """Make the log show the aliases the state database has, whatever was missed before.

    The state database alone decides what serves; this only tells people who read the log. Safe to repeat. Versions an
    alias points to are made known first where the log lost them.

    Args:
        models: Folder of the model bundles.
    """
    for system in systems:
        for alias in ALIASES:
            pointed = registry.pointer(system, alias)
            if pointed is not None:
                version = registry.get(system, pointed)
                log.register(version.lineage.run or f"version-{pointed}", version, models / version.folder)
            log.alias(system, alias, pointed)
