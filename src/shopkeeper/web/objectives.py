"""`GET /v1/objectives`: what each system is for, and by which digest verdicts know it."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from msgspec import Struct
from starlette.responses import Response

from shopkeeper.objectives.contract import Objective
from shopkeeper.serving.ports import Scope
from shopkeeper.web.answer import json_answer
from shopkeeper.web.auth import authorise
from shopkeeper.web.events import FieldError
from shopkeeper.wiring.objectives import HeldObjective, Status, held_objectives
from shopkeeper.wiring.serving import Serving

router = APIRouter(prefix="/v1", tags=["objectives"])
NEEDS: Scope = "manage"


class ShownObjective(Struct, frozen=True):
    """The objective of one system.

    Attributes:
        system: Such as recommendations.
        status: `written` by the house, the shipped `example`, `missing`, or `broken`.
        digest: Hash of what it says, stored with every verdict; null where there is none.
        objective: What it says; null where it cannot be used.
        problems: What is wrong with its file.
    """

    system: str
    status: Status
    digest: str | None
    objective: Objective | None
    problems: tuple[FieldError, ...]


class ObjectivesAnswer(Struct, frozen=True):
    """Body of the answer of `GET /v1/objectives`.

    Attributes:
        objectives: One a system.
    """

    objectives: tuple[ShownObjective, ...]


@router.get("/objectives", response_class=Response, summary="What each system is for")
async def objectives(request: Request) -> Response:
    """Return the objective of every system, read from the files as they are now."""
    serving: Serving = request.app.state.serving
    await authorise(request.scope, serving.keys, NEEDS)
    held = await asyncio.to_thread(held_objectives, serving.settings)
    return json_answer(ObjectivesAnswer(tuple(map(_shown, held)))).response()


def _shown(held: HeldObjective) -> ShownObjective:
    digest = held.objective.digest if held.objective is not None else None
    problems = tuple(FieldError(one.field, one.reason, one.remedy) for one in held.problems)
    return ShownObjective(held.system, held.status, digest, held.objective, problems)
