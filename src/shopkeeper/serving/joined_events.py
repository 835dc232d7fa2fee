"""Small bodies of events that come while others are written, judged, written and counted as one batch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from shopkeeper.commerce.event import Event
from shopkeeper.intake.live_lane import LiveLane
from shopkeeper.serving.live_events import ONE_TAKEN, LiveEvents, TakenEvents

ALONE: Final = 50
"""A body of so many events is a batch of its own: to join it would gain nothing, and let small ones wait for it."""

TURNS: Final = 3
"""Most turns of the loop that a body waits for others: each may be full of answers, and take 20 ms."""


class Sender(Protocol):
    """Who sent a body, and is told once what became of it."""

    def answer(self, taken: TakenEvents | None) -> None:
        """Hear how many events were taken; None = the judge of rows has to look at them, and nothing was taken."""
        ...

    def fail(self, error: Exception) -> None:
        """Hear why nothing was taken."""
        ...


@dataclass(frozen=True, slots=True)
class _Awaiting:
    taken: asyncio.Future[TakenEvents | None]

    def answer(self, taken: TakenEvents | None) -> None:
        if not self.taken.done():
            self.taken.set_result(taken)

    def fail(self, error: Exception) -> None:
        if not self.taken.done():
            self.taken.set_exception(error)


_Body = tuple[list[Event], Sender]


class JoinedEvents:
    """Takes bodies through a lane. Used from one event loop.

    What is done once for a batch, however small, costs more than what is done for each event of it; and what comes
    while the disk writes has to wait for it anyway. Every body is read by itself, so that no body can change what
    another means; where one of them has to be looked at, those with it are judged each on its own.
    """

    def __init__(self, events: LiveEvents) -> None:
        self._events = events
        self._waiting: dict[LiveLane, list[_Body]] = {}
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
        taken: asyncio.Future[TakenEvents | None] = asyncio.get_running_loop().create_future()
        self.join(lane, events, _Awaiting(taken))
        return await taken

    def join(self, lane: LiveLane, events: list[Event], sender: Sender) -> None:
        """Take the events of a body, as `lane` read it, with those of others, and tell the sender."""
        self._waiting.setdefault(lane, []).append((events, sender))
        if self._taking is None:
            self._taking = asyncio.get_running_loop().create_task(self._take_waiting())

    async def _take_waiting(self) -> None:
        """Take what waits until nothing does; one such task lives at a time."""
        try:
            while self._waiting:
                await self._let_more_come()
                together, self._waiting = self._waiting, {}
                if len(together) == 1:
                    await self._take(*together.popitem())
                else:
                    await asyncio.gather(*(self._take(lane, bodies) for lane, bodies in together.items()))
        finally:
            self._taking = None

    async def _let_more_come(self) -> None:
        """Return when a turn of the loop has brought no other body, or some have passed: to write few costs as much."""
        seen = -1
        for _ in range(TURNS):
            waiting = sum(map(len, self._waiting.values()))
            if waiting == seen:
                break
            seen = waiting
            await asyncio.sleep(0)

    async def _take(self, lane: LiveLane, bodies: Sequence[_Body]) -> None:
        """Take bodies together, or else each on its own; whatever fails is told to those who wait."""
        try:
            sure = lane.judge([event for events, _ in bodies for event in events])
            if sure is not None:
                _tell(bodies, set(await self._events.take_each(sure.events, sure.lines)))
            elif len(bodies) == 1:
                bodies[0][1].answer(None)
            else:
                await asyncio.gather(*(self._take(lane, (body,)) for body in bodies))
        except Exception as error:  # noqa: BLE001 - raised again where each request waits
            for _, sender in bodies:
                sender.fail(error)


def _tell(bodies: Sequence[_Body], places: set[int]) -> None:
    """Tell each body how many of its events were taken, by their places among those of all."""
    first = 0
    for events, sender in bodies:
        sent = len(events)
        accepted = sum([n in places for n in range(first, first + sent)])
        first += sent
        sender.answer(ONE_TAKEN if accepted == sent == 1 else TakenEvents(accepted, sent - accepted))
