"""Which bundles may be deleted: one pure rule."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shopkeeper.registry.ports import ModelVersion

VersionKey = tuple[str, str]
"""System and version."""


@dataclass(frozen=True, slots=True)
class KeepRule:
    """How much is kept.

    Attributes:
        newest: So many of each system, whatever their age.
        days: All that are younger, days.
    """

    newest: int
    days: float


def prunable(
    versions: Sequence[ModelVersion],
    rule: KeepRule,
    now: datetime,
    *,
    pointed: Collection[VersionKey],
    in_use: Collection[VersionKey] = (),
) -> list[ModelVersion]:
    """Return versions whose files may go, oldest first.

    Kept are the newest of each system, all young ones, every pinned one, every one an alias points to, and what is in
    use. Pruned versions count for nothing: they have no files.

    Args:
        pointed: What an alias points to.
        in_use: In a rollout, in an experiment, or held by a run.
    """
    kept = {*pointed, *in_use}
    ready = sorted((one for one in versions if one.status == "ready"), key=lambda v: (v.created_at, v.version))
    for system in {one.system for one in ready}:
        own = [one for one in ready if one.system == system]
        kept |= {(system, one.version) for one in own[max(0, len(own) - rule.newest) :]}
    oldest = now - timedelta(days=rule.days)
    return [
        one for one in ready if not one.pinned and one.created_at < oldest and (one.system, one.version) not in kept
    ]
