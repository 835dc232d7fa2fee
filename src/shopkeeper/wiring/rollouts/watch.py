"""What a worker does every minute: watch every rollout for harm, move those the gate lets move, start what is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import structlog

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import ChangedMeanwhile, ShopkeeperError
from shopkeeper.quality.verdict import latest_verdict
from shopkeeper.rollout.ports import Measuring
from shopkeeper.rollout.state import RolloutState
from shopkeeper.wiring.checking import check_workspace
from shopkeeper.wiring.pricing.version import PRICING
from shopkeeper.wiring.rollouts.in_the_shop import carry_out_in_shop
from shopkeeper.wiring.rollouts.judging import judge_and_act
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

_log = structlog.get_logger(__name__)
CHECK_EVERY: Final = timedelta(days=1)
"""A check of the data older than this is made again before anything is judged by it."""
MakeMeasuring = Callable[[Settings, State], Measuring]


def watch_rollouts(settings: Settings, at: datetime, make_measuring: MakeMeasuring) -> list[dict[str, Any]]:
    """Judge every rollout that is alive and act on it; return what was said and done, one document each.

    A rollout that cannot be judged now, as the log does not answer, stays as it is and is said; the others are looked
    at all the same. Then what the newest rollouts of prices ask for in the shop is made good.
    """
    with open_workspace_state(settings) as state:
        found = []
        if state.rollouts.alive():
            _check_again(settings, state)
            measuring = make_measuring(settings, state)
            found = [_watched(settings, state, measuring, rollout, at) for rollout in state.rollouts.alive()]
        for rollout in state.rollouts.newest(PRICING, 2):
            carry_out_in_shop(settings, state, rollout, at)
        return found


def _check_again(settings: Settings, state: State) -> None:
    """Check the data of each store whose last check is old; what cannot be checked keeps its last verdict."""
    oldest = datetime.now(UTC) - CHECK_EVERY
    for found in state.tables.scan(STORES):
        store = cast("Store", found.row).store
        verdict = latest_verdict(state.reports, store)
        if verdict is None or verdict.checked_at < oldest:
            try:
                check_workspace(settings, store)
            except ShopkeeperError as error:
                _log.error("data_not_checked", store=store, error=str(error))


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
