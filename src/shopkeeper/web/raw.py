"""Routes without a framework between them and the wire: an ASGI callable that turns errors into problems."""

from __future__ import annotations

from abc import ABC, abstractmethod

from msgspec import Struct
from starlette.types import Receive, Scope, Send

from shopkeeper.errors import ShopkeeperError
from shopkeeper.serving.telemetry import Telemetry
from shopkeeper.web.answer import Answer
from shopkeeper.web.limits import read_body
from shopkeeper.web.problem import problem_of, unexpected
from shopkeeper.wiring.serving import Serving


class Call(Struct, frozen=True, gc=False):
    """One request as a raw route sees it."""

    scope: Scope
    receive: Receive
    serving: Serving

    @property
    def method(self) -> str:
        """HTTP method in capitals."""
        return str(self.scope["method"])

    async def body(self) -> bytes:
        """Return the body within the configured limit."""
        return await read_body(self.scope, self.receive, self.serving.settings.serving.body_bytes)


class RawRoute(ABC):
    """One raw ASGI endpoint."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever fails, a problem document comes."""
        serving: Serving = scope["app"].state.serving
        try:
            answer = await self.answer(Call(scope, receive, serving))
        except Exception as error:  # noqa: BLE001 - the outermost loop of a request: clients never see a stack trace
            answer = failed(error, serving.telemetry)
        await answer.send(send)

    @abstractmethod
    async def answer(self, call: Call) -> Answer:
        """Return the answer; raise ShopkeeperError for what the caller can mend."""


def failed(error: Exception, telemetry: Telemetry) -> Answer:
    """Return the problem document of what a request failed by, and count what nobody expected."""
    if isinstance(error, ShopkeeperError):
        return problem_of(error)
    telemetry.error()
    return unexpected(error)
