"""HTTP to a server nobody vouches for: what it is told, and how long and large an answer may be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import cast

import httpx2

_SENT = frozenset({"host", "accept", "connection", "content-type", "content-length", "user-agent"})


class BoundedTransport(httpx2.BaseTransport):
    """Passes requests on, without headers a client adds by itself, and ends an answer that trickles or never ends.

    A client may put keys of `*_API_KEY` variables or facts of this machine into headers; they may be meant for another.

    Args:
        inner: Carries the request.
        seconds: How long the body may take from the request on; a read's own timeout comes on top.
        most_bytes: Largest body. Packed bodies are refused, as they may be a thousand times as large once unpacked.
        clock: Seconds that never go back.
        key: Sent as the bearer; empty = none.
    """

    def __init__(
        self,
        inner: httpx2.BaseTransport,
        seconds: float,
        most_bytes: int,
        clock: Callable[[], float] = time.monotonic,
        key: str = "",
    ) -> None:
        self._inner = inner
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._clock = clock
        self._own = {"accept-encoding": "identity"} | ({"authorization": f"Bearer {key}"} if key else {})

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Carry one request."""
        ends = self._clock() + self._seconds
        headers = {name: value for name, value in request.headers.items() if name in _SENT} | self._own
        response = self._inner.handle_request(
            httpx2.Request(
                request.method, request.url, headers=headers, stream=request.stream, extensions=request.extensions
            )
        )
        body = cast("httpx2.SyncByteStream", response.stream)
        if response.headers.get("content-encoding", "identity") != "identity":
            body.close()
            raise httpx2.ReadError("The answer is packed, though it was asked not to be.", request=request)
        response.stream = _Bounded(body, lambda read: self._check(read, ends, request))
        return response

    def close(self) -> None:
        """Let go of the connections."""
        self._inner.close()

    def _check(self, read: int, ends: float, request: httpx2.Request) -> None:
        if read > self._most_bytes:
            raise httpx2.ReadError(f"The answer is larger than {self._most_bytes} bytes.", request=request)
        if self._clock() > ends:
            raise httpx2.ReadTimeout(f"The answer took longer than {self._seconds:g} s.", request=request)


class _Bounded(httpx2.SyncByteStream):
    def __init__(self, body: httpx2.SyncByteStream, check: Callable[[int], None]) -> None:
        self._body = body
        self._check = check

    def __iter__(self) -> Iterator[bytes]:
        read = 0
        for chunk in self._body:
            read += len(chunk)
            self._check(read)
            yield chunk

    def close(self) -> None:
        self._body.close()
