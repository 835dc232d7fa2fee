"""The gate asked about one rollout at one moment: figures gathered, judged, and acted on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State
from shopkeeper.quality.verdict import QualityVerdict, latest_verdict
from shopkeeper.rollout.evidence import DataState, Evidence
from shopkeeper.rollout.ports import Measured, Measuring
from shopkeeper.rollout.record import JudgedVerdict
from shopkeeper.rollout.stages import GATE, after
from shopkeeper.rollout.state import RolloutState
from shopkeeper.rollout.verdict import decide
from shopkeeper.wiring.freezes import frozen
from shopkeeper.wiring.objectives import held_objective
from shopkeeper.wiring.settings import Settings

KEEP_EVERY: Final = timedelta(days=1)
"""A verdict that says the same as the last one is kept once in this time."""
_WORST: Final = ("fail", "warn", "pass")


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a look at one rollout.

    Attributes:
        state: As it is kept now.
        effect: What was done, in words.
    """

    state: RolloutState
    judged: JudgedVerdict
    effect: str


def judge(settings: Settings, state: State, measuring: Measuring, rollout: RolloutState, at: datetime) -> JudgedVerdict:
    """Gather what is known of a rollout and return what the gate says; changes nothing."""
    evidence = gathered(settings, state, rollout, measuring.measure(rollout, at), at)
    return JudgedVerdict(rollout.objective, evidence, decide(rollout.objective, evidence))


def judge_and_act(
    settings: Settings, state: State, measuring: Measuring, rollout: RolloutState, at: datetime
) -> Judged:
    """Judge a rollout, keep the verdict where it is worth it, and do what it says.

    Raises:
        ChangedMeanwhile: somebody else changed the rollout; nothing was changed here.
    """
    judged = judge(settings, state, measuring, rollout, at)
    then = after(rollout, judged.verdict, at)
    effect = effect_of(rollout, then)
    kept = rollout
    if then != rollout or _new(state, rollout, judged):
        kept = state.rollouts.step(rollout, then, GATE, effect, judged)
    state.rollouts.note_watch(rollout.id, at, judged.verdict.word)
    return Judged(kept, judged, effect)


def gathered(settings: Settings, state: State, rollout: RolloutState, measured: Measured, at: datetime) -> Evidence:
    """Return everything the gate may know about a rollout at one moment."""
    now = held_objective(settings, rollout.system).objective
    return Evidence(
        rollout=rollout.id,
        system=rollout.system,
        version=rollout.version,
        control_version=rollout.control_version,
        at=at,
        stage=rollout.stage,
        stage_since=rollout.stage_since,
        objective="" if now is None else now.digest,
        plan=rollout.plan,
        epochs=measured.epochs,
        looks=rollout.looks,
        control=measured.control,
        treatment=measured.treatment,
        shadow=measured.shadow,
        data=data_state(state, measured.newest),
        freeze=frozen(settings, state, rollout.system, at),
        prices=measured.prices,
    )


def data_state(state: State, newest: datetime | None) -> DataState:
    """Return what the last checks say: the worst of all stores that were ever checked."""
    stores = (cast("Store", found.row).store for found in state.tables.scan(STORES))
    verdicts: list[QualityVerdict] = [one for store in stores if (one := latest_verdict(state.reports, store))]
    if not verdicts:
        return DataState(newest=newest)
    quality = min((one.status for one in verdicts), key=_WORST.index)
    failing = sorted({name for one in verdicts for name in one.failed})
    return DataState(quality=quality, newest=newest, failing=tuple(failing))


def effect_of(before: RolloutState, then: RolloutState) -> str:
    """Return in words what a state became."""
    if then.step > before.step:
        return f"advanced to {then.stage} ({100 * then.ramp[then.step].share:g}%)"
    if then.status != before.status:
        return then.status.replace("_", " ")
    return "a look was taken" if then != before else "nothing"


def _new(state: State, rollout: RolloutState, judged: JudgedVerdict) -> bool:
    """Return whether a verdict says what the one kept last did not, is the first of its stage, or that one is old."""
    last = next(iter(state.rollouts.verdicts(rollout.id, limit=1)), None)
    if last is None or (last.word, last.stage) != (judged.verdict.word, judged.evidence.stage):
        return True
    return judged.evidence.at - last.at >= KEEP_EVERY
