"""The door of the routes that decide: who could not be answered in time is told so at once, unread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from shopkeeper.serving.admission import Admission
from shopkeeper.serving.stopwatch import steps
from shopkeeper.web.problem import problem

FULL: Final = problem(
    503,
    "More is asked of this server at once than it can answer in time, even by rules.",
    "Retry after 1 s, or show what you show without a recommendation; `serving.wait_ms` sets the bound.",
    (),
    ((b"retry-after", b"1"),),
)


async def done_inside(admission: Admission, work: Callable[[], Awaitable[None]]) -> bool:
    """Do the work of one answer, unless it could not be done in time; say whether it was let in.

    Raises:
        BaseException: what the work raises.
    """
    if not admission.enter():
        return False
    took: float | None = None
    try:
        await asyncio.sleep(0)  # all that came in this turn of the loop count before the first of them is answered
        took = await steps(work())
    finally:
        admission.leave(took)
    return True


class Admitted:
    """A route that lets in what can be answered in time, and answers 503 to the rest."""

    def __init__(self, route: ASGIApp) -> None:
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        admission: Admission = scope["app"].state.serving.admission
        if not await done_inside(admission, lambda: self._route(scope, receive, send)):
            await FULL.send(send)
