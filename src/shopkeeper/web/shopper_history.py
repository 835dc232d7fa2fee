"""`GET /v1/users/{user}/history`: what one shopper did, for a person who says why they look; every look is audited."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from shopkeeper.web.answer import json_answer
from shopkeeper.web.signed_in import signed_in
from shopkeeper.wiring.serving import Serving
from shopkeeper.wiring.shopper_history import shopper_history

router = APIRouter(prefix="/v1", tags=["people"])
MOST = 200
"""Newest events shown."""


@router.get("/users/{user}/history", response_class=Response, summary="What one shopper did")
async def history(
    request: Request,
    user: Annotated[str, Path(min_length=1, max_length=200)],
    store: Annotated[str, Query(min_length=1, max_length=200)],
    why: Annotated[str, Query(min_length=3, max_length=2_000)],
    days: Annotated[float, Query(gt=0, le=3_660)] = 30.0,
) -> Response:
    """Return the newest events of a signed-in customer in a store; takes a person, and is audited first."""
    actor = await signed_in(request, "histories", store)
    serving: Serving = request.app.state.serving
    found = await asyncio.to_thread(
        shopper_history, serving.lake, serving.state, serving.catalogue, store=store, user=user,
        since=serving.now() - timedelta(days=days), most=MOST, who=actor.who, why=why,
    )  # fmt: skip
    return json_answer(found).response()
