"""`/v1/price-runs`: prices proposed, judged, approved, published, taken back. A person or a key, each as they may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request
from msgspec import Meta, Struct
from starlette.responses import Response

from shopkeeper.errors import RequestRejected
from shopkeeper.people.person import Actor
from shopkeeper.people.roles import ALL
from shopkeeper.pricing.runs.price_run import PriceRun, Publication
from shopkeeper.web.answer import json_answer
from shopkeeper.web.rollouts import Reason, read_form
from shopkeeper.web.signed_in import somebody
from shopkeeper.wiring.price_runs import acts
from shopkeeper.wiring.price_runs.ordering import AskedPrice, enqueue_run, order_of
from shopkeeper.wiring.serving import Serving

router = APIRouter(prefix="/v1", tags=["prices"])
Action = Literal["approve", "reject", "publish", "revert"]


class PriceRunBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /v1/price-runs`.

    Attributes:
        stores: Stores to price; none named = all.
        prices: Prices you want, through the same gates; left out = they are computed.
        version: Of the pricing model; null = the one that serves. Runs of another are for its rollout.
    """

    stores: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...], Meta(max_length=1_000)] = ()
    prices: Annotated[tuple[AskedPrice, ...], Meta(max_length=1_000)] = ()
    version: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


class PriceActionBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of an action on a price run.

    Attributes:
        why: Kept with the run and in the audit.
        at: When to publish; null = now. `shopkeeper work` does it then.
    """

    why: Reason
    at: datetime | None = None


class PriceRunOrdered(Struct, frozen=True):
    """Body of the answer of `POST /v1/price-runs`.

    Attributes:
        run: Its id; it is there once a worker (`shopkeeper work`) has done it.
    """

    run: str


class PriceRunAnswer(Struct, frozen=True, kw_only=True):
    """One price run after something was done to it.

    Attributes:
        run: Everything known of it but its prices.
        changed: Prices that changed just now.
        overtaken: Prices left alone, as another run or the shop changed them meanwhile.
        capped: Prices left alone, as they would have moved too far within 24 hours.
        version: Number of the newest change; null where no price changed.
    """

    run: dict[str, Any]
    changed: int = 0
    overtaken: int = 0
    capped: int = 0
    version: int | None = None


class PriceRunsAnswer(Struct, frozen=True):
    """Body of the answer of `GET /v1/price-runs`.

    Attributes:
        runs: Newest first, without their prices.
    """

    runs: tuple[dict[str, Any], ...]


class PriceRunDetails(Struct, frozen=True):
    """Body of the answer of `GET /v1/price-runs/{run}`.

    Attributes:
        run: Everything known of it but its prices.
        prices: By store, price list and product: proposal, price, and what held it back.
    """

    run: dict[str, Any]
    prices: tuple[dict[str, Any], ...]


@router.get("/price-runs", response_class=Response, summary="Price runs, newest first")
async def runs(
    request: Request, limit: Annotated[int, Query(ge=1, le=200, description="How many at most")] = 50
) -> Response:
    """Return the newest runs of stores one may look at."""
    actor, serving = await somebody(request), _serving(request)
    found = await asyncio.to_thread(serving.state.price_runs.newest, limit)
    seen = tuple(document(one) for one in found if all(actor.may("view", store) for store in one.stores or (ALL,)))
    return json_answer(PriceRunsAnswer(seen)).response()


@router.post("/price-runs", response_class=Response, summary="Begin a price run")
async def begin(request: Request) -> Response:
    """Leave a run to the workers; nothing reaches a shopper before its gates passed and it was approved."""
    actor, serving = await somebody(request), _serving(request)
    body = await read_form(request, PriceRunBody)
    for store in {*body.stores, *(one.store for one in body.prices)} or {ALL}:
        actor.must("prices", store)
    asked = (serving.state, body.stores, datetime.now(UTC), actor.who, body.prices, body.version)
    order = await asyncio.to_thread(order_of, *asked)
    run = await asyncio.to_thread(enqueue_run, serving.settings, order)
    return json_answer(PriceRunOrdered(run), 202).response()


@router.get("/price-runs/{run}", response_class=Response, summary="One price run with its prices")
async def details(
    request: Request,
    run: str,
    skip: Annotated[int, Query(ge=0, le=100_000_000, description="Begin after so many prices")] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000, description="How many prices at most")] = 100,
    moved: Annotated[bool, Query(description="Only prices that change")] = True,
) -> Response:
    """Return a run's steps, what the gates found, and its prices."""
    actor, serving = await somebody(request), _serving(request)
    found = await asyncio.to_thread(serving.state.price_runs.get, run)
    for store in found.stores or (ALL,):
        actor.must("view", store)
    kept = serving.state.price_runs
    prices = await asyncio.to_thread(lambda: kept.prices(run, moved=moved, skip=skip, limit=limit))
    return json_answer(PriceRunDetails(document(found), tuple(map(msgspec.to_builtins, prices)))).response()


@router.post("/price-runs/{run}/{action}", response_class=Response, summary="Do something with a price run")
async def act(request: Request, run: str, action: Action) -> Response:
    """Approve, reject, publish or take back; whoever began a run may not approve it, a key may take one back."""
    actor, serving = await somebody(request), _serving(request)
    body = await read_form(request, PriceActionBody)
    if body.at is not None and (action != "publish" or body.at.tzinfo is None):
        raise RequestRejected("`at` is a time with an offset, for `publish` alone.", "Write 2026-12-01T06:00:00Z.")
    answer = await asyncio.to_thread(do, serving, actor, run, action, body)
    await serving.prices.follow()
    return json_answer(answer).response()


def do(serving: Serving, actor: Actor, run: str, action: Action, body: PriceActionBody) -> PriceRunAnswer:
    """Take a step of a run."""
    settings, state, at = serving.settings, serving.state, body.at
    if action == "publish" and at is not None:
        return _answer(acts.schedule_run(settings, state, run, actor, body.why, at.astimezone(UTC)))
    steps: dict[Action, Callable[[], PriceRun]] = {
        "approve": lambda: acts.approve_run(settings, state, run, actor, body.why),
        "reject": lambda: acts.reject_run(state, run, actor, body.why),
    }
    if action in steps:
        return _answer(steps[action]())
    if action == "publish":
        done = acts.publish_run(settings, state, run, actor, body.why)
    else:
        done = acts.revert_run(state, run, actor, body.why)
    return _answer(done.run, done.done)


def document(run: PriceRun) -> dict[str, Any]:
    """Return a run for machines, without its prices."""
    found: dict[str, Any] = msgspec.to_builtins(run)
    return found


def _answer(run: PriceRun, done: Publication | None = None) -> PriceRunAnswer:
    if done is None:
        return PriceRunAnswer(run=document(run))
    return PriceRunAnswer(
        run=document(run), changed=done.changed, overtaken=done.overtaken, capped=done.capped, version=done.version
    )


def _serving(request: Request) -> Serving:
    serving: Serving = request.app.state.serving
    return serving
