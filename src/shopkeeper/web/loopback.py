"""Who is on the machine itself: until people can sign in, nobody else may see the control room."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from fastapi import Request

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")


def refusal_of(request: Request) -> str | None:
    """Return why a request does not come from the machine itself; None when it does."""
    client = request.client.host if request.client else None
    return refusal(listens_on(request), client, request.headers, str(request.scope.get("http_version", "1.1")))


def refusal(
    server_host: str,
    client: str | None,
    headers: Any,  # noqa: ANN401 - any header mapping
    http_version: str = "1.1",
) -> str | None:
    """Return why a request does not come from the machine itself; None when it does.

    The Host header is checked too: a web page that points its own name at 127.0.0.1 would otherwise read the answers.

    Args:
        server_host: Host the server is bound to.
        client: Address the request comes from.
        headers: Its headers.
        http_version: A proxy on this machine may leave out every header that gives it away, and name this machine as
            host: nginx does, unless told otherwise. What is left is HTTP/1.0, which it speaks and no browser does.
    """
    if server_host not in LOOPBACK_HOSTS:
        return f"the server listens on {server_host}, where others may reach it"
    if client is None or not is_loopback(client):
        return f"the request comes from {client or 'an unknown address'}, which is not this machine"
    if http_version == "1.0" or any(headers.get(name) is not None for name in _FORWARDED):
        return "the request came through a proxy, so it may come from anywhere"
    asked = _host_name(headers.get("host", ""))
    if asked not in LOOPBACK_HOSTS:
        return f"the address names {asked or 'no host'}, not this machine"
    return None


def listens_on(request: Request) -> str:
    """Return the host the server is bound to: what it was started with, else what the settings say."""
    state = request.app.state
    return str(getattr(state, "listens_on", None) or state.serving.settings.serving.host)


def is_loopback(address: str) -> bool:
    """Say whether a network address is this machine's own."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _host_name(host: str) -> str:
    """Return the name part of a Host header: `[::1]:8000` -> `::1`."""
    return host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0].lower()
