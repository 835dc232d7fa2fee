"""What a worker does every minute: watch every rollout for harm, move those the gate lets move, start what is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from shopkeeper.engines.state import State
from shopkeeper.errors import ChangedMeanwhile, ShopkeeperError
from shopkeeper.rollout.ports import Measuring
from shopkeeper.rollout.state import RolloutState
from shopkeeper.wiring.rollouts.judging import judge_and_act
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

_log = structlog.get_logger(__name__)
MakeMeasuring = Callable[[Settings, State], Measuring]


def watch_rollouts(settings: Settings, at: datetime, make_measuring: MakeMeasuring) -> list[dict[str, Any]]:
    """Judge every rollout that is alive and act on it; return what was said and done, one document each.

    A rollout that cannot be judged now, as the log does not answer, stays as it is and is said; the others are looked
    at all the same.
    """
    with open_workspace_state(settings) as state:
        measuring = make_measuring(settings, state)
        return [_watched(settings, state, measuring, rollout, at) for rollout in state.rollouts.alive()]


def _watched(
    settings: Settings, state: State, measuring: Measuring, rollout: RolloutState, at: datetime
) -> dict[str, Any]:
    said: dict[str, Any] = {"rollout": rollout.id, "stage": rollout.stage}
    try:
        found = judge_and_act(settings, state, measuring, rollout, at)
    except ChangedMeanwhile as error:  # another worker or a person was first; the next minute looks again
        return said | {"effect": "nothing", "why": error.reason}
    except ShopkeeperError as error:
        _log.error("rollout_not_watched", rollout=rollout.id, error=str(error))
        return said | {"effect": "nothing", "error": error.reason}
    if found.effect != "nothing":
        _log.info("rollout_stepped", rollout=rollout.id, effect=found.effect, why=found.judged.verdict.why)
    return said | {"word": found.judged.verdict.word, "why": found.judged.verdict.why, "effect": found.effect}
