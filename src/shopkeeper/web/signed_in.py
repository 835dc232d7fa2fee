"""Who asks, where a person may be needed: the twin of `wiring.people.signed_in` for requests."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from urllib.parse import urlsplit

from fastapi import Request

from shopkeeper.errors import NotAllowed, NotAuthenticated
from shopkeeper.people.person import Actor, SessionKind, at_the_machine, machine, signed
from shopkeeper.people.roles import ALL, Right
from shopkeeper.web.auth import authorise
from shopkeeper.web.loopback import refusal_of
from shopkeeper.wiring.people import idle_time
from shopkeeper.wiring.serving import Serving

TOKEN_PREFIX = "ss_"  # noqa: S105 - how every session's token begins, no token
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


async def signed_in(request: Request, right: Right, store: str = ALL) -> Actor:
    """Return who asks, after checking that they may.

    For every route that approves, overrides, edits rules or steers a rollout: hand `Actor.who` to whatever writes it
    down, and `Actor.person.person_id` where the person is kept beside it. A person comes with the cookie of the control
    room's sign-in, or with `Authorization: Bearer TOKEN` of `shopkeeper people sign-in`. An API key with the scope
    `manage` is a machine: it may do what makes things safer (`people.roles.MACHINE`) and is refused the rest with the
    way out; `person` is None then. So is a reader on the machine itself where nobody can sign in yet.

    Args:
        right: What they are about to do; `people.roles.RIGHTS` says who may.
        store: Where; `*` = in all stores.

    Raises:
        NotAuthenticated: nobody is signed in, or no longer.
        NotAllowed: they lack the right in the store, or the request was sent by another site's page.
    """
    actor = await somebody(request)
    actor.must(right, store)
    return actor


async def somebody(request: Request) -> Actor:
    """Return who asks, whatever they may; for routes whose body says in which store, so that `Actor.must` comes after.

    Raises:
        NotAuthenticated: nobody is signed in, or no longer.
        NotAllowed: as `asking`.
    """
    actor = await asking(request)
    if actor is None:
        raise NotAuthenticated(
            "This needs somebody who signed in.",
            "Sign in at /control-room/sign-in, or send the token that `shopkeeper people sign-in --print` gives as "
            "`Authorization: Bearer TOKEN`.",
        )
    return actor


async def asking(request: Request) -> Actor | None:
    """Return who asks, whatever they may; None where nobody can be told.

    Raises:
        NotAuthenticated: a key or token was sent that is not valid.
        NotAllowed: the key lacks the scope `manage`, or another site's page sent a signed-in person's browser here.
    """
    serving: Serving = request.app.state.serving
    sent = request.headers.get("authorization", "")
    if sent[:7].lower() == "bearer " and sent[7:].strip().startswith(TOKEN_PREFIX):
        actor = await _owner(serving, sent[7:].strip(), "shell")
        if actor is None:
            raise NotAuthenticated("The session is unknown or over.", "Sign in again: `shopkeeper people sign-in`.")
        return actor
    if sent:
        key = await authorise(request.scope, serving.keys, "manage")
        return machine(key.key_id, key.store)
    actor = await by_cookie(request)
    if actor is None and refusal_of(request) is None and not await asyncio.to_thread(serving.state.people.configured):
        actor = at_the_machine(only_look=False)
    if actor is not None and request.method not in _SAFE and not same_origin(request):
        raise NotAllowed("Another site's page sent this.", "Do it in the control room itself.")
    return actor


async def by_cookie(request: Request) -> Actor | None:
    """Return the person whom this browser signed in; None where there is none, or no longer."""
    token = request.cookies.get(cookie_name(request))
    return await _owner(request.app.state.serving, token, "browser") if token else None


def cookie_name(request: Request) -> str:
    """Return the name of the cookie that holds a browser's token; over https one that browsers bind to this host."""
    return "__Host-shopkeeper" if request.url.scheme == "https" else "shopkeeper"


def same_origin(request: Request) -> bool:
    """Say whether a page of this server sent a request, and no other site's; what says neither is no browser of ours.

    Browsers send one of the two with every request that is not a plain GET. Source: OWASP, Cross-Site Request Forgery
    Prevention, fetch metadata with the origin as fallback.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("origin", "")).netloc.lower() == request.headers.get("host", "-").lower()


async def _owner(serving: Serving, token: str, kind: SessionKind) -> Actor | None:
    idle, now = idle_time(serving.settings), datetime.now(UTC)
    found = await asyncio.to_thread(serving.state.sessions.find, token, (kind,), now, idle)
    return signed(*found) if found else None
