"""`/v1/stops`: a system answers by its fallback alone, on every process within a second, until the order is lifted."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request
from msgspec import Meta, Struct
from starlette.responses import Response

from shopkeeper.experiments.live_test import StopOrder
from shopkeeper.people.roles import ALL
from shopkeeper.web.answer import json_answer
from shopkeeper.web.rollouts import Reason, read_form, settings_of
from shopkeeper.web.signed_in import signed_in
from shopkeeper.wiring.rollouts.stop import Stopped, lift_stop, stop

router = APIRouter(prefix="/v1", tags=["rollouts"])


class StopBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /v1/stops` and of `DELETE /v1/stops`, which names an order as it was given.

    Attributes:
        why: Kept with the order and in the audit.
        system: What is stopped; empty = every system.
        store: Where; empty = everywhere.
    """

    why: Reason
    system: Annotated[str, Meta(max_length=60)] = ""
    store: Annotated[str, Meta(max_length=200)] = ""


class StopsAnswer(Struct, frozen=True):
    """Body of the answer.

    Attributes:
        stops: Every order that holds now.
        not_in_state: Why the state database did not take it; null = it did. Processes that see this folder obey anyway.
    """

    stops: tuple[StopOrder, ...]
    not_in_state: str | None


@router.post("/stops", response_class=Response, summary="Stop a system")
async def give(request: Request) -> Response:
    """Let a system answer by its fallback alone: rules, last good prices and published texts; also after a restart."""
    actor = await signed_in(request, "view")
    body = await read_form(request, StopBody)
    actor.must("stop", body.store or ALL)
    done = await asyncio.to_thread(stop, settings_of(request), body.system, body.store, actor.who, body.why)
    return json_answer(_answer(done)).response()


@router.delete("/stops", response_class=Response, summary="Let a stopped system answer again")
async def lift(request: Request) -> Response:
    """End the order for exactly this system and store; takes an operator."""
    actor = await signed_in(request, "view")
    body = await read_form(request, StopBody)
    actor.must("advance", body.store or ALL)
    done = await asyncio.to_thread(lift_stop, settings_of(request), body.system, body.store, actor.who, body.why)
    return json_answer(_answer(done)).response()


def _answer(done: Stopped) -> StopsAnswer:
    return StopsAnswer(done.orders, done.not_in_state)
