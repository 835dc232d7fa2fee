"""What people do with a rollout: hold, resume, override, roll back, advance. Each is one audited change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from shopkeeper.engines.state import State
from shopkeeper.errors import UnknownRollout
from shopkeeper.rollout import stages
from shopkeeper.rollout.state import RolloutState
from shopkeeper.wiring.rollouts.in_the_shop import carry_out_in_shop
from shopkeeper.wiring.rollouts.judging import Judged, judge_and_act
from shopkeeper.wiring.rollouts.watch import MakeMeasuring
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

Change = Callable[[RolloutState, datetime], RolloutState]


def named_rollout(state: State, name: str) -> RolloutState:
    """Return a rollout by its id, or the newest one of a system by the system's name.

    Raises UnknownRollout where there is none.
    """
    found = next(iter(state.rollouts.newest(name, 1)), None)
    if found is not None:
        return found
    if name in ("recommendations", "pricing", "content"):
        raise UnknownRollout(f"There is no rollout of {name} yet.", f"Begin one: `shopkeeper rollout start {name}`.")
    return state.rollouts.get(name)


def hold_rollout(settings: Settings, name: str, person: str, reason: str) -> RolloutState:
    """Let a rollout go no further; harm is watched all the same."""
    return _changed(settings, name, person, f"held: {reason}", lambda one, at: stages.hold(one, person, reason, at))


def resume_rollout(settings: Settings, name: str, person: str, reason: str) -> RolloutState:
    """Let a held rollout go on."""
    return _changed(settings, name, person, f"resumed: {reason}", lambda one, _: stages.resume(one))


def roll_back(settings: Settings, name: str, person: str, reason: str) -> RolloutState:
    """Take a rollout back: what served before serves everybody within a second, and so do the prices from before."""
    what = f"rolled back: {reason}"
    return _changed(settings, name, person, what, lambda one, at: stages.roll_back(one, person, reason, at))


def override_gate(settings: Settings, name: str, person: str, reason: str, expires: datetime) -> RolloutState:
    """Let a rollout pass the gate of its present step, whatever that waits for; not harm, nor figures nobody can judge.

    The step is taken by the next look, or by `advance_rollout`.
    """
    what = f"override until {expires:%Y-%m-%d %H:%M} UTC: {reason}"
    return _changed(settings, name, person, what, lambda one, at: stages.override(one, person, reason, expires, at))


def advance_rollout(settings: Settings, name: str, person: str, reason: str, make_measuring: MakeMeasuring) -> Judged:
    """Ask the gate now, and go on where it allows; keeps the verdict either way."""
    with open_workspace_state(settings) as state:
        rollout = named_rollout(state, name)
        state.audit.write(person, "rollout.ask", {"rollout": rollout.id, "why": reason})
        done = judge_and_act(settings, state, make_measuring(settings, state), rollout, datetime.now(UTC))
        carry_out_in_shop(settings, state, done.state, datetime.now(UTC))
        return done


def _changed(settings: Settings, name: str, person: str, what: str, change: Change) -> RolloutState:
    with open_workspace_state(settings) as state:
        before = named_rollout(state, name)
        after = state.rollouts.step(before, change(before, datetime.now(UTC)), person, what)
        carry_out_in_shop(settings, state, after, datetime.now(UTC))
        return after
