"""The door of the control room: whoever signed in, or, where nobody can yet, someone on the machine itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse

from shopkeeper.errors import NotAllowed
from shopkeeper.people.person import Actor, at_the_machine
from shopkeeper.people.roles import ALL, Right
from shopkeeper.web.loopback import refusal_of
from shopkeeper.web.pages import page
from shopkeeper.web.signed_in import by_cookie
from shopkeeper.wiring.serving import Serving

SIGN_IN = "/control-room/sign-in"


class RoomRoute(APIRoute):
    """A page of the control room: behind the door, `reader` says who reads it, and what they may not see is refused."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler behind the door."""
        answer = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            serving: Serving = request.app.state.serving
            configured = await asyncio.to_thread(serving.state.people.configured)
            actor = await _let_in(request, serving, configured)
            if actor is None:
                return _to_sign_in(request) if configured else _not_from_here(request)
            request.state.reader = actor
            try:
                if not actor.anywhere("view"):
                    actor.must("view")
                return await answer(request)
            except NotAllowed as error:
                return page("control_room/not_allowed.html", {"error": error, "reader": actor}, status=403)

        return guarded


def reader(request: Request) -> Actor:
    """Return who reads a page of the control room."""
    actor: Actor = request.state.reader
    return actor


def readable(request: Request, right: Right, stores: list[str]) -> list[str] | None:
    """Return the stores of which a reader may see something; None = all of them, those not declared too.

    Raises:
        NotAllowed: there is none.
    """
    actor = reader(request)
    if actor.may(right, ALL):
        return None
    theirs = [store for store in stores if actor.may(right, store)]
    if not theirs:
        actor.must(right)
    return theirs


async def _let_in(request: Request, serving: Serving, configured: bool) -> Actor | None:
    if configured:
        actor = await by_cookie(request)
        if actor is not None or not serving.settings.people.loopback_unsigned:
            return actor
    return at_the_machine(only_look=configured) if refusal_of(request) is None else None


def _to_sign_in(request: Request) -> Response:
    if request.headers.get("sec-fetch-mode", "navigate") != "navigate":
        # A script asks for a part of a page: it must not take the sign-in page for it.
        return Response("Nobody is signed in any more.\n", 401, {"Cache-Control": "no-store"}, "text/plain")
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET":  # what was sent is not sent again by signing in
        here = "/control-room"
    return RedirectResponse(f"{SIGN_IN}?next={quote(here, safe='')}", 303, {"Cache-Control": "no-store"})


def _not_from_here(request: Request) -> Response:
    values = {"why": refusal_of(request), "port": request.url.port or 80}
    return page("control_room/refused.html", values, status=403)
