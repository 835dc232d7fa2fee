"""HTTP as uvicorn reads it, with a bound on what comes before a body: httptools itself would take any amount."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shopkeeper.web.joined_writes import JoinedWrites
from shopkeeper.web.problem import problem
from shopkeeper.web.wire_form import wire_form

HEAD_BYTES = 64_000
"""Most bytes of request line and headers; nothing of them is bounded or authorised before they are complete."""


class HeadTooLargeError(Exception):
    """Raised inside the parser to stop it."""


class BoundedHeadProtocol(HttpToolsProtocol):
    """One connection. A head that is too large is answered with 431, and the connection is closed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - uvicorn's signature
        super().__init__(*args, **kwargs)
        self._in_head = False
        self._before = 0
        self._chunk = 0
        self._too_large = False

    def data_received(self, data: bytes) -> None:
        """Read on; a head that never ends is refused as soon as it is too large."""
        was_in_head, self._chunk = self._in_head, len(data)
        super().data_received(data)
        self._before = self._before + len(data) if was_in_head and self._in_head else 0
        if self._before > HEAD_BYTES and not self.transport.is_closing():
            self._too_large = True
            self.send_400_response("")

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        """Start the request, unless its head is too large. Summed only where what was read could be that much."""
        self._in_head = False
        if self._before + self._chunk > HEAD_BYTES:
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > HEAD_BYTES:
                self._too_large = True
                raise HeadTooLargeError
        super().on_headers_complete()
        self.cycle.transport = cast("asyncio.Transport", JoinedWrites(self.transport, self.loop))

    def send_400_response(self, msg: str) -> None:
        """Answer a request that cannot be read with a problem document, and close."""
        if self._too_large:
            answer = problem(
                431, f"Request line and headers are larger than {HEAD_BYTES:,} bytes.", "Send what is long in the body."
            )
        else:
            answer = problem(400, msg, "Send HTTP/1.1.")
        self.transport.write(wire_form(answer, [(b"connection", b"close")]))
        self.transport.close()
