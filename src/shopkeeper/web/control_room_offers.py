"""What a reader of the rollouts page may do with a rollout, and what comes of it, in words on the button."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from shopkeeper.people.person import Actor
from shopkeeper.people.roles import Right
from shopkeeper.rollout.state import RolloutState
from shopkeeper.web.offer import Offer

Steer = Literal["advance", "hold", "resume", "rollback"]
STEER_RIGHTS: Final[Mapping[Steer, Right]] = {
    "advance": "advance", "hold": "hold", "resume": "advance", "rollback": "rollback",
}  # fmt: skip
"""What each button takes, in all stores: a rollout goes to all of them."""
DONE: Final[Mapping[str, str]] = {
    "hold": "It is held: no step is taken until somebody resumes it.",
    "resume": "It goes on: the next look may take the next step.",
    "rollback": "It is taken back: what served before answers everybody.",
    "advanced": "The gate let it take its next step.",
    "asked": "The gate was asked and lets nothing move yet; its newest verdict stands below.",
    "ended": "The gate was asked and ended it; its verdict stands below.",
    "stopped": "Stopped: the fallback alone answers, until somebody lifts the order.",
    "stopped_here": "Stopped for processes that see this workspace; the state database did not take the order, so "
    "processes on other machines go on. Stop them there.",
    "lifted": "The order to stop is lifted.",
}
"""What the page says after a button, by the word in its address."""


def offers(state: RolloutState, actor: Actor) -> tuple[Offer[Steer], ...]:
    """Return what somebody may do with a rollout now; nothing where it is over or nobody signed in."""
    if not state.alive or actor.person is None:
        return ()
    possible = [_resume(state) if state.status == "held" else _hold(), _roll_back(state)]
    if state.next_step is not None and state.status != "held":
        possible.insert(0, _advance(state))
    return tuple(one for one in possible if actor.may(STEER_RIGHTS[one.action]))


def _advance(state: RolloutState) -> Offer[Steer]:
    step = state.next_step
    told = "" if step is None else f" Where it allows the step, {step.stage} begins at {100 * step.share:g}%."
    words = f"The gate judges what is logged now.{told} `shopkeeper work` asks it every minute anyway."
    return Offer("advance", "Ask the gate now", words, "Ask the gate")


def _hold() -> Offer[Steer]:
    words = "No step is taken until somebody resumes it. Harm is watched, and taken back, all the same."
    return Offer("hold", "Hold", words, "Hold it where it is")


def _resume(state: RolloutState) -> Offer[Steer]:
    held = state.held
    by = "" if held is None else f"{held.person} holds it: {held.reason}. "
    return Offer("resume", "Resume", f"{by}The next look may take the next step.", "Let it go on")


def _roll_back(state: RolloutState) -> Offer[Steer]:
    before = f"version {state.control_version}" if state.control_version else "the rules"
    share = 100 * state.ramp[state.step].share * (1 - state.holdout)
    button = f"Roll back: {share:.3g}% of shoppers get {before} within a second"
    if state.unit == "switchback":
        button = "Roll back: the prices from before hold again at once"
    if state.stage == "shadow":
        button = f"Roll back: version {state.version} is computed no more; no shopper saw it"
    words = "It stays over: to try this version again takes a new rollout, with a new test."
    return Offer("rollback", "Roll back", words, button, danger=True)
