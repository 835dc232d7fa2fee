"""Rollouts as a person reads them: where each version is, what the gate says, and what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from shopkeeper.people.person import Actor
from shopkeeper.people.roles import ALL
from shopkeeper.rollout.findings import Finding
from shopkeeper.web.control_room_offers import Steer, offers
from shopkeeper.web.locale_text import ago, utc
from shopkeeper.web.offer import Offer
from shopkeeper.wiring.rollouts.status import RolloutStatus, overview
from shopkeeper.wiring.rollouts.timeline import Entry, timeline
from shopkeeper.wiring.serving import Serving

SHOWN: Final = timedelta(days=28)
CHIPS: Final[Mapping[str, str]] = {
    "promote": "good", "hold": "", "rollback": "bad", "invalid": "warn",
    "passes": "good", "waits": "", "breaks": "bad",
}  # fmt: skip
"""Colour of a word of the gate, or of a check; the word itself stands in the chip."""
STATUS_CHIPS: Final[Mapping[str, str]] = {
    "running": "good", "held": "warn", "finished": "", "rolled_back": "bad", "stopped": "bad",
}  # fmt: skip
STEP_WORDS: Final[Mapping[str, str]] = {
    "shadow": "computed beside live requests and shown to nobody",
    "ab": "compared with as many shoppers of the control",
    "ramp": "compared with as many shoppers of the control, and proven here",
    "full": "shown to everybody outside the holdout",
}
PRICE_STEP_WORDS: Final[Mapping[str, str]] = {
    "shadow": "a run is computed and approved, and shown to nobody",
    "ab": "some clusters of goods switch between its prices and those that stand",
    "ramp": "all clusters of goods switch, and it is proven here",
    "full": "a run is published for everybody",
}
"""No two shoppers see two prices: goods switch over time."""


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of the ramp.

    Attributes:
        place: `past`, `here` or `ahead`.
    """

    stage: str
    share: str
    days: str
    words: str
    place: str


@dataclass(frozen=True, slots=True)
class RolloutView:
    """One rollout.

    Attributes:
        answer: Where it is and what comes next, in sentences.
        findings: The checks of the newest verdict.
        entries: What happened, newest first.
        offers: What the reader may do with it.
    """

    found: RolloutStatus
    answer: str
    steps: tuple[StepView, ...]
    findings: tuple[Finding, ...]
    entries: Sequence[Entry]
    offers: Sequence[Offer[Steer]]


def rollouts_values(serving: Serving, actor: Actor, now: datetime) -> dict[str, Any]:
    """Return what the page of rollouts shows and offers to somebody."""
    found = overview(serving.settings, serving.state, now)
    views = [_view(serving, actor, one, now) for one in found.rollouts]
    stores = [store.store for store in serving.catalogue.stores if actor.may("stop", store.store)]
    return {
        "views": views, "waiting": found.waiting, "stops": found.stops, "chips": CHIPS, "statuses": STATUS_CHIPS,
        "stop_stores": ([ALL] if actor.may("stop") else []) + stores, "error": None, "done": "",
        "headline": " ".join(view.answer for view in views),
    }  # fmt: skip


def _view(serving: Serving, actor: Actor, found: RolloutStatus, now: datetime) -> RolloutView:
    findings = () if found.verdict is None else found.verdict.read.findings
    entries = timeline(serving.settings, now - SHOWN, found.state.id)
    offered = offers(found.state, actor)
    return RolloutView(found, answer_of(found, now), _steps(found), findings, entries, offered)


def answer_of(found: RolloutStatus, now: datetime) -> str:
    """Return where a rollout is in sentences."""
    state = found.state
    share = f"{100 * state.ramp[state.step].share:g}%"
    against = f"version {state.control_version}" if state.control_version else "the rules"
    if state.ending is not None:
        over = {"rolled_back": "was taken back", "stopped": "was stopped", "finished": "made room for the next one"}
        said = over[state.status]
        return f"{state.system}: version {state.version} {said} {ago(state.ending.at, now)}: {state.ending.reason}"
    if state.stage == "full" and state.unit == "switchback":
        return f"{state.system}: version {state.version} sets the prices of everybody, and is watched."
    if state.stage == "full":
        return f"{state.system}: version {state.version} answers everybody outside the holdout, and is watched."
    where = f"{state.system}: version {state.version} is in {state.stage} at {share} against {against}."
    if state.held is not None:
        return f"{where} {state.held.person} holds it: {state.held.reason}."
    if found.frozen:
        return f"{where} Nothing moves now: {found.frozen}."
    return f"{where}{_next_gate(found)}"


def _next_gate(found: RolloutStatus) -> str:
    if found.override is not None:
        who, until = found.override.person, utc(found.override.expires)
        return f" {who} lets it pass this gate until {until}, unless it does harm: {found.override.reason}."
    after, when = found.next_step, found.earliest
    if after is None or when is None:
        return ""
    return f" The next gate leads to {after.stage} at {100 * after.share:g}%, at the earliest {utc(when)}."


def _steps(found: RolloutStatus) -> tuple[StepView, ...]:
    here, words = found.state.step, PRICE_STEP_WORDS if found.state.unit == "switchback" else STEP_WORDS
    return tuple(
        StepView(
            step.stage,
            f"{100 * step.share:g}%",
            f"{step.minimum_days:g}" if step.stage != "full" else "",
            words[step.stage],
            "past" if place < here else "here" if place == here else "ahead",
        )
        for place, step in enumerate(found.state.ramp)
    )
