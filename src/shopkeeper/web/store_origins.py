"""Which web pages may read an answer: those of the store whose key asked (CORS)."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shopkeeper.errors import NotAuthenticated
from shopkeeper.serving.key_ring import KeyRing
from shopkeeper.web.auth import ALL, secret_in
from shopkeeper.web.beacon import PATH as BEACON
from shopkeeper.web.beacon import key_in_query
from shopkeeper.wiring.settings_serving import ServingSettings

_METHODS: Final = ("GET", "POST", "PUT", "DELETE")
_HEADERS: Final = ("authorization", "content-type", "content-encoding")
_EXPOSED: Final = ("Retry-After",)
"""Headers of an answer that a page may read beside those every page may: when to send again what was turned away."""


class StoreOrigins(CORSMiddleware):
    """Tells browsers whose pages may read an answer.

    A preflight carries no key, so it is answered for the pages of every store. The answer itself is for pages of the
    key's store, and of `allowed_origins`; without a key there is nothing of a store in it, so every known page may.
    """

    def __init__(self, app: ASGIApp, settings: ServingSettings) -> None:
        super().__init__(app, settings.browser_origins, _METHODS, _HEADERS, expose_headers=_EXPOSED)
        self._settings = settings

    async def simple_response(self, scope: Scope, receive: Receive, send: Send, request_headers: Headers) -> None:
        """Answer a request that is no preflight."""
        origin = request_headers.get("origin")
        if origin is None or self.allow_all_origins:
            await super().simple_response(scope, receive, send, request_headers)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":  # the route has asked for the key by now, so the ring holds it
                headers = MutableHeaders(scope=message)
                if self._may_read(scope, origin):
                    self.allow_explicit_origin(headers, origin)
                    headers["Access-Control-Expose-Headers"] = ", ".join(_EXPOSED)
                else:
                    headers.add_vary_header("Origin")
            await send(message)

        await self.app(scope, receive, sending)

    def _may_read(self, scope: Scope, origin: str) -> bool:
        if not self.is_allowed_origin(origin):
            return False
        if origin in self._settings.allowed_origins:
            return True
        store = _store_of_key(scope, scope["app"].state.serving.keys)
        return store in (None, ALL) or origin in self._settings.store_origins.get(str(store), ())


def _store_of_key(scope: Scope, keys: KeyRing) -> str | None:
    """Return the store of a request's key, `*` for all; None without a key, empty for one that opens nothing."""
    try:
        secret = key_in_query(scope) if scope["path"] == BEACON else secret_in(scope)
    except NotAuthenticated:
        return None
    key = keys.known(secret)
    return "" if key is None else key.store
