"""Deletes the files of model versions nobody needs any more; what is known of them stays.

The registry says first that a version is pruned, in one transaction that refuses whatever an alias points to or is
pinned, and only then are files deleted; a kill in between leaves files that the next call deletes.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from shopkeeper.engines.state import State
from shopkeeper.errors import ShopkeeperError
from shopkeeper.registry.bundle import CARD_FILE, MANIFEST_FILE
from shopkeeper.registry.ports import ALIASES, ModelVersion
from shopkeeper.registry.retention import KeepRule, VersionKey, prunable
from shopkeeper.training.mirror import mirror_aliases
from shopkeeper.wiring.experiment_log import open_experiment_log
from shopkeeper.wiring.rollouts.blessed import versions_in_use
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

_log = structlog.get_logger(__name__)

KEPT_FILES: Final = frozenset({MANIFEST_FILE, CARD_FILE})


@dataclass(frozen=True, slots=True)
class PrunedVersion:
    """A version whose files go, and how large they are."""

    system: str
    version: str
    created_at: datetime
    bytes: int


def prune_models(
    settings: Settings,
    who: str,
    *,
    dry_run: bool = False,
    in_use: Collection[VersionKey] = (),
    now: datetime | None = None,
) -> list[PrunedVersion]:
    """Delete the bundles that the settings `[models]` do not keep, and return them.

    Args:
        dry_run: Only say which.
        in_use: Versions that stay for other reasons than aliases, pins, rollouts and live tests.
    """
    models = settings.folder(settings.engines.models)
    rule = KeepRule(settings.models.keep_newest, settings.models.keep_days)
    why = f"older than {rule.days:g} days and not among the newest {rule.newest}"
    with open_workspace_state(settings) as state:
        kept = {*in_use, *versions_in_use(state)}
        found = prunable(
            state.registry.versions(), rule, now or datetime.now(UTC), pointed=_pointed(state), in_use=kept
        )
        if dry_run:
            return [_facts(models, one) for one in found]
        done = [_facts(models, one) for one in found if state.registry.prune(one.system, one.version, who, why)]
        for one in state.registry.versions():
            if one.status == "pruned":
                _delete(models / one.folder)
    return done


def tidy_models(settings: Settings, now: datetime | None = None) -> None:
    """Prune, and send on what the experiment log missed; what a worker does once a day. Failures are logged."""
    try:
        pruned = prune_models(settings, "work", now=now)
        log = open_experiment_log(settings)
        if log.missed:
            with open_workspace_state(settings) as state:
                systems = sorted({one.system for one in state.registry.versions()})
                mirror_aliases(state.registry, log, settings.folder(settings.engines.models), systems)
    except (ShopkeeperError, OSError) as error:
        _log.error("models_not_tidied", error=str(error))
        return
    if pruned:
        _log.info("models_pruned", versions=[one.version for one in pruned], bytes=sum(one.bytes for one in pruned))


def _pointed(state: State) -> set[VersionKey]:
    systems = {one.system for one in state.registry.versions()}
    found = {(system, state.registry.pointer(system, alias)) for system in systems for alias in ALIASES}
    return {(system, version) for system, version in found if version is not None}


def _facts(models: Path, one: ModelVersion) -> PrunedVersion:
    files = (models / one.folder).glob("*")
    size = sum(path.stat().st_size for path in files if path.is_file() and path.name not in KEPT_FILES)
    return PrunedVersion(one.system, one.version, one.created_at, size)


def _delete(folder: Path) -> None:
    """Delete everything of a bundle but its manifest and its card."""
    for path in folder.glob("*"):
        if path.name in KEPT_FILES:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
