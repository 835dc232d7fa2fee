"""Small bodies of events that come while others are written, judged, written and counted as one batch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shopkeeper.commerce.event import Event
from shopkeeper.intake.live_lane import LiveLane
from shopkeeper.serving.live_events import LiveEvents, TakenEvents

ALONE: Final = 50
"""A body of so many events is a batch of its own: to join it would gain nothing, and let small ones wait for it."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    events: list[Event]
    taken: asyncio.Future[TakenEvents | None]

    def answer(self, taken: TakenEvents | None) -> None:
        if not self.taken.done():
            self.taken.set_result(taken)

    def fail(self, error: Exception) -> None:
        if not self.taken.done():
            self.taken.set_exception(error)


class JoinedEvents:
    """Takes bodies through a lane. Used from one event loop.

    What is done once for a batch, however small, costs more than what is done for each event of it; and what comes
    while the disk writes has to wait for it anyway. Every body is read by itself, so that no body can change what
    another means; where one of them has to be looked at, those with it are judged each on its own.
    """

    def __init__(self, events: LiveEvents) -> None:
        self._events = events
        self._waiting: dict[LiveLane, list[_Waiting]] = {}
        self._taking: asyncio.Task[None] | None = None

    async def take(self, lane: LiveLane, body: bytes) -> TakenEvents | None:
        """Take the events of a body; None where the judge of rows has to look at them, and nothing was taken.

        Raises:
            Overloaded: the log is behind; nothing of the body was taken.
        """
        events = lane.read(body)
        if events is None:
            return None
        if len(events) >= ALONE:
            sure = lane.judge(events)
            return None if sure is None else await self._events.take(sure.events, sure.lines)
        loop = asyncio.get_running_loop()
        waiting = _Waiting(events, loop.create_future())
        self._waiting.setdefault(lane, []).append(waiting)
        if self._taking is None:
            self._taking = loop.create_task(self._take_waiting())
        return await waiting.taken

    async def _take_waiting(self) -> None:
        """Take what waits until nothing does; one such task lives at a time."""
        try:
            while self._waiting:
                together, self._waiting = self._waiting, {}
                await asyncio.gather(*(self._take(lane, bodies) for lane, bodies in together.items()))
        finally:
            self._taking = None

    async def _take(self, lane: LiveLane, bodies: Sequence[_Waiting]) -> None:
        """Take bodies together, or else each on its own; whatever fails is told to those who wait."""
        try:
            sure = lane.judge([event for body in bodies for event in body.events])
            if sure is not None:
                _tell(bodies, set(await self._events.take_each(sure.events, sure.lines)))
            elif len(bodies) == 1:
                bodies[0].answer(None)
            else:
                await asyncio.gather(*(self._take(lane, (body,)) for body in bodies))
        except Exception as error:  # noqa: BLE001 - raised again where each request waits
            for body in bodies:
                body.fail(error)


def _tell(bodies: Sequence[_Waiting], places: set[int]) -> None:
    """Tell each body how many of its events were taken, by their places among those of all."""
    first = 0
    for body in bodies:
        sent = len(body.events)
        accepted = sum(n in places for n in range(first, first + sent))
        first += sent
        body.answer(TakenEvents(accepted, sent - accepted))
