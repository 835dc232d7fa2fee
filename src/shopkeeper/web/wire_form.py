"""An answer as the bytes that a connection carries."""

from __future__ import annotations

from collections.abc import Iterable

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from shopkeeper.web.answer import Answer


def wire_form(answer: Answer, more_headers: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """Return an answer whole: status line, `more_headers`, its own headers, and body."""
    headers = [*more_headers, *answer.raw_headers()]
    lines = [name + b": " + value + b"\r\n" for name, value in headers]
    return b"".join([STATUS_LINE[answer.status], *lines, b"\r\n", answer.body])
