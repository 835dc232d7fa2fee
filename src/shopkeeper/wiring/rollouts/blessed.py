"""Blessed versions on their way to the gate: by themselves where the objective says so, else when a person says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import structlog

from shopkeeper.engines.state import State
from shopkeeper.errors import ShopkeeperError
from shopkeeper.objectives.contract import Objective
from shopkeeper.registry.retention import VersionKey
from shopkeeper.rollout.ports import Foreseeing
from shopkeeper.rollout.state import RolloutState
from shopkeeper.wiring.freezes import frozen
from shopkeeper.wiring.objectives import SYSTEMS, held_objective
from shopkeeper.wiring.rollouts.start import Start, start_rollout
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

_log = structlog.get_logger(__name__)
WHO = "retraining"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A blessed challenger that no rollout has begun with.

    Attributes:
        approval: `automatic`: it begins by itself; `awaiting`: a person begins it.
        reason: What stands against beginning now; empty where nothing does.
    """

    system: str
    version: str
    approval: Literal["automatic", "awaiting"]
    reason: str = ""


def waiting(settings: Settings, state: State, at: datetime) -> list[Waiting]:
    """Return the blessed challengers that no rollout has begun with."""
    found = []
    for system in SYSTEMS:
        held = held_objective(settings, system)
        version = _challenger(state, system)
        if version is not None and held.status == "written" and held.objective is not None:
            approval = held.objective.retraining.approval
            found.append(Waiting(system, version, approval, _against(settings, state, held.objective, at)))
    return found


def start_blessed(settings: Settings, at: datetime, foreseeing: Foreseeing) -> list[RolloutState]:
    """Begin a rollout with each version that may begin by itself; what cannot begin is logged and tried again."""
    with open_workspace_state(settings) as state:
        due = [one for one in waiting(settings, state, at) if one.approval == "automatic" and not one.reason]
    begun = []
    for one in due:
        asked = Start(version=one.version, why="blessed in training; the objective lets it go on by itself")
        try:
            begun.append(start_rollout(settings, one.system, asked, WHO, foreseeing, at))
        except ShopkeeperError as error:
            _log.warning("rollout_not_begun", system=one.system, version=one.version, reason=error.reason)
    return begun


def versions_in_use(state: State) -> set[VersionKey]:
    """Return every version that a rollout under way or another live test needs, and what is gone back to."""
    rollouts = {(one.system, name) for one in state.rollouts.alive() for name in (one.version, one.control_version)}
    tests = {(test.system, arm.version or "") for test in state.live_tests.running() for arm in test.arms}
    return {(system, version) for system, version in rollouts | tests if version}


def _challenger(state: State, system: str) -> str | None:
    version = state.registry.pointer(system, "challenger")
    if version is None or version == state.registry.pointer(system, "champion"):
        return None
    found = state.registry.get(system, version)
    tried = any(one.version == version for one in state.rollouts.newest(system))
    return version if found.blessed and found.status == "ready" and not tried else None


def _against(settings: Settings, state: State, objective: Objective, at: datetime) -> str:
    under_way = next((one for one in state.rollouts.newest(objective.system, 1) if one.alive), None)
    if under_way is not None and under_way.stage != "full":
        return f"rollout {under_way.id} is under way"
    return frozen(settings, state, objective.system, at)
