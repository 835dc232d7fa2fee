"""`/v1/rollouts`: how versions go to shoppers, and what people do with that. A person or a key, each as they may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from fastapi import APIRouter, Request
from msgspec import Meta, Struct
from starlette.responses import Response

from shopkeeper.errors import FieldProblem, RequestRejected
from shopkeeper.people.roles import Right
from shopkeeper.rollout.state import RolloutState
from shopkeeper.web.answer import json_answer
from shopkeeper.web.limits import read_body
from shopkeeper.web.signed_in import signed_in
from shopkeeper.wiring.evidence import MeasuredRollouts
from shopkeeper.wiring.rollouts import acts, status
from shopkeeper.wiring.rollouts.foresight import foresight_of
from shopkeeper.wiring.rollouts.start import Start, start_rollout
from shopkeeper.wiring.serving import Serving
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state

router = APIRouter(prefix="/v1", tags=["rollouts"])
Action = Literal["advance", "hold", "resume", "rollback", "override"]
RIGHTS: dict[Action, Right] = {
    "advance": "advance", "hold": "hold", "resume": "advance", "rollback": "rollback", "override": "override",
}  # fmt: skip
"""What each action takes."""
BODY_BYTES = 100_000
BodyT = TypeVar("BodyT", bound=Struct)
Reason = Annotated[str, Meta(min_length=1, max_length=2_000)]


class StartBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /v1/rollouts`.

    Attributes:
        system: Such as recommendations.
        version: None = the challenger.
        why: Kept with the rollout.
        units_per_arm: Matured units of one arm at which the test ends; of pricing cells, a cluster of goods in a
            period; None = planned from the last weeks.
        unblessed: Why a version goes to shoppers that training did not bless; takes an admin.
        forced: Arm by unit, for testers.
    """

    system: Annotated[str, Meta(min_length=1, max_length=60)]
    version: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    why: Annotated[str, Meta(max_length=2_000)] = ""
    units_per_arm: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    unblessed: Annotated[str, Meta(max_length=2_000)] = ""
    forced: dict[str, Literal["control", "treatment"]] = {}


class ActionBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of an action on a rollout.

    Attributes:
        why: Kept with the rollout and in the audit.
        until: When an override lapses; None = in 24 hours.
    """

    why: Reason
    until: datetime | None = None


class RolloutAnswer(Struct, frozen=True, kw_only=True):
    """One rollout after something was done to it.

    Attributes:
        rollout: Its id.
        control_version: What served when it began; empty = the rules.
        status: running, held, finished, rolled_back or stopped.
        stage: shadow, ab, ramp or full.
        users_per_arm: Matured units of one arm at which the test ends; of pricing cells.
        revision: Counts its changes.
        effect: What was done, in words.
        word: What the gate said; null where it was not asked.
        why: Why, in the gate's words; null where it was not asked.
    """

    rollout: str
    system: str
    version: str
    control_version: str
    status: str
    stage: str
    users_per_arm: int
    revision: int
    effect: str
    word: str | None = None
    why: str | None = None


class RolloutsAnswer(Struct, frozen=True):
    """Body of the answer of `GET /v1/rollouts`.

    Attributes:
        rollouts: The newest of each system: stage, share, newest verdict, next gate and its earliest time.
        waiting: Blessed versions that no rollout has begun with.
        stops: Orders that systems answer by their fallback alone.
    """

    rollouts: tuple[dict[str, Any], ...]
    waiting: tuple[dict[str, Any], ...]
    stops: tuple[dict[str, Any], ...]


class RolloutDetails(Struct, frozen=True):
    """Body of the answer of `GET /v1/rollouts/{rollout}`.

    Attributes:
        rollout: Everything known of it.
        verdicts: The newest 200 verdicts kept, newest first.
    """

    rollout: dict[str, Any]
    verdicts: tuple[dict[str, Any], ...]


class ExplainedVerdict(Struct, frozen=True):
    """Body of the answer of `GET /v1/rollouts/{rollout}/verdicts/{number}`.

    Attributes:
        same: Made again from its own evidence, it is the same to the last bit.
        verdict: With every check it made.
    """

    same: bool
    verdict: dict[str, Any]


@router.get("/rollouts", response_class=Response, summary="Where every rollout is")
async def rollouts(request: Request) -> Response:
    """Return the newest rollout of each system, what waits to begin and what is stopped."""
    await signed_in(request, "view")
    found = await asyncio.to_thread(status.rollout_overview, settings_of(request))
    return json_answer(found.document()).response()


@router.post("/rollouts", response_class=Response, summary="Begin a rollout")
async def begin(request: Request) -> Response:
    """Begin with a version in the first step of the ramp; takes an operator, for an unblessed version an admin."""
    actor = await signed_in(request, "advance")
    body = await read_form(request, StartBody)
    if body.unblessed:
        actor.must("override")
    asked = Start(body.version, body.why, body.units_per_arm, body.unblessed, dict(body.forced))
    settings = settings_of(request)
    begun = await asyncio.to_thread(start_rollout, settings, body.system, asked, actor.who, foresight_of(settings))
    return json_answer(_answer(begun, "begun"), 201).response()


@router.get("/rollouts/{rollout}", response_class=Response, summary="One rollout with its verdicts")
async def details(request: Request, rollout: str) -> Response:
    """Return one rollout, by its id or its system's name (then its newest), with its newest verdicts."""
    await signed_in(request, "view")
    return json_answer(await asyncio.to_thread(_details, settings_of(request), rollout)).response()


