"""The buttons of the rollouts page: each carries the person who signed in, and a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from shopkeeper.errors import NotAllowed, ShopkeeperError
from shopkeeper.people.person import Actor
from shopkeeper.people.roles import ALL
from shopkeeper.web.control_room import room_page
from shopkeeper.web.control_room_offers import STEER_RIGHTS, Steer
from shopkeeper.web.control_room_rollouts import rollouts_values
from shopkeeper.web.form import reason_of, sent_fields
from shopkeeper.web.problem import status_of
from shopkeeper.web.rollouts import settings_of
from shopkeeper.web.room_door import RoomRoute, reader
from shopkeeper.web.signed_in import cookie_name
from shopkeeper.wiring.evidence import MeasuredRollouts
from shopkeeper.wiring.rollouts import acts
from shopkeeper.wiring.rollouts.stop import lift_stop, stop
from shopkeeper.wiring.serving import Serving
from shopkeeper.wiring.settings import Settings

router = APIRouter(include_in_schema=False, route_class=RoomRoute)
PAGE = "/control-room/rollouts"
Fields = dict[str, str]


@router.post(PAGE + "/{rollout}/{action}")
async def steer(request: Request, rollout: str, action: Steer) -> Response:
    """Ask the gate, hold, resume or roll back."""

    def do(actor: Actor, fields: Fields) -> str:
        actor.must(STEER_RIGHTS[action])
        return _steered(settings_of(request), rollout, action, actor.who, fields)

    return await _done(request, do)


@router.post("/control-room/stops")
async def give(request: Request) -> Response:
    """Let a system answer by its fallback alone."""

    def do(actor: Actor, fields: Fields) -> str:
        system, store = fields.get("system", ""), fields.get("store", "")
        actor.must("stop", store or ALL)
        done = stop(settings_of(request), system, store, actor.who, reason_of(fields))
        return "stopped" if done.not_in_state is None else "stopped_here"

    return await _done(request, do)


@router.post("/control-room/stops/lift")
async def lift(request: Request) -> Response:
    """End an order to stop, named as it was given."""

    def do(actor: Actor, fields: Fields) -> str:
        system, store = fields.get("system", ""), fields.get("store", "")
        actor.must("advance", store or ALL)
        lift_stop(settings_of(request), system, store, actor.who, reason_of(fields))
        return "lifted"

    return await _done(request, do)


async def _done(request: Request, do: Callable[[Actor, Fields], str]) -> Response:
    """Do it for whoever signed in, and show the page; where it is refused, the page with the reason on top."""
    actor = reader(request)
    if actor.person is None:
        raise NotAllowed(
            "To steer a rollout takes somebody who signed in, so that it carries a name.",
            "Sign in at /control-room/sign-in. Where nobody can yet, make the first person: `shopkeeper people add`; "
            "`shopkeeper rollout` works at a terminal meanwhile.",
        )
    try:
        fields = await sent_fields(request, request.cookies.get(cookie_name(request)))
        word = await asyncio.to_thread(do, actor, fields)
    except NotAllowed:
        raise  # the door has a page for it
    except ShopkeeperError as error:
        return await _refused(request, error)
    return RedirectResponse(f"{PAGE}?done={word}", 303, {"Cache-Control": "no-store"})


async def _refused(request: Request, error: ShopkeeperError) -> Response:
    serving: Serving = request.app.state.serving
    now = datetime.now(UTC)
    values = await asyncio.to_thread(rollouts_values, serving, reader(request), now)
    return room_page(request, "rollouts", {**values, "error": error}, status=status_of(error) or 500)


def _steered(settings: Settings, rollout: str, action: Steer, who: str, fields: Fields) -> str:
    if action == "advance":
        judged = acts.advance_rollout(settings, rollout, who, reason_of(fields), MeasuredRollouts)
        if judged.effect.startswith("advanced"):
            return "advanced"
        return "asked" if judged.state.alive else "ended"
    change = {"hold": acts.hold_rollout, "resume": acts.resume_rollout, "rollback": acts.roll_back}[action]
    change(settings, rollout, who, reason_of(fields))
    return action
