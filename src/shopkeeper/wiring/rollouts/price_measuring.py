"""What is known of a rollout of prices at one moment: the run to go on with, and the test of its present step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import numpy as np

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import InputError
from shopkeeper.experiments.analysis_record import Estimate
from shopkeeper.experiments.log_record import ExperimentRecord
from shopkeeper.experiments.switchback import SwitchbackDesign
from shopkeeper.experiments.switchback_effect import first_blocks
from shopkeeper.experiments.switchback_plan import MEASURED
from shopkeeper.pricing.house.records import ALWAYS, aware
from shopkeeper.pricing.policy.policy_file import load_policy
from shopkeeper.pricing.price_tests.measured import cells_of, effect_on
from shopkeeper.pricing.proposal import Span
from shopkeeper.pricing.runs.price_run import PriceRun
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.rollout.evidence import Stage
from shopkeeper.rollout.ports import Measured
from shopkeeper.rollout.price_evidence import PriceEffect, PriceEvidence, PriceRunSeen, PriceTestSeen, Promise
from shopkeeper.rollout.state import RolloutState
from shopkeeper.wiring.price_tests.drawing import reading
from shopkeeper.wiring.price_tests.running import HowLong, Looked, how_long, look_at
from shopkeeper.wiring.rollouts.price_plan import last_start
from shopkeeper.wiring.settings import Settings

SEEN: Final = "price_rollout_seen"
"""Kind of report that holds the figures of a step's test: read again when another day is over, not each minute."""
TROUBLE: Final = "price_rollout_trouble"
"""Kind of report that says why a step cannot be made good."""
RECENT: Final = timedelta(days=7)
"""A run that was computed so long before a step may still be the one to go on with, if the policy calls it good."""
_TESTED: Final[tuple[Stage, ...]] = ("ab", "ramp")
_NOTHING: Final = Span(0.0, 0.0, 0.0)


def measure_prices(settings: Settings, state: State, rollout: RolloutState, at: datetime) -> Measured:
    """Return the figures of a rollout of prices. Raises Unavailable where the sales cannot be read."""
    test = seen_test(settings, state, rollout, at) if rollout.stage in _TESTED else None
    published = published_run(state, rollout)
    evidence = PriceEvidence(
        run=run_to_go_on_with(settings, state, rollout), test=test, in_the_way=in_the_way(state, rollout),
        published="" if published is None else published.id,
        mismatched=0 if published is None else state.prices.how_far([published.id])[published.id].mismatch,
    )  # fmt: skip
    return Measured(newest=_newest_event(settings, at), prices=evidence)


def name_of_test(rollout: RolloutState, step: int | None = None) -> str:
    """Return the name of the test of a step of a rollout, the present one where none is named."""
    return f"{rollout.id}-{rollout.step if step is None else step}"


def record_of(state: State, name: str) -> ExperimentRecord | None:
    """Return the experiment of that name; None where it has not begun."""
    try:
        return state.experiments.get(name)
    except InputError:
        return None


def run_to_go_on_with(settings: Settings, state: State, rollout: RolloutState) -> PriceRunSeen | None:
    """Return the newest run of the version in every store since the present step needs one; None where none is there.

    A step with a test needs one once that is over: until then the run would leave its goods as they are.
    """
    since = needs_run_since(state, rollout)
    stores = {row.row.store for row in state.tables.scan(STORES) if isinstance(row.row, Store)}
    if since is None:
        return None
    for run in state.price_runs.newest(200):
        own_turn = run.id.startswith(rollout.id)
        if run.model == rollout.version and run.at >= since and not own_turn and stores <= set(run.stores):
            limit = run.at + timedelta(hours=load_policy(settings.workspace).runs.good_hours)
            tested = rollout.next_step is not None and rollout.next_step.stage in _TESTED
            return _seen_run(run, last_start(state, limit) if tested else limit)
    return None


def needs_run_since(state: State, rollout: RolloutState) -> datetime | None:
    """Return since when the step needs a run to go on with; None while its test goes on, and at full once published."""
    if rollout.stage == "shadow":
        return rollout.stage_since - RECENT
    if rollout.stage == "full":
        return None if published_run(state, rollout) is not None else rollout.stage_since - RECENT
    record = record_of(state, name_of_test(rollout))
    return rollout.stage_since - RECENT if record is None else record.stopped_at


def published_run(state: State, rollout: RolloutState) -> PriceRun | None:
    """Return the newest run of the version that holds for everybody since the rollout reached full."""
    if rollout.stage != "full":
        return None
    return next(iter(published_runs(state, rollout)), None)


