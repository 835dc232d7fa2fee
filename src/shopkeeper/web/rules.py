"""`/v1/rules`: what the shop wants of its lists, read, changed by version, and tried before it holds."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from msgspec import Meta, Struct
from starlette.responses import Response

from shopkeeper.commerce.consent import NO_CONSENT
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.people.person import Actor
from shopkeeper.people.roles import ALL
from shopkeeper.recommendations.dry_run import DryRun, dry_run
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.rules.merchandising import Rule, RuleSet, Surface, read_rules, read_surfaces
from shopkeeper.web.answer import json_answer
from shopkeeper.web.products import check_declared
from shopkeeper.web.recommendations import check_length
from shopkeeper.web.rollouts import Reason, read_form
from shopkeeper.web.signed_in import somebody
from shopkeeper.wiring.serving import Serving

router = APIRouter(prefix="/v1", tags=["rules"])
VERSIONS_SHOWN = 50
StoreOrAll = Annotated[str, Query(max_length=200, description="Empty = the rules that hold in every store")]
Which = Annotated[str, Meta(max_length=200, description="Id of the store; empty = every store.")]
Surfaces = dict[Annotated[str, Meta(min_length=1, max_length=100)], Surface]
Version = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class RulesBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `PUT /v1/rules`: all rules of a store, in place of those it has.

    Attributes:
        version: The version you changed, as `GET` gave it; 0 = there are none yet.
        why: Kept with the version and in the audit.
        rules: In order; of pins for one place the first counts.
        surfaces: How lists are made, by surface, where its name does not say it.
    """

    store: Which
    version: Version
    why: Reason
    rules: tuple[Rule, ...]
    surfaces: Surfaces = {}


class NoRulesBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `DELETE /v1/rules`.

    Attributes:
        version: The version that is to hold no more, as `GET` gave it.
        why: Kept in the audit; the versions stay.
    """

    store: Which
    version: Version
    why: Reason


class DryRunBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /v1/rules/dry-run`.

    Attributes:
        rules: Tried in place of those the store has.
        surfaces: How lists are made with them, by surface.
        request: What is asked with them; null = the latest requests to this process, without their shoppers.
        latest: How many of those.
        every_store: The rules are tried as those of every store.
    """

    store: Which
    rules: tuple[Rule, ...]
    surfaces: Surfaces = {}
    request: RecommendationBody | None = None
    latest: Annotated[int, Meta(ge=1, le=20)] = 5
    every_store: bool = False


class RulesVersion(Struct, frozen=True):
    """One version of a set.

    Attributes:
        version: Its number.
        who: Who made it.
        why: The reason they gave.
        at: When, UTC.
        rules: How many rules it has.
    """

    version: int
    who: str
    why: str
    at: datetime | None
    rules: int


class RulesAnswer(Struct, frozen=True):
    """Body of the answer.

    Attributes:
        store: Empty = the set that holds in every store.
        version: 0 = there never were any.
        who: Who made this version.
        why: The reason they gave.
        at: When, UTC.
        rules: In order.
        surfaces: How lists are made, by surface.
        versions: The newest of the set, newest first.
    """

    store: str
    version: int
    who: str
    why: str
    at: datetime | None
    rules: tuple[Rule, ...]
    surfaces: dict[str, Surface]
    versions: tuple[RulesVersion, ...]


class DryRunAnswer(Struct, frozen=True):
    """Body of the answer.

    Attributes:
        runs: One for each request; empty where this process was asked nothing yet.
    """

    runs: tuple[DryRun, ...]


class _RawRules(Struct, frozen=True, forbid_unknown_fields=True):
    store: Which
    version: Version
    why: Reason
    rules: list[Any]
    surfaces: Surfaces = {}


class _RawDryRun(Struct, frozen=True, forbid_unknown_fields=True):
    store: Which
    rules: list[Any]
    surfaces: Surfaces = {}
    request: RecommendationBody | None = None
    latest: Annotated[int, Meta(ge=1, le=20)] = 5
    every_store: bool = False


@router.get("/rules", response_class=Response, summary="The rules of a store")
async def rules(
    request: Request,
    store: StoreOrAll = "",
    version: Annotated[int | None, Query(ge=0, le=1_000_000_000, description="Left out: the newest")] = None,
) -> Response:
    """Return a set of rules, with who changed it and why."""
    actor = await somebody(request)
    _declared(request, actor, store)
    serving: Serving = request.app.state.serving
    found = await asyncio.to_thread(serving.state.rules.get, store, version)
    return json_answer(await _answer(serving, found)).response()


