"""The page Content: texts that wait for a person, one after the other, decided by keyboard."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from shopkeeper.content.fields import FIELDS
from shopkeeper.content.kept import KeptPiece, PieceState, Wanted
from shopkeeper.content.ports import PieceStore
from shopkeeper.errors import InputError, NotAllowed, ShopkeeperError
from shopkeeper.people.roles import ALL
from shopkeeper.web.control_room import room_page
from shopkeeper.web.control_room_rule_words import plain_name
from shopkeeper.web.control_room_texts import queue_headline, text_view
from shopkeeper.web.form import sent_fields
from shopkeeper.web.problem import status_of
from shopkeeper.web.room_door import RoomRoute, readable, reader
from shopkeeper.web.signed_in import cookie_name
from shopkeeper.wiring.content_review import DOINGS, WAIT, Asked, review_piece
from shopkeeper.wiring.serving import Serving

router = APIRouter(include_in_schema=False, route_class=RoomRoute)
PAGE: Final = "/control-room/content"
FORM_BYTES: Final = 100_000
SHOWN: Final = 50
DONE: Final = {
    "accept": "Approved.", "edit": "Your text is in place, and locked.", "reject": "Rejected; it is written anew.",
    "publish": "Published.", "unlock": "Unlocked.", "undo": "The last step is undone.",
}  # fmt: skip


@router.get(PAGE)
async def content(
    request: Request,
    piece: Annotated[str, Query(max_length=40)] = "",
    field: Annotated[str, Query(max_length=30)] = "",
    locale: Annotated[str, Query(max_length=50)] = "",
    after: Annotated[str, Query(max_length=40)] = "",
    done: Annotated[str, Query(max_length=20)] = "",
    last: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Which texts wait, and is this one fit to be published?"""
    asked = {"piece": piece, "field": field, "locale": locale, "after": after}
    values = await asyncio.to_thread(_values, request, asked)
    return room_page(request, "content", {**values, "done": DONE.get(done, ""), "last": last, "error": None})


@router.post(PAGE)
async def decide(request: Request) -> Response:
    """Do one thing with one text and go on to the next; where that cannot be, the page with what is wrong."""
    serving: Serving = request.app.state.serving
    fields = await sent_fields(request, request.cookies.get(cookie_name(request)), FORM_BYTES)
    piece, actor = fields.get("piece", ""), reader(request)
    try:
        if actor.person is None:
            raise NotAllowed(
                "To decide about texts here takes somebody who signed in, so that it carries a name.",
                "Sign in at /control-room/sign-in, or use `shopkeeper content review`.",
            )
        asked, now = _asked(fields), datetime.now(UTC)
        await asyncio.to_thread(review_piece, serving.settings, serving.state, piece, asked, actor, now)
    except NotAllowed:
        raise  # the door has a page for it
    except ShopkeeperError as error:
        shown = {name: fields.get(name, "") for name in ("piece", "field", "locale", "after")}
        values = await asyncio.to_thread(_values, request, shown)
        typed = {"text": fields.get("text", ""), "reason": fields.get("reason", "")}
        page = {**values, **typed, "error": error, "done": "", "last": ""}
        return room_page(request, "content", page, status=status_of(error) or 500)
    stay = asked.do in {"undo", "unlock"}
    kept = {"field": fields.get("field", ""), "locale": fields.get("locale", ""), "done": asked.do}
    where = {"piece": piece} if stay else {"after": piece, "last": piece}
    return RedirectResponse(f"{PAGE}?{urlencode({**kept, **where})}", 303, {"Cache-Control": "no-store"})


def _asked(fields: dict[str, str]) -> Asked:
    doing = next((one for one in DOINGS if one == fields.get("do")), None)
    if doing is None or not fields.get("revision", "").isdecimal():
        raise InputError("The form cannot be read.", "Use the form of the page.")
    try:
        seconds = float(fields.get("seconds") or "nan")
    except ValueError:
        seconds = float("nan")
    looked = seconds if 0 <= seconds <= 86_400 else None
    return Asked(doing, fields.get("reason", "").strip(), fields.get("text", ""), int(fields["revision"]), looked)


def _values(request: Request, asked: dict[str, str]) -> dict[str, Any]:
    serving: Serving = request.app.state.serving
    pieces, names = serving.state.pieces, [known.store for known in serving.catalogue.stores]
    theirs = readable(request, "view", names)
    stores = None if theirs is None else {"", *theirs}
    wanted = Wanted(None, WAIT, field=asked["field"], locale=asked["locale"], audit=True, limit=SHOWN)
    waiting = _waiting(pieces, wanted._replace(after=asked["after"]), stores)
    if not waiting and asked["after"]:
        waiting = _waiting(pieces, wanted, stores)
    shown = pieces.get(asked["piece"]) if asked["piece"] else next(iter(waiting), None)
    if shown is not None and shown.store:
        reader(request).must("view", shown.store)
    view = text_view(serving.settings, serving.state, shown) if shown is not None else None
    queue = [one for one in waiting if shown is None or one.id != shown.id]
    actor = reader(request)
    return {
        "view": view,
        "queue": queue,
        "headline": queue_headline(*_numbers(pieces, stores)),
        "fields": FIELDS,
        "locales": sorted({locale for store in serving.catalogue.stores for locale in store.locales}),
        "field": asked["field"],
        "locale": asked["locale"],
        "text": view.version.text if view is not None else "",
        "reason": "",
        "may": actor.person is not None and shown is not None and actor.may("content", shown.store or ALL),
        "plain_name": plain_name,
    }


def _waiting(pieces: PieceStore, wanted: Wanted, stores: set[str] | None) -> list[KeptPiece]:
    """Return the first texts that wait in some stores; None = in all."""
    each = [None] if stores is None else sorted(stores)
    found = [one for store in each for one in pieces.find(wanted._replace(store=store))]
    return sorted(found, key=lambda one: one.id)[: wanted.limit]


def _numbers(pieces: PieceStore, stores: set[str] | None) -> tuple[Mapping[PieceState, int], int]:
    """Return how many texts some stores have by state, and how many are to be audited."""
    counts: Counter[PieceState] = Counter()
    each = [None] if stores is None else sorted(stores)
    for store in each:
        counts.update(pieces.counts(store))
    return counts, sum(pieces.audits(store) for store in each)
