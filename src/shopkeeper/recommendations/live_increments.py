"""What shoppers do now, taken into the item-kNN of every version that answers: live increments."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from shopkeeper.commerce.event import INTEREST, Event, meant
from shopkeeper.recommendations.behaviour.shoppers import shopper_key
from shopkeeper.recommendations.loaded import LoadedModel
from shopkeeper.recommendations.models.increments import UNKNOWN, Increments

HEARD: Final = 100_000
"""Newest events held, about 300 bytes each: a version that begins to answer takes in those it was not built from."""
_AT_ONCE: Final = 200
"""Events taken in before others have their turn: 2 ms."""
_WORTH, _ROUNDS = 1_000, 5
"""Cells are put together for answers when a thousandth of them is new, or in the fifth round: it takes as long as they
are many, up to 50 ms in a thread."""


class _Heard(NamedTuple):
    shopper: str
    group: str
    product: str
    second: int


_GONE: Final = _Heard("", "", "", 0)
"""In place of an event of somebody who was erased: no model is so old that it would take it."""


class _Growing:
    """One version that takes increments, and the number of the next event it has not taken."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.loaded = loaded
        self.next = 0
        self._rounds = 0
        self._knns = [
            (knn, Increments(knn.params, knn.counted.entries, knn.counted.until, loaded.shoppers.newest))
            for knn in loaded.knns
            if knn.counted is not None
        ]

    def take(self, events: Iterable[_Heard]) -> None:
        if not self._knns:
            return
        index = self.loaded.index
        for event in events:
            code = index.code(event.group, event.product)
            for _, increments in self._knns:
                increments.take(event.shopper, UNKNOWN if code is None else code, event.second)

    def due(self) -> bool:
        """Say whether answers are to read what was taken; asked once a round."""
        waiting = sum(increments.waiting for _, increments in self._knns)
        held = sum(len(knn.grown.keys) for knn, _ in self._knns if knn.grown is not None)
        self._rounds = self._rounds + 1 if waiting else 0
        return waiting > 0 and (waiting * _WORTH >= held or self._rounds >= _ROUNDS)

    def show(self) -> None:
        """Let answers read all that was taken."""
        self._rounds = 0
        for knn, increments in self._knns:
            knn.grown = increments.grown()

    def forget(self, shoppers: Iterable[str]) -> None:
        for shopper in shoppers:
            for _, increments in self._knns:
                increments.forget(shopper)


class LiveIncrements:
    """Implements `serving.live_events.LiveSequences`: hears events and lets versions grow by them.

    Used from one event loop. Nothing of it is kept: after a start the events of the last days are heard again, and a
    version trained since has them in its table. A shopper is known by the strongest key of each event; whoever signs in
    begins a sequence there.
    """

    def __init__(self, heard: int = HEARD) -> None:
        self._most = heard
        self._heard: list[_Heard] = []
        """The newest in order, up to an eighth more than `heard`; the midst of a deque is slow to reach."""
        self._count = 0
        """How many events were heard in all; the last of them are held."""
        self._growing: list[_Growing] = []

    def record(self, group: str, events: Sequence[Event]) -> None:
        """Hear events of shoppers of a customer group who allow personalisation; only interest in a product counts."""
        for event in events:
            shopper = _shopper(group, event)
            if shopper is not None and event.product is not None and meant(event) in INTEREST:
                self._heard.append(_Heard(shopper, group, event.product, int(event.ts.timestamp())))
                self._count += 1
        if len(self._heard) > self._most * 9 // 8:
            del self._heard[: -self._most]

    async def grow(self, versions: Iterable[LoadedModel]) -> None:
        """Let these versions, and no others, know what was heard before the call; called again and again.

        Little that is new waits until it is more, or for four further calls.
        """
        wanted = {id(one): one for one in versions}
        self._growing = [one for one in self._growing if wanted.pop(id(one.loaded), None) is not None]
        self._growing += map(_Growing, wanted.values())
        until = self._count
        for one in self._growing:
            while one.next < until:
                first = self._count - len(self._heard)
                start = max(one.next, first)
                one.next = max(min(start + _AT_ONCE, until), start)
                one.take(self._heard[start - first : one.next - first])
                await asyncio.sleep(0)
            if one.due():
                await asyncio.to_thread(one.show)

    def forget(self, shoppers: Collection[str]) -> None:
        """Hold nothing of some shoppers any more; what was counted of them names nobody."""
        for place, event in enumerate(self._heard):
            if event.shopper in shoppers:
                self._heard[place] = _GONE
        for one in self._growing:
            one.forget(shoppers)


def _shopper(group: str, event: Event) -> str | None:
    """Return the strongest key of an event."""
    if event.user is not None:
        return shopper_key(group, "user", event.user)
    if event.visitor is not None:
        return shopper_key(group, "visitor", event.visitor)
    return None if event.session is None else shopper_key(group, "session", event.session)