@router.put("/rules", response_class=Response, summary="Change the rules of a store")
async def put(request: Request) -> Response:
    """Let other rules hold, in every process within a second; refused where somebody changed them meanwhile."""
    actor = await somebody(request)
    body = await read_form(request, _RawRules)
    changed = RuleSet(
        store=body.store, version=body.version, rules=read_rules(body.rules), surfaces=read_surfaces(body.surfaces),
        who=actor.who, why=body.why,
    )  # fmt: skip
    return await _put(request, actor, changed)


@router.delete("/rules", response_class=Response, summary="Let the rules of a store hold no more")
async def delete(request: Request) -> Response:
    """Put an empty set as the next version; what was before stays readable."""
    actor = await somebody(request)
    body = await read_form(request, NoRulesBody)
    gone = RuleSet(store=body.store, version=body.version, who=actor.who, why=body.why)
    return await _put(request, actor, gone)


@router.post("/rules/dry-run", response_class=Response, summary="Try rules before they hold")
async def try_rules(request: Request) -> Response:
    """Return lists before and after, and what each rule did; nothing is changed, logged or counted."""
    actor = await somebody(request)
    body = await read_form(request, _RawDryRun)
    _declared(request, actor, body.store)
    serving: Serving = request.app.state.serving
    check_declared(serving.catalogue, body.store)
    tried = RuleSet(store="" if body.every_store else body.store, version=-1, rules=read_rules(body.rules))
    tried = msgspec.structs.replace(tried, surfaces=read_surfaces(body.surfaces))
    found = await asyncio.to_thread(dry_runs, serving, body.store, tried, body.request, body.latest)
    return json_answer(DryRunAnswer(found)).response()


def dry_runs(
    serving: Serving, store: str, tried: RuleSet, asked: RecommendationBody | None, latest: int
) -> tuple[DryRun, ...]:
    """Return what rules would do to one request, or to the latest that this process answered for a store."""
    if asked is not None:
        check_length(asked.k, serving.settings.serving.k_limit)
    bodies = [asked] if asked is not None else latest_requests(serving, store, latest)
    shopper, now = Shopper(serving.catalogue.group(store)), serving.now()
    return tuple(
        dry_run(serving.system, RecommendationRequest(_of(body, store), shopper, NO_CONSENT, now), tried)
        for body in bodies
    )


async def change_rules(serving: Serving, changed: RuleSet) -> RuleSet:
    """Keep a set as the next version and let it hold here at once."""
    kept = await asyncio.to_thread(serving.state.rules.put, changed)
    await serving.rules.follow()
    return kept


async def _put(request: Request, actor: Actor, changed: RuleSet) -> Response:
    actor.must("rules", changed.store or ALL)
    serving: Serving = request.app.state.serving
    if changed.store:
        check_declared(serving.catalogue, changed.store)
    return json_answer(await _answer(serving, await change_rules(serving, changed))).response()


def _declared(request: Request, actor: Actor, store: str) -> None:
    actor.must("view", store or ALL)
    if store:
        serving: Serving = request.app.state.serving
        check_declared(serving.catalogue, store)


async def _answer(serving: Serving, found: RuleSet) -> RulesAnswer:
    versions = await asyncio.to_thread(serving.state.rules.versions, found.store, VERSIONS_SHOWN)
    listed = tuple(RulesVersion(one.version, one.who, one.why, one.at, len(one.rules)) for one in versions)
    return RulesAnswer(found.store, found.version, found.who, found.why, found.at, found.rules, found.surfaces, listed)


def latest_requests(serving: Serving, store: str, latest: int) -> list[RecommendationBody]:
    """Return the latest requests for a store, none twice, the newest first."""
    found: list[RecommendationBody] = []
    for body in reversed(serving.asked.copy()):
        if body.store == store and body not in found:
            found.append(body)
        if len(found) == latest:
            break
    return found


def _of(body: RecommendationBody, store: str) -> RecommendationBody:
    return msgspec.structs.replace(body, store=store, user=None, visitor=None, session=None)
