"""Sign-in, sign-out, and the page on which an invited person chooses a password; open from everywhere."""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from shopkeeper.errors import InputError, NotAllowed, NotAuthenticated, ShopkeeperError, TooManyTries
from shopkeeper.people.passwords import SHORTEST
from shopkeeper.web.form import form_token, sent_fields
from shopkeeper.web.loopback import is_loopback
from shopkeeper.web.pages import page
from shopkeeper.web.room_door import SIGN_IN
from shopkeeper.web.signed_in import by_cookie, cookie_name
from shopkeeper.wiring.people import signing_in
from shopkeeper.wiring.serving import Serving

router = APIRouter(include_in_schema=False)
HOME = "/control-room"
_STATUSES: tuple[tuple[type[ShopkeeperError], int], ...] = (
    (TooManyTries, 429), (NotAuthenticated, 401), (NotAllowed, 403), (InputError, 422),
)  # fmt: skip
# A password costs 32 MB and a third of a second of CPU: two at a time, however many try.
_HASHING = ThreadPoolExecutor(2, thread_name_prefix="sign-in")
ResultT = TypeVar("ResultT")


@router.get(SIGN_IN)
async def sign_in_page(request: Request, to: Annotated[str, Query(alias="next", max_length=2_000)] = HOME) -> Response:
    """Who are you?"""
    serving: Serving = request.app.state.serving
    if not await asyncio.to_thread(serving.state.people.configured):
        return _go(HOME)  # its door says what to do
    if await by_cookie(request) is not None:
        return _go(to)
    return _form(request, "sign_in", {"next": to, "email": ""})


@router.post(SIGN_IN)
async def sign_in(request: Request) -> Response:
    """Sign somebody in."""
    serving: Serving = request.app.state.serving
    values: dict[str, Any] = {"next": HOME, "email": ""}
    try:
        fields = await sent_fields(request, request.cookies.get(_form_cookie(request)))
        values = {"next": fields.get("next", HOME), "email": fields.get("email", "")[:200]}
        email, password = fields.get("email", ""), fields.get("password", "")
        signing = signing_in(serving.settings, serving.state)
        _, token = await _hashed(lambda: signing.sign_in(email, password, _address(request), "browser"))
    except InputError as error:
        return _form(request, "sign_in", values, error)
    answer = _go(values["next"])
    answer.set_cookie(
        cookie_name(request),
        token,
        max_age=int(serving.settings.people.session_hours * 3_600),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return answer


@router.post("/control-room/sign-out")
async def sign_out(request: Request) -> Response:
    """End the sign-in of this browser."""
    serving: Serving = request.app.state.serving
    actor = await by_cookie(request)
    if actor is not None and actor.session is not None:
        try:
            await sent_fields(request, request.cookies.get(cookie_name(request)))
        except InputError as error:
            return page("control_room/not_allowed.html", {"error": error, "reader": actor}, status=403)
        await asyncio.to_thread(serving.state.sessions.revoke, actor.session.session_id, actor.who)
    answer = _go(SIGN_IN)
    answer.delete_cookie(
        cookie_name(request), path="/", secure=request.url.scheme == "https", httponly=True, samesite="lax"
    )
    return answer


@router.get("/control-room/invitation")
async def invitation_page(request: Request, token: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Which password do you choose? Looking at the page uses nothing up, as mail programs look at links too."""
    serving: Serving = request.app.state.serving
    found = await asyncio.to_thread(serving.state.sessions.find, token, ("invite",), datetime.now(UTC))
    values = {"token": token, "person": found[0] if found else None, "shortest": SHORTEST, "error": None}
    if found is None:
        return page("control_room/invitation.html", values, status=404)
    return _form(request, "invitation", values)


@router.post("/control-room/invitation")
async def accept(request: Request) -> Response:
    """Take the password an invited person chose."""
    serving: Serving = request.app.state.serving
    values: dict[str, Any] = {"token": "", "person": None, "shortest": SHORTEST}
    try:
        fields = await sent_fields(request, request.cookies.get(_form_cookie(request)))
        token, password = fields.get("token", ""), fields.get("password", "")
        found = await asyncio.to_thread(serving.state.sessions.find, token, ("invite",), datetime.now(UTC))
        values = {**values, "token": token, "person": found[0] if found else None}
        if password != fields.get("again", ""):
            raise InputError("The two passwords differ.", "Type the same one twice.")
        signing = signing_in(serving.settings, serving.state)
        person = await _hashed(lambda: signing.accept(token, password, _address(request)))
    except InputError as error:
        return _form(request, "invitation", values, error)
    return _form(request, "sign_in", {"next": HOME, "email": person.email, "welcome": person.name})


def _form(request: Request, name: str, values: Mapping[str, Any], error: InputError | None = None) -> Response:
    secret = request.cookies.get(_form_cookie(request)) or secrets.token_urlsafe(32)
    encrypted = request.url.scheme == "https"
    shown = {
        "welcome": None,
        "error": error,
        "form_token": form_token(secret),
        "open_network": not encrypted and not is_loopback(_address(request)),
        **values,
    }
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 200)
    answer = page(f"control_room/{name}.html", shown, status=status)
    if isinstance(error, TooManyTries):
        answer.headers["Retry-After"] = str(math.ceil(error.retry_after_seconds))
    answer.set_cookie(_form_cookie(request), secret, path="/", secure=encrypted, httponly=True, samesite="strict")
    return answer


def _form_cookie(request: Request) -> str:
    return f"{cookie_name(request)}-form"


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _go(to: str) -> RedirectResponse:
    """Return the way to a page of the control room; never to another site."""
    parts = urlsplit(to)
    inside = not parts.scheme and not parts.netloc and parts.path.startswith(HOME) and "\\" not in to
    return RedirectResponse(to if inside else HOME, 303, {"Cache-Control": "no-store"})


async def _hashed(call: Callable[[], ResultT]) -> ResultT:
    return await asyncio.get_running_loop().run_in_executor(_HASHING, call)
