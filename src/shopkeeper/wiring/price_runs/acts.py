"""What people and the clock do with a price run: approve, reject, schedule, publish, take back. Each is audited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog

from shopkeeper.engines.state import State
from shopkeeper.errors import ContractNotMet, ShopkeeperError
from shopkeeper.jobs.ports import Document
from shopkeeper.people.person import Actor
from shopkeeper.people.roles import Right
from shopkeeper.pricing.policy.policy_file import load_policy
from shopkeeper.pricing.policy.run_policy import RunPolicy
from shopkeeper.pricing.price_tests.turns import refuse_tested
from shopkeeper.pricing.runs import run_steps
from shopkeeper.pricing.runs.price_run import RULE, PriceRun, Publication
from shopkeeper.rollout.stages import GATE
from shopkeeper.wiring.freezes import standing_orders
from shopkeeper.wiring.settings import Settings

SYSTEM: Final = "pricing"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Published:
    """A run as it is after its prices came to hold, or were taken back, and what that changed."""

    run: PriceRun
    done: Publication


def approve_run(settings: Settings, state: State, run: str, actor: Actor, why: str) -> PriceRun:
    """Approve a run. Raises NotAllowed for whoever began it or lacks the right in one of its stores."""
    before = _may(state, run, actor, "prices")
    after = run_steps.approve(before, actor.who, why, _policy(settings), datetime.now(UTC))
    return state.price_runs.step(before, after)


def reject_run(state: State, run: str, actor: Actor, why: str) -> PriceRun:
    """Let a run's prices never come to hold."""
    before = _may(state, run, actor, "prices")
    return state.price_runs.step(before, run_steps.reject(before, actor.who, why, datetime.now(UTC)))


def schedule_run(settings: Settings, state: State, run: str, actor: Actor, why: str, at: datetime) -> PriceRun:
    """Let the prices of an approved run come to hold at a moment; `shopkeeper work` does it then."""
    before = _may(state, run, actor, "prices")
    _refuse_unreleased(state, before)
    after = run_steps.schedule(before, actor.who, why, at, _policy(settings), datetime.now(UTC))
    return state.price_runs.step(before, after)


def publish_run(settings: Settings, state: State, run: str, actor: Actor, why: str) -> Published:
    """Let the prices of an approved run hold now.

    Raises:
        ContractNotMet: pricing is stopped in one of its stores, or the run is old.
    """
    before = _may(state, run, actor, "prices")
    _refuse_unreleased(state, before)
    return _publish(settings, state, before, actor.who, why, datetime.now(UTC))


def publish_for_rollout(settings: Settings, state: State, run: str, why: str, at: datetime) -> Published:
    """Let the prices of an approved run hold because the gate let its version through. Raises: as `publish_run`."""
    return _publish(settings, state, state.price_runs.get(run), GATE, why, at)


def revert_run(state: State, run: str, actor: Actor, why: str) -> Published:
    """Take a run back: the prices before it hold again, of those it still decides. Open to whoever may roll back."""
    before, at = _may(state, run, actor, "rollback"), datetime.now(UTC)
    done = state.prices.revert(before, run_steps.revert(before, actor.who, why, at), at)
    return Published(state.price_runs.get(run), done)


def publish_by_rule(settings: Settings, state: State, run: str) -> Document:
    """Publish a run that nobody had to approve; one that waits for a person, or was published before, stays.

    While pricing is stopped it stays approved, for a person to publish.
    """
    before = state.price_runs.get(run)
    by_rule = before.status == "approved" and before.moved and before.approvers == (RULE,)
    if not by_rule or not _released(state, before) or standing_stops(settings, state, before.stores):
        return {"changed": 0}
    done = _publish(settings, state, before, RULE, "approved by rule", datetime.now(UTC)).done
    return {"changed": done.changed, "overtaken": done.overtaken, "capped": done.capped}


def publish_due(settings: Settings, state: State, at: datetime) -> list[str]:
    """Publish the scheduled runs whose time has come and return their ids.

    While pricing is stopped they wait; one that got too old meanwhile is rejected by rule.
    """
    published = []
    for run in state.price_runs.due(at):
        if standing_stops(settings, state, run.stores):
            continue
        try:
            _publish(settings, state, run, RULE, "its time has come", at)
        except ContractNotMet as error:
            state.price_runs.step(run, run_steps.reject(run, RULE, error.reason, at))
        except ShopkeeperError as error:  # such as another worker that was faster
            _log.warning("run_not_published", run=run.id, error=str(error))
        else:
            published.append(run.id)
    return published


def _released(state: State, run: PriceRun) -> bool:
    """Say whether a run's prices are a person's, or of a version whose rollout reached full."""
    return not run.model or run.model == state.registry.pointer(SYSTEM, "champion")


def _refuse_unreleased(state: State, run: PriceRun) -> None:
    if not _released(state, run):
        raise ContractNotMet(
            f"Run {run.id} is of {run.model}, which is not the version that sets prices.",
            f"Let it be proven first: `shopkeeper rollout start pricing {run.model}`; it tests approved runs and"
            " publishes one at its end.",
        )


def _publish(settings: Settings, state: State, run: PriceRun, who: str, why: str, at: datetime) -> Published:
    stopped = standing_stops(settings, state, run.stores)
    if stopped:
        raise ContractNotMet(
            f"Pricing is stopped: {'; '.join(stopped)}.", "Lift it first: `shopkeeper rollout lift pricing --why ...`."
        )
    after, held = run_steps.publish(run, who, why, _policy(settings), at), state.price_tests.held()
    if held:
        refuse_tested(state.price_runs.prices(run.id, moved=True, limit=run.moved), held)
    done = state.prices.publish(run, after, at)
    _log.info("prices_published", run=run.id, changed=done.changed, overtaken=done.overtaken, capped=done.capped)
    return Published(state.price_runs.get(run.id), done)


def standing_stops(settings: Settings, state: State, stores: Iterable[str]) -> list[str]:
    """Return in words what stops pricing in some stores."""
    named = set(stores)
    return [
        f"in {one.store or 'all stores'} by {one.person}, {one.reason}"
        for one in standing_orders(settings, state)
        if one.system in ("", SYSTEM) and (not one.store or one.store in named)
    ]


def _may(state: State, run: str, actor: Actor, right: Right) -> PriceRun:
    found = state.price_runs.get(run)
    for store in found.stores:
        actor.must(right, store)
    return found


def _policy(settings: Settings) -> RunPolicy:
    return load_policy(settings.workspace).runs
