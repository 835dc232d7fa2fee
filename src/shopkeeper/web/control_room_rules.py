"""The page Rules: which rules hold, what a change would do to lists, and the change itself, under a name."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from shopkeeper.commerce.store import Store
from shopkeeper.errors import InputError, NotAllowed, RequestRejected, ShopkeeperError
from shopkeeper.people.roles import ALL
from shopkeeper.recommendations.dry_run import DryRun
from shopkeeper.recommendations.request import RecommendationBody
from shopkeeper.recommendations.rules.merchandising import RuleSet, Surface, plain_rules, read_rules, read_surfaces
from shopkeeper.web.control_room import room_page
from shopkeeper.web.control_room_rule_words import plain_name, rule_views, rules_headline
from shopkeeper.web.form import reason_of, sent_fields
from shopkeeper.web.problem import status_of
from shopkeeper.web.room_door import RoomRoute, readable, reader
from shopkeeper.web.rules import VERSIONS_SHOWN, change_rules, dry_runs, latest_requests
from shopkeeper.web.signed_in import cookie_name
from shopkeeper.wiring.serving import Serving

router = APIRouter(include_in_schema=False, route_class=RoomRoute)
PAGE = "/control-room/rules"
FORM_BYTES = 1_000_000
_FORM = 'Write {"rules": [...], "surfaces": {...}}.'
TRIED = 3
"""Latest requests that rules are tried on."""


@router.get(PAGE)
async def rules(
    request: Request,
    store: Annotated[str | None, Query(max_length=200)] = None,
    version: Annotated[int | None, Query(ge=1, le=1_000_000_000)] = None,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Which rules hold, and what do they do to lists?"""
    chosen = _chosen(request, store)
    values = await asyncio.to_thread(_values, request, chosen, version)
    said = "They hold: this process obeys at once, every other within a second." if done == "saved" else ""
    return room_page(request, "rules", {**values, "done": said})


@router.post(PAGE)
async def change(request: Request) -> Response:
    """Try rules on the latest requests, or let them hold; where that cannot be, the page with what is wrong."""
    serving: Serving = request.app.state.serving
    fields = await sent_fields(request, request.cookies.get(cookie_name(request)), FORM_BYTES)
    store, text = fields.get("store", ""), fields.get("rules", "")
    actor = reader(request)
    actor.must("view", store or ALL)
    values = await asyncio.to_thread(_values, request, store, None)
    shown = {**values, "text": text, "why": fields.get("why", ""), "base": fields.get("version", "")}
    try:
        told = _told(store, fields)
        if fields.get("do") != "save":
            runs = await asyncio.to_thread(_tried, serving, store, told)
            return room_page(request, "rules", {**shown, "runs": runs})
        if actor.person is None:
            raise NotAllowed(
                "To change rules here takes somebody who signed in, so that it carries a name.",
                "Sign in at /control-room/sign-in; over HTTP send the token of `shopkeeper people sign-in`.",
            )
        actor.must("rules", store or ALL)
        await change_rules(serving, msgspec.structs.replace(told, who=actor.who, why=reason_of(fields)))
    except NotAllowed:
        raise  # the door has a page for it
    except ShopkeeperError as error:
        return room_page(request, "rules", {**shown, "error": error}, status=status_of(error) or 500)
    return RedirectResponse(f"{PAGE}?store={quote(store, safe='')}&done=saved", 303, {"Cache-Control": "no-store"})


def _chosen(request: Request, store: str | None) -> str:
    """Return the store that is meant, empty = every store, after checking that the reader may see it."""
    serving: Serving = request.app.state.serving
    names = [known.store for known in serving.catalogue.stores]
    theirs = readable(request, "view", names)
    chosen = store if store is not None else next(iter(names if theirs is None else theirs), "")
    reader(request).must("view", chosen or ALL)
    return chosen


def _values(request: Request, store: str, version: int | None) -> dict[str, Any]:
    """Return what the page shows of a store's rules; an older version lies in the editor, to be brought back."""
    serving: Serving = request.app.state.serving
    now, actor = datetime.now(UTC), reader(request)
    found = serving.state.rules.get(store)
    edited = found if version is None else serving.state.rules.get(store, version)
    clock = serving.catalogue.store(store) or Store(store=store or "every store")
    views = rule_views(found.rules, clock, now)
    names = [known.store for known in serving.catalogue.stores]
    theirs = readable(request, "view", names)
    every = [] if not store else rule_views(serving.state.rules.get("").rules, clock, now)
    return {
        "store": store,
        "stores": names if theirs is None else theirs,
        "all_stores": theirs is None,
        "found": found,
        "views": views,
        "every": every,
        "headline": rules_headline(found, views, now),
        "surfaces": sorted(found.surfaces.items()),
        "versions": serving.state.rules.versions(store, VERSIONS_SHOWN),
        "text": _text(edited),
        "edited": edited,
        "base": found.version,
        "why": "",
        "may": actor.person is not None and actor.may("rules", store or ALL),
        "runs": None,
        "error": None,
        "done": "",
        "plain_name": plain_name,
    }


def _text(edited: RuleSet) -> str:
    told = {"rules": plain_rules(edited.rules), "surfaces": msgspec.to_builtins(edited.surfaces)}
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode()


def _told(store: str, fields: dict[str, str]) -> RuleSet:
    """Return the set of the editor. Raises RequestRejected, naming rule and field."""
    try:
        document = msgspec.json.decode(fields.get("rules", ""), type=dict[str, Any])
        surfaces = msgspec.convert(document.pop("surfaces", {}), dict[str, Surface])
    except msgspec.DecodeError as error:  # also where a surface is none
        raise RequestRejected(
            f"The rules cannot be read: {error}.", 'Write {"rules": [...], "surfaces": {...}}.'
        ) from error
    rules = document.pop("rules", [])
    if document or not isinstance(rules, list) or not fields.get("version", "").isdecimal():
        raise RequestRejected(
            "The rules cannot be read.", 'Write {"rules": [...], "surfaces": {...}} and nothing else.'
        )
    version = int(fields["version"])
    return RuleSet(store=store, version=version, rules=read_rules(rules), surfaces=read_surfaces(surfaces))


def _tried(serving: Serving, store: str, told: RuleSet) -> tuple[DryRun, ...]:
    """Return what rules would do to the latest requests of a store; to a list of the home page where there are none."""
    where = store or next((known.store for known in serving.catalogue.stores), "")
    if not where:
        raise InputError("There is no store to try them in.", "Declare one with `PUT /v1/stores`.")
    home = None if latest_requests(serving, where, 1) else RecommendationBody(store=where)
    return dry_runs(serving, where, told, home, TRIED)
