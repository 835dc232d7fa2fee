"""The turns of running price tests: published as price runs when a store's day begins, and brought back at the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog
from msgspec.structs import replace

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import ShopkeeperError, UnknownPriceRun
from shopkeeper.pricing.policy.policy_file import load_policy
from shopkeeper.pricing.price_tests.price_test import PriceTest
from shopkeeper.pricing.price_tests.turns import Turn, TurnPrices, turn_of, turn_prices, with_way_back
from shopkeeper.pricing.proposal import ProposedPrices
from shopkeeper.pricing.runs import run_steps
from shopkeeper.pricing.runs.price_run import RULE, PriceRun, RunPrice, begun
from shopkeeper.pricing.runs.run_limits import limited
from shopkeeper.quality.local_days import zone_of
from shopkeeper.wiring.price_runs.acts import standing_stops
from shopkeeper.wiring.price_tests.drawing import tested_prices
from shopkeeper.wiring.price_tests.standing import standing_now
from shopkeeper.wiring.settings import Settings

_DONE: Final = ("published", "blocked", "rejected", "reverted")
_log = structlog.get_logger(__name__)


def take_turns(settings: Settings, state: State, at: datetime) -> list[str]:
    """Take every turn whose time has come and return the ids of their runs.

    While pricing is stopped no new turn is taken, but prices come back: taking back is always allowed. A turn that
    fails is tried again by the next call, from what then holds.
    """
    taken = []
    for test in state.price_tests.running():
        try:
            taken += _of_test(settings, state, test, at)
        except ShopkeeperError as error:  # such as another worker that was faster
            _log.warning("price_test_turn_failed", test=test.name, error=str(error))
    return taken


def _of_test(settings: Settings, state: State, test: PriceTest, at: datetime) -> list[str]:
    stopped = state.experiments.get(test.name).state == "stopped"
    stores = {row.row.store: row.row for row in state.tables.scan(STORES) if isinstance(row.row, Store)}
    due: list[Turn] = []
    back = 0
    for name in test.stores:
        turn = turn_of(test, name, at.astimezone(zone_of(stores[name].time_zone)).date(), over=stopped)
        if turn is None:
            continue
        if _is_done(state, turn):
            back += turn.is_end
        elif turn.is_end or not standing_stops(settings, state, (name,)):
            due.append(turn)
    taken = _take(settings, state, test, due, at) if due else []
    if back + sum(turn.is_end for turn in due) == len(test.stores):
        _close(state, test, at)
    return taken


def _is_done(state: State, turn: Turn) -> bool:
    try:
        run = state.price_runs.get(turn.run)
    except UnknownPriceRun:
        return False
    return run.status in _DONE or not run.moved


def _take(settings: Settings, state: State, test: PriceTest, due: Sequence[Turn], at: datetime) -> list[str]:
    tested = tested_prices(state, test.run)
    clusters = {(one.store, one.product): one.cluster for one in state.price_tests.members(test.name)}
    now = standing_now(state, {turn.store for turn in due})
    for turn in due:
        _publish(settings, state, test, turn, turn_prices(turn, tested, clusters, now.price, now.cost), at)
    return [turn.run for turn in due]


def _publish(settings: Settings, state: State, test: PriceTest, turn: Turn, found: TurnPrices, at: datetime) -> None:
    policy, source = load_policy(settings.workspace), state.price_runs.get(test.run)
    notes = [f"turn {turn.number} of the price test {test.name}, of run {test.run}"]
    if found.overtaken:
        notes.append(f"{len(found.overtaken):,} prices were changed by others and are left alone")
    proposed = ProposedPrices(
        at=at, model=source.model, policy=source.policy, objective=policy.objective, stores=(turn.store,),
        rows=found.proposals, notes=tuple(notes),
    )  # fmt: skip
    rows = with_way_back(limited(policy, found.proposals), found.back)
    why = f"{', '.join(source.approvers)} approved run {test.run}, which {test.name} tests"
    run, rows = run_steps.gated(begun(turn.run, turn.store, RULE, proposed), rows, policy.runs, at)
    if turn.is_end:
        run, rows = _ungated(run, found, at)
    if run.status == "blocked":
        state.price_runs.begin(run, rows)
        _log.error("price_test_turn_blocked", test=test.name, run=run.id, why=run.steps[-1].why)
        return
    kept = state.price_runs.begin(run_steps.approve_turn(run, why, at), rows)
    if not kept.moved or kept.status in _DONE:
        return
    done = state.prices.publish(kept, run_steps.publish(kept, RULE, notes[0], policy.runs, at), at)
    _log.info("price_test_turn", test=test.name, run=kept.id, changed=done.changed, overtaken=done.overtaken)


def _ungated(run: PriceRun, found: TurnPrices, at: datetime) -> tuple[PriceRun, list[RunPrice]]:
    """Return the way back as no gate has seen it: what held before the test was let through long ago."""
    rows = [RunPrice(proposal=one, price=one.proposed, daily_move=1e9) for one in found.proposals]
    moved = sum(row.moves for row in rows)
    waiting = replace(run, status="waiting", moved=moved, held=0, findings=(), steps=())
    return run_steps.approve_turn(waiting, "prices come back to what they were before", at), rows


def _close(state: State, test: PriceTest, at: datetime) -> None:
    """Note that all is as it was before the test."""
    state.experiments.stop(test.name, at, RULE, "its last day is over")
    run = state.price_runs.get(test.run)
    if run.status == "in_test":
        state.price_runs.step(run, run_steps.out_of_test(run, RULE, f"{test.name} is over", at))
    state.price_tests.end(test.name)