@router.get(
    "/rollouts/{rollout}/verdicts/{number}", response_class=Response, summary="One verdict, made again and compared"
)
async def verdict(request: Request, rollout: str, number: int) -> Response:
    """Make a verdict again from the evidence kept with it."""
    await signed_in(request, "view")
    found = await asyncio.to_thread(status.explain, settings_of(request), f"{rollout}/{number}")
    document = status.verdict_document(found.record)
    return json_answer({"same": found.recomputed.same, "verdict": document}).response()


@router.post("/rollouts/{rollout}/{action}", response_class=Response, summary="Do something with a rollout")
async def act(request: Request, rollout: str, action: Action) -> Response:
    """Ask the gate (`advance`), hold, resume, roll back, or override one gate for a time, each with its reason."""
    actor = await signed_in(request, RIGHTS[action])
    body = await read_form(request, ActionBody)
    settings = settings_of(request)
    if action == "advance":
        asked = partial(acts.advance_rollout, settings, rollout, actor.who, body.why, MeasuredRollouts)
        found = await asyncio.to_thread(asked)
        said = found.judged.verdict
        return json_answer(_answer(found.state, found.effect, said.word, said.why)).response()
    until = body.until or datetime.now(UTC) + timedelta(days=1)
    done: dict[Action, Callable[[], RolloutState]] = {
        "hold": lambda: acts.hold_rollout(settings, rollout, actor.who, body.why),
        "resume": lambda: acts.resume_rollout(settings, rollout, actor.who, body.why),
        "rollback": lambda: acts.roll_back(settings, rollout, actor.who, body.why),
        "override": lambda: acts.override_gate(settings, rollout, actor.who, body.why, until.astimezone(UTC)),
    }
    return json_answer(_answer(await asyncio.to_thread(done[action]), action)).response()


def _details(settings: Settings, name: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    with open_workspace_state(settings) as state:
        rollout = acts.named_rollout(state, name)
        return {
            "rollout": status.status_of(settings, state, rollout, now).document(),
            "verdicts": [status.verdict_document(one) for one in state.rollouts.verdicts(rollout.id)],
        }


def _answer(state: RolloutState, effect: str, word: str | None = None, why: str | None = None) -> RolloutAnswer:
    return RolloutAnswer(
        rollout=state.id, system=state.system, version=state.version, control_version=state.control_version,
        status=state.status, stage=state.stage, users_per_arm=state.plan.users_per_arm, revision=state.revision,
        effect=effect, word=word, why=why,
    )  # fmt: skip


def settings_of(request: Request) -> Settings:
    """Return the settings of the workspace that is served."""
    serving: Serving = request.app.state.serving
    return serving.settings


async def read_form(request: Request, form: type[BodyT]) -> BodyT:
    """Return a body by its form. Raises RequestRejected."""
    sent = await read_body(request.scope, request.receive, BODY_BYTES)
    try:
        return msgspec.json.decode(sent, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problem = FieldProblem("$", str(error), "See /docs for the body of this route.")
        raise RequestRejected(f"The body cannot be used: {error}.", "Mend it; see /docs.", (problem,)) from error
