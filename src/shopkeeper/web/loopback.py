"""Who may see the control room: until people can sign in, only someone on the machine itself."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from ipaddress import ip_address
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from shopkeeper.web.pages import page

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "x-forwarded-host")


def refusal(server_host: str, client: str | None, headers: Any) -> str | None:  # noqa: ANN401 - any header mapping
    """Return why a request may not see the control room; None when it may.

    The Host header is checked too: a web page that points its own name at 127.0.0.1 would otherwise read the answers.

    Args:
        server_host: Host the server is bound to.
        client: Address the request comes from.
        headers: Its headers.
    """
    if server_host not in LOOPBACK_HOSTS:
        return f"the server listens on {server_host}, where others may reach it"
    if client is None or not _is_loopback(client):
        return f"the request comes from {client or 'an unknown address'}, which is not this machine"
    if any(headers.get(name) for name in _FORWARDED):
        return "the request came through a proxy, so it may come from anywhere"
    asked = _host_name(headers.get("host", ""))
    if asked not in LOOPBACK_HOSTS:
        return f"the address names {asked or 'no host'}, not this machine"
    return None


def listens_on(request: Request) -> str:
    """Return the host the server is bound to: what it was started with, else what the settings say."""
    state = request.app.state
    return str(getattr(state, "listens_on", None) or state.serving.settings.serving.host)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _host_name(host: str) -> str:
    """Return the name part of a Host header: `[::1]:8000` -> `::1`."""
    return host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0].lower()


class LoopbackRoute(APIRoute):
    """A route that answers only someone on the machine itself, and tells others why not."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler behind the check."""
        answer = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            client = request.client.host if request.client else None
            why = refusal(listens_on(request), client, request.headers)
            if why is None:
                return await answer(request)
            return page("control_room/refused.html", {"why": why, "port": request.url.port or 80}, status=403)

        return guarded
