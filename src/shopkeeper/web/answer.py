"""What a route answers, before it is sent: kept plain so that the hot routes pay for nothing else."""

from __future__ import annotations

import msgspec
from msgspec import Struct
from starlette.responses import Response
from starlette.types import Send

JSON = b"application/json"


class Answer(Struct, frozen=True, gc=False):
    """One HTTP answer."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    media_type: bytes = JSON

    async def send(self, send: Send) -> None:
        """Send it over ASGI."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.raw_headers()})
        await send({"type": "http.response.body", "body": self.body})

    def response(self) -> Response:
        """Return it as a Starlette response."""
        response = Response(self.body, self.status)
        response.raw_headers = self.raw_headers()
        return response

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers as ASGI sends them."""
        return [
            (b"content-type", self.media_type),
            (b"content-length", str(len(self.body)).encode()),
            (b"x-content-type-options", b"nosniff"),
            *self.headers,
        ]


def json_answer(document: object, status: int = 200) -> Answer:
    """Return a document as JSON."""
    return Answer(status, msgspec.json.encode(document))
