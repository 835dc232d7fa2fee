"""What a rollout of prices does in the shop: runs ordered, a step's test begun, prices published, and all taken back.

Each look makes good what the rollout's present step asks for and is not there yet, so whatever broke off is made good
by the next one; what is there is left alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from shopkeeper.engines.state import State
from shopkeeper.errors import ShopkeeperError
from shopkeeper.experiments.plan import ExperimentPlan
from shopkeeper.pricing.price_tests.measured import cells_of
from shopkeeper.pricing.runs import run_steps
from shopkeeper.rollout.stages import GATE
from shopkeeper.rollout.state import RolloutState
from shopkeeper.wiring.price_runs.acts import publish_for_rollout
from shopkeeper.wiring.price_runs.ordering import RunOrder, enqueue_run
from shopkeeper.wiring.price_tests.drawing import DrawnTest, drawn_test
from shopkeeper.wiring.price_tests.running import begin_drawn, stop_price_test
from shopkeeper.wiring.rollouts.price_measuring import (
    TROUBLE,
    in_the_way,
    name_of_test,
    needs_run_since,
    published_run,
    published_runs,
    record_of,
    run_to_go_on_with,
    trouble_of,
)
from shopkeeper.wiring.rollouts.price_plan import SYSTEM, days_of_block, first_day, step_plan
from shopkeeper.wiring.settings import Settings

ORDERED: Final = "price_rollout_ordered"
ORDER_EVERY: Final = timedelta(hours=6)
"""A run that a rollout ordered and nobody can see is ordered again after so long."""
RETRY_EVERY: Final = timedelta(minutes=10)
_log = structlog.get_logger(__name__)
Order = Callable[[Settings, RunOrder], str]


def carry_out(
    settings: Settings, state: State, rollout: RolloutState, at: datetime, order: Order = enqueue_run
) -> None:
    """Make good what a rollout asks of the prices in the shop; nothing for rollouts of other systems.

    What is in the way is kept, for the verdicts to name, and tried again after `RETRY_EVERY`.

    Args:
        order: Leaves a run to the workers and returns its id.
    """
    if rollout.system != SYSTEM:
        return
    if not _failed_lately(state, rollout, at):
        why = _tried(rollout, lambda: _make_good(settings, state, rollout, at))
        if why or in_the_way(state, rollout):
            said = {"rollout": rollout.id, "step": rollout.step, "why": why, "at": at.isoformat()}
            state.reports.save(TROUBLE, said)
    if rollout.status == "running":
        _tried(rollout, lambda: _order_run(settings, state, rollout, at, order))


def _failed_lately(state: State, rollout: RolloutState, at: datetime) -> bool:
    """Say whether a step failed minutes ago: drawing its test reads half a year of sales. Taking back never waits."""
    last = trouble_of(state, rollout)
    return rollout.alive and bool(last.get("why")) and at - datetime.fromisoformat(last["at"]) < RETRY_EVERY


def _tried(rollout: RolloutState, act: Callable[[], None]) -> str:
    """Do something and return why it cannot be done now; empty where it was."""
    try:
        act()
    except ShopkeeperError as error:
        why = f"{error.reason} {error.remedy}"
        _log.warning("price_rollout_step_not_made_good", rollout=rollout.id, step=rollout.stage, why=why)
        return why
    return ""


def _make_good(settings: Settings, state: State, rollout: RolloutState, at: datetime) -> None:
    _end_tests(settings, state, rollout, at)
    if not rollout.alive:
        _take_back(state, rollout, at)
    elif rollout.status == "held":
        return  # a person said that nothing new begins; what runs goes on
    elif rollout.stage == "full":
        _publish(settings, state, rollout, at)
    elif rollout.stage != "shadow" and record_of(state, name_of_test(rollout)) is None:
        _begin_test(settings, state, rollout, at)


def _end_tests(settings: Settings, state: State, rollout: RolloutState, at: datetime) -> None:
    """End the tests of steps the rollout left before their end, and of all steps of one that is over."""
    for step in range(rollout.step + (not rollout.alive)):
        record = record_of(state, name_of_test(rollout, step))
        if record is not None and record.state == "running":
            who, why = GATE, f"rollout {rollout.id} goes on in {rollout.stage}"
            if rollout.ending is not None:
                who, why = rollout.ending.person, f"rollout {rollout.id} is over: {rollout.ending.reason}"
            stop_price_test(settings, state, record.name, who, why, at)


def _begin_test(settings: Settings, state: State, rollout: RolloutState, at: datetime) -> None:
    seen = run_to_go_on_with(settings, state, rollout)
    if seen is None or seen.status != "approved":
        return  # the run that opened the gate got too old meanwhile; the verdict asks for another
    drawn = _drawn(settings, state, rollout, seen.run, at)
    record = begin_drawn(settings, state, drawn[0], drawn[1], GATE, at)
    _log.info("price_rollout_test", rollout=rollout.id, test=record.name, cells=record.units_per_arm)


def _drawn(
    settings: Settings, state: State, rollout: RolloutState, run: str, at: datetime
) -> tuple[ExperimentPlan, DrawnTest]:  # fmt: skip
    """Draw the test of a step: one block of tiles; where proof is asked for, as many as the rollout was planned for."""
    block, step = days_of_block(settings), rollout.ramp[rollout.step]
    name, start = name_of_test(rollout), first_day(state, at)
    blocks = max(math.ceil(step.minimum_days / block), 1)
    plan = step_plan(settings, rollout.objective, name, start, blocks * block, share=step.share, run=run)
    drawn = drawn_test(settings, state, plan, at)
    if rollout.stage == "ramp":
        a_block = cells_of(drawn.test.design) // blocks
        needed = max(math.ceil(rollout.plan.users_per_arm / a_block), blocks)
        if needed > blocks:
            plan = step_plan(settings, rollout.objective, name, start, needed * block, share=step.share, run=run)
            drawn = drawn_test(settings, state, plan, at)
    return plan, drawn


def _publish(settings: Settings, state: State, rollout: RolloutState, at: datetime) -> None:
    """Let the run that opened the last gate hold for everybody; later ones of the version are published as any run."""
    seen = run_to_go_on_with(settings, state, rollout)
    if published_run(state, rollout) is None and seen is not None and seen.status == "approved":
        publish_for_rollout(settings, state, seen.run, f"rollout {rollout.id} reached full", at)


def _take_back(state: State, rollout: RolloutState, at: datetime) -> None:
    """Take back every run a rollout published, newest first: the last good prices hold again."""
    if rollout.ending is None or rollout.status == "finished" or rollout.stage != "full":
        return
    who, why = rollout.ending.person, f"rollout {rollout.id} was taken back: {rollout.ending.reason}"
    for run in published_runs(state, rollout):
        if run.steps[-1].at <= rollout.ending.at:
            state.prices.revert(run, run_steps.revert(run, who, why, at), at)


def _order_run(settings: Settings, state: State, rollout: RolloutState, at: datetime, order: Order) -> None:
    """Order a run of the version where the step needs one and none is there, or the last one got too old."""
    if needs_run_since(state, rollout) is None:
        return
    seen = run_to_go_on_with(settings, state, rollout)
    if seen is not None and (at <= seen.good_until or seen.status == "rejected"):
        return
    last = next((one for one in state.reports.latest(ORDERED) if one.body["rollout"] == rollout.id), None)
    if last is not None and at - datetime.fromisoformat(last.body["at"]) < ORDER_EVERY:
        return
    run = order(settings, RunOrder(stores=(), at=at, who=rollout.started_by, version=rollout.version))
    state.reports.save(ORDERED, {"rollout": rollout.id, "run": run, "at": at.isoformat()})