def published_runs(state: State, rollout: RolloutState) -> list[PriceRun]:
    """Return the runs of the version that hold for everybody, published since the rollout began, newest first."""
    return [
        run
        for run in state.price_runs.newest(200)
        if run.model == rollout.version and run.status == "published" and not run.id.startswith(rollout.id)
        and run.at >= rollout.started_at - RECENT
    ]  # fmt: skip


def in_the_way(state: State, rollout: RolloutState) -> str:
    """Return why the present step could not be made good at the last try; empty where nothing was in the way."""
    return str(trouble_of(state, rollout).get("why", ""))


def trouble_of(state: State, rollout: RolloutState) -> Mapping[str, Any]:
    """Return what the last try to make the present step good ran into, and when; empty where nothing is known."""
    newest = next((one for one in state.reports.latest(TROUBLE) if one.body["rollout"] == rollout.id), None)
    return newest.body if newest is not None and newest.body["step"] == rollout.step else {}


def seen_test(settings: Settings, state: State, rollout: RolloutState, at: datetime) -> PriceTestSeen | None:
    """Return the test of the present step, its figures as they were when the last of its days was over."""
    name = name_of_test(rollout)
    record = record_of(state, name)
    if record is None:
        return None
    long = how_long(state, name, at)
    over = state.price_tests.get(name).state == "over"
    key = [long.days_over, long.blocks_matured, over]
    kept = next((one for one in state.reports.latest(SEEN) if one.body["test"] == name), None)
    if kept is not None and kept.body["key"] == key:
        return msgspec.convert(kept.body["seen"], PriceTestSeen)
    found = _read_test(settings, state, rollout, record, long, at)
    state.reports.save(SEEN, {"test": name, "key": key, "seen": msgspec.to_builtins(found)})
    return found


def _read_test(
    settings: Settings, state: State, rollout: RolloutState, record: ExperimentRecord, long: HowLong, at: datetime
) -> PriceTestSeen:
    test, seen = state.price_tests.get(record.name), look_at(settings, state, record.name, at)
    design, plan = test.design, record.plan
    matured = first_blocks(design, long.blocks_matured)
    return PriceTestSeen(
        test=record.name, over=test.state == "over", days=design.days, days_over=long.days_over, cells=cells_of(design),
        cells_matured=cells_of(matured), price_days=seen.validity.price_days,
        wrong_days=seen.validity.otherwise + seen.validity.mismatched, reasons=seen.validity.reasons,
        proof=tuple(_effect(one, matured, seen, plan.stopping.alpha) for one in plan.metrics),
        harm=_harm(rollout, first_blocks(design, long.blocks_over), seen, len(design.coins[0])),
    )  # fmt: skip


def _harm(rollout: RolloutState, design: SwitchbackDesign, seen: Looked, blocks: int) -> tuple[PriceEffect, ...]:
    """Return the effects of the rollback criteria; each is looked at once a block, and shares its alpha among them."""
    return tuple(
        _effect(one.metric, design, seen, 2 * one.alpha / (blocks * sum(s.stage in _TESTED for s in rollout.ramp)))
        for one in rollout.objective.rollback
        if one.metric in MEASURED
    )


def _effect(metric: str, design: SwitchbackDesign, seen: Looked, alpha: float) -> PriceEffect:
    adjusted, unadjusted = effect_on(metric, design, seen.during, seen.before, alpha)
    found: Estimate = adjusted or unadjusted
    return PriceEffect(
        metric=metric, control=found.control, value=found.value, relative=found.relative, low=found.fixed.low,
        high=found.fixed.high, alpha=alpha, reason=found.reason,
    )  # fmt: skip


def _seen_run(run: PriceRun, good_until: datetime) -> PriceRunSeen:
    return PriceRunSeen(
        run=run.id, at=run.at, status=run.status, why=run.steps[-1].why if run.steps else "", good_until=good_until,
        prices=run.prices, moved=run.moved, promises=tuple(_promises(run)),
    )  # fmt: skip


def _promises(run: PriceRun) -> Sequence[Promise]:
    found = []
    for currency, lift in sorted(run.lifts.items()):
        margin = run.margin_changes.get(currency, _NOTHING)
        chances = [one.chance for one in run.targets if one.currency == currency]
        found.append(
            Promise(
                currency=currency, objective=run.objective, low=lift.low, expected=lift.expected, high=lift.high,
                margin_low=margin.low, margin_expected=margin.expected, margin_high=margin.high,
                surest_miss=min(chances, default=1.0),
            )
        )  # fmt: skip
    return found


def _newest_event(settings: Settings, at: datetime) -> datetime | None:
    query = NamedQuery.load("shopkeeper.experiments", "newest_event")
    with reading(settings) as warehouse:
        (newest,) = warehouse.fetch(query, since=ALWAYS, until=at)["event_ts"]
    return None if newest is None or np.isnat(newest) else aware(newest)
