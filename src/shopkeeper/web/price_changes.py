"""`GET /v1/prices/changes`: which prices changed, for the shop to set."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from msgspec import Struct
from starlette.responses import Response

from shopkeeper.pricing.runs.told_change import ToldChange, told
from shopkeeper.web.answer import json_answer
from shopkeeper.web.auth import authorise, check_store, default_store
from shopkeeper.web.prices import NEEDS_TO_SET
from shopkeeper.wiring.serving import Serving

router = APIRouter(prefix="/v1", tags=["prices"])


class PriceChangesAnswer(Struct, frozen=True):
    """Body of the answer of `GET /v1/prices/changes`.

    Attributes:
        changes: In order; set each price, the last of a product wins.
        version: Ask again with `since` = this.
        more: Whether there are more already.
    """

    changes: tuple[ToldChange, ...]
    version: int
    more: bool


@router.get("/prices/changes", response_class=Response, summary="Prices that changed, for the shop to set")
async def changes(
    request: Request,
    since: Annotated[int, Query(ge=0, le=2**62, description="Version of the answer before; 0 = from the first")] = 0,
    store: Annotated[str, Query(max_length=200, description="Store; a key for `*` must name it")] = "",
    limit: Annotated[int, Query(ge=1, le=10_000, description="Most changes of one answer")] = 1_000,
) -> Response:
    """Return changes in order; what is in an answer counts as handed over, and may be asked for again."""
    serving: Serving = request.app.state.serving
    key = await authorise(request.scope, serving.keys, NEEDS_TO_SET)
    wanted = store or default_store(key) or ""
    check_store(key, wanted)
    serving.catalogue.known_store(wanted)
    found = await asyncio.to_thread(serving.state.prices.changes, since, store=wanted, limit=limit + 1)
    shown = found[:limit]
    waiting = [one.number for one in shown if one.handed_at is None]
    if waiting:
        await asyncio.to_thread(serving.state.prices.handed, waiting, "changes", datetime.now(UTC))
    version = shown[-1].number if shown else since
    return json_answer(PriceChangesAnswer(tuple(map(told, shown)), version, len(found) > limit)).response()
