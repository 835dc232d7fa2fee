"""How a rollout goes up its ramp, or back: a state and a verdict give the next state. Pure.

Laws: a step is left upwards only by a verdict `promote`, or by a person's override of a verdict `hold`, one step at a
time; `invalid` and a hold move nothing; `rollback` ends it from any step, held or not; what is over never changes.
In a step `ramp` a promotion needs a look at the primary KPI, and there is one a day (UTC), so that watching harm by the
minute spends nothing of the test's alpha.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from shopkeeper.errors import ContractNotMet, InputError
from shopkeeper.experiments.live_test import CONTROL, TREATMENT, LiveTest, TestArm
from shopkeeper.rollout.findings import Verdict
from shopkeeper.rollout.state import Allocation, Ending, Hold, Override, RolloutState

GATE: Final = "gate"
"""Who acts where the figures decide."""


def after(state: RolloutState, verdict: Verdict, now: datetime) -> RolloutState:
    """Return the state after a verdict; the same one where the verdict changes nothing."""
    if not state.alive or verdict.word == "invalid":
        return state
    if verdict.word == "rollback":
        return _ended(state, "rolled_back", GATE, verdict.why, now)
    look = look_due(state, now)
    looked = _looked(state, verdict, now) if look else state
    if state.status == "held" or state.next_step is None:
        return looked
    if verdict.word == "promote":
        return _risen(looked, now) if look or state.stage != "ramp" else looked
    override = open_override(state, now)
    return looked if override is None else _risen(_used(looked, override, now), now)


def look_due(state: RolloutState, now: datetime) -> bool:
    """Return whether the next verdict is a look at the primary KPI: the day's first, where proof is asked for."""
    if state.stage != "ramp" or state.status != "running":
        return False
    return state.looked_at is None or now.astimezone(UTC).date() > state.looked_at.astimezone(UTC).date()


def open_override(state: RolloutState, now: datetime) -> Override | None:
    """Return the override that may be used in this step now."""
    fits = (one for one in reversed(state.overrides) if one.step == state.step and one.used is None)
    return next((one for one in fits if now < one.expires), None)


def hold(state: RolloutState, person: str, reason: str, now: datetime) -> RolloutState:
    """Return the state held by a person. Raises ContractNotMet where it is over."""
    _must_be_alive(state)
    return replace(state, status="held", held=Hold(person=person, reason=_said(reason), at=now))


def resume(state: RolloutState) -> RolloutState:
    """Return the state going on. Raises ContractNotMet where it is over; InputError where nobody holds it."""
    _must_be_alive(state)
    if state.status != "held":
        raise InputError(f"Rollout {state.id} is not held.", "See where it is: `shopkeeper rollout status`.")
    return replace(state, status="running", held=None)


def override(state: RolloutState, person: str, reason: str, expires: datetime, now: datetime) -> RolloutState:
    """Return the state with the right to pass the gate of its present step, whatever it waits for, until `expires`.

    Raises:
        ContractNotMet: it is over.
        InputError: no reason, a time that is past, or no step above.
    """
    _must_be_alive(state)
    if state.next_step is None:
        raise InputError(f"Rollout {state.id} serves everybody already.", "There is no gate left to pass.")
    if expires <= now:
        raise InputError(f"The override would expire at {expires:%Y-%m-%d %H:%M}, which is past.", "Name a later time.")
    given = Override(person=person, reason=_said(reason), at=now, expires=expires, step=state.step)
    return replace(state, overrides=(*state.overrides, given))


def roll_back(state: RolloutState, person: str, reason: str, now: datetime) -> RolloutState:
    """Return the state taken back by a person. Raises ContractNotMet where it is over."""
    _must_be_alive(state)
    return _ended(state, "rolled_back", person, _said(reason), now)


def give_up(state: RolloutState, person: str, reason: str, now: datetime) -> RolloutState:
    """Return the state when another begins: one that serves everybody is finished, any other is stopped."""
    _must_be_alive(state)
    return _ended(state, "finished" if state.stage == "full" else "stopped", person, reason, now)


def live_test(state: RolloutState) -> LiveTest | None:
    """Return what serving processes are told; None where they have nothing to know of it.

    One that was taken back leaves its holdout behind as long as a model serves: those units stay out of every test.
    """
    if state.status == "finished" or (not state.alive and not state.control_version):
        return None
    told = LiveTest(
        test=state.id, kind="rollout", system=state.system, unit=state.unit, seed=state.id,
        epoch=state.epochs[-1].number, holdout=state.holdout, forced=state.forced if state.alive else {},
    )  # fmt: skip
    if not state.alive:
        return told
    share = state.ramp[state.step].share
    if state.stage == "shadow":
        return replace(told, shadow_version=state.version, shadow_share=share)
    treatment = TestArm(name=TREATMENT, share=share, version=state.version)
    if state.stage == "full":  # it compares nothing any more, and leaves units to experiments
        return replace(told, arms=(treatment,))
    return replace(told, arms=(TestArm(name=CONTROL, share=share, version=state.control_version), treatment))


def _risen(state: RolloutState, now: datetime) -> RolloutState:
    step = state.ramp[state.step + 1]
    epoch = Allocation(number=state.epochs[-1].number + 1, stage=step.stage, share=step.share, since=now)
    return replace(state, step=state.step + 1, stage_since=now, epochs=(*state.epochs, epoch))


def _used(state: RolloutState, override: Override, now: datetime) -> RolloutState:
    marked = (replace(one, used=now) if one == override else one for one in state.overrides)
    return replace(state, overrides=tuple(marked))


def _ended(state: RolloutState, status: str, person: str, reason: str, now: datetime) -> RolloutState:
    ending = Ending(person=person, reason=reason, at=now)
    # Shares change for the last time, so decisions made from now on belong to no earlier allocation.
    epoch = replace(state.epochs[-1], number=state.epochs[-1].number + 1, share=0.0, since=now)
    return replace(state, status=status, held=None, ending=ending, epochs=(*state.epochs, epoch))


def _looked(state: RolloutState, verdict: Verdict, now: datetime) -> RolloutState:
    """Return the state with this look; its share of information is kept where there is more than at the last one."""
    seen = next((one.figures.get("fraction") for one in verdict.findings if one.check.startswith("primary")), None)
    if not seen:
        return state
    looks = (*state.looks, seen) if seen > max(state.looks, default=0.0) else state.looks
    return replace(state, looks=looks, looked_at=now)


def _must_be_alive(state: RolloutState) -> None:
    if not state.alive:
        why = f": {state.ending.reason}" if state.ending else ""
        raise ContractNotMet(
            f"Rollout {state.id} is over ({state.status.replace('_', ' ')}{why}).",
            "Start another with `rollout start`.",
        )


def _said(reason: str) -> str:
    if not reason.strip():
        raise InputError("A reason is missing.", "Say why in a few words; it is kept with the decision.")
    return reason.strip()
