"""Reading a request body without letting it fill the memory."""

from __future__ import annotations

from starlette.types import Receive, Scope

from shopkeeper.web.packed_body import unpacked
from shopkeeper.web.problem import HttpProblem

DISCARDED_BYTES = 64_000_000
"""How much of a body that is too large is read away, so that the client reads the answer instead of a broken pipe."""


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Return the body of a request, unpacked where it came compressed by gzip or zstd.

    Args:
        limit: Most bytes, packed or not.

    Raises:
        HttpProblem: 413 for a larger body, 415 for another encoding, 400 if the client went away or it is not of its
            encoding.
    """
    encoding = b""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            await _discard(receive)
            raise _too_large(limit)
        if name == b"content-encoding" and value.lower() != b"identity":
            encoding = value.lower()
    body = await _received(receive, limit)
    if not encoding:
        return body
    whole = unpacked(body, encoding, limit)
    if whole is None:
        raise _too_large(limit)
    return whole


async def _received(receive: Receive, limit: int) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False) and message["type"] == "http.request":
        return _within(body, limit)
    parts, size = [body], len(body)
    while message.get("more_body", False):
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            await _discard(receive)
            raise _too_large(limit)
    if message["type"] == "http.disconnect":
        raise HttpProblem(400, "The client went away before the body was complete.", "Send it again.")
    return _within(b"".join(parts), limit)


def _within(body: bytes, limit: int) -> bytes:
    if len(body) > limit:
        raise _too_large(limit)
    return body


async def _discard(receive: Receive) -> None:
    size, more = 0, True
    while more and size < DISCARDED_BYTES:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)


def _too_large(limit: int) -> HttpProblem:
    return HttpProblem(
        413, f"The body is larger than {limit:,} bytes.", "Send smaller batches, or use `shopkeeper import` for files."
    )
