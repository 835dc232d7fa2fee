"""`GET /v1/prices/{product}/explain` and `GET /v1/price-frontier`: why a price, and what other margins would bring."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from shopkeeper.web.answer import json_answer
from shopkeeper.web.signed_in import somebody
from shopkeeper.wiring.pricing.aside import ExplainAsked, FrontierAsked
from shopkeeper.wiring.serving import Serving

router = APIRouter(prefix="/v1", tags=["prices"])
Store = Annotated[str, Query(min_length=1, max_length=200, description="Store")]


@router.get("/prices/{product:path}/explain", response_class=Response, summary="Why a price is what it is")
async def explain(
    request: Request,
    product: str,
    store: Store,
    price_list: Annotated[
        str | None, Query(max_length=200, description="Left out: that of ordinary shoppers")
    ] = None,
) -> Response:  # fmt: skip
    """Return curve, chosen price, binding rules, slope with its evidence, rivals and history; takes some seconds."""
    serving = await _may_look(request, store)
    return json_answer(
        await serving.aside.explain(ExplainAsked(product=product, store=store, price_list=price_list))
    ).response()


@router.get("/price-frontier", response_class=Response, summary="What other margin targets would bring")
async def frontier(
    request: Request,
    store: Store,
    margin: Annotated[
        list[float] | None, Query(max_length=12, description="Least margins, shares of revenue")
    ] = None,
) -> Response:  # fmt: skip
    """Return revenue, profit and margin of prices chosen for each target; takes some seconds."""
    serving = await _may_look(request, store)
    return json_answer(await serving.aside.frontier(FrontierAsked(store=store, margins=tuple(margin or ())))).response()


async def _may_look(request: Request, store: str) -> Serving:
    serving: Serving = request.app.state.serving
    actor = await somebody(request)
    actor.must("view", store)
    serving.catalogue.known_store(store)
    return serving
