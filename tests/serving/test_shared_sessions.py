"""A shared store that goes away costs nothing that comes back: no request, no event, no erasure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.engines.memory_sessions import MemorySessions
from shopkeeper.errors import TooLate, Unavailable
from shopkeeper.serving.ports import Held, Recalled
from shopkeeper.serving.profiles import Profiles
from shopkeeper.serving.session_state import SessionState
from shopkeeper.serving.shared_sessions import SharedSessions, Told

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ANN, BOB = Shopper("uk", "ann", "v1"), Shopper("uk", "bob", "v2")


class Unplugged(MemorySessions):
    """A store whose plug the test holds, and which it may let answer too late for reads, or drop a connection once."""

    def __init__(self) -> None:
        super().__init__(SessionState(100))
        self.plugged = True
        self.late = False
        self.drops = 0

    def lose_everything(self) -> None:
        super().__init__(SessionState(100))

    async def begin(self) -> bool:
        self._check()
        return await super().begin()

    async def read(self, shopper: Shopper, asked: str = "") -> Recalled:
        self._check()
        if self.late:
            raise TooLate("Not in time.", "Go on.")
        return await super().read(shopper, asked)

    async def write(self, told: Sequence[Told]) -> None:
        self._check()
        await super().write(told)

    async def erase(self, group: str, user: str) -> int:
        self._check()
        return await super().erase(group, user)

    def _check(self) -> None:
        self.drops -= 1
        if not self.plugged or self.drops == 0:
            raise Unavailable("Unplugged.", "Plug it in.")


def view_of(shopper: Shopper, product: str) -> Event:
    return Event(
        event_id=product, ts=NOON + timedelta(seconds=ord(product[0])), store="uk", type="view", product=product,
        user=shopper.user, visitor=shopper.visitor, session=shopper.session,
    )  # fmt: skip


class Process:
    """What one serving process holds."""

    def __init__(self, store: Unplugged) -> None:
        self.shared = SharedSessions(store, local := SessionState(100))
        self.profiles = Profiles(local, self.shared, self.hear)
        self.logged: list[Event] = []
        """What other processes took and this one has not read yet."""

    async def hear(self) -> None:
        while self.logged:
            self.profiles.remember("uk", self.logged.pop(0))

    async def view(self, shopper: Shopper, *products: str) -> None:
        await self.profiles.write(shopper.group, [view_of(shopper, product) for product in products])

    async def seen(self, shopper: Shopper) -> list[str]:
        return [event.product for event in (await self.profiles.read(shopper)).profile.events]


def play(steps: Callable[[Unplugged, Process, Process], Awaitable[None]]) -> None:
    async def whole() -> None:
        store = Unplugged()
        one, other = Process(store), Process(store)
        await one.shared.follow()
        await other.shared.follow()
        await steps(store, one, other)

    asyncio.run(whole())


def test_what_one_process_was_told_another_knows() -> None:
    async def steps(_: Unplugged, one: Process, other: Process) -> None:
        await one.view(ANN, "a")
        await other.view(ANN, "b")
        assert await one.seen(ANN) == await other.seen(ANN) == ["a", "b"]

    play(steps)


def test_while_the_store_is_away_each_process_knows_what_it_was_told_and_later_both_know_all() -> None:
    async def steps(store: Unplugged, one: Process, other: Process) -> None:
        await one.view(ANN, "a")
        store.plugged = False
        await one.view(ANN, "b")
        await other.view(ANN, "c")
        assert (await one.seen(ANN), await other.seen(ANN)) == (["a", "b"], ["c"])
        assert (one.shared.up, one.shared.waiting, one.shared.unread) == (False, 1, 1)
        assert one.shared.failures == {"write": 1, "begin": 1}
        assert one.shared.untold == 1
        await one.shared.follow()
        assert not one.shared.up
        store.plugged = True
        await one.shared.follow()
        await other.shared.follow()
        assert (one.shared.up, one.shared.waiting) == (True, 0)
        assert await one.seen(ANN) == await other.seen(ANN) == ["a", "b", "c"]

    play(steps)


def test_a_read_that_came_too_late_knows_what_others_took_and_does_not_call_the_store_away() -> None:
    async def steps(store: Unplugged, one: Process, other: Process) -> None:
        await one.view(ANN, "a")
        other.logged.append(view_of(ANN, "a"))
        store.late = True
        assert await other.seen(ANN) == ["a"]
        await other.view(ANN, "b")
        assert (other.shared.up, other.shared.waiting, other.shared.failures) == (True, 0, {"late": 1})
        await other.shared.follow()
        store.late = False
        assert await one.seen(ANN) == ["a", "b"]
        assert (other.shared.up, other.shared.failures) == (True, {"late": 1})

    play(steps)


def test_a_store_that_does_not_answer_at_leisure_either_is_away() -> None:
    async def steps(store: Unplugged, one: Process, _: Process) -> None:
        store.late = True
        await one.seen(ANN)
        store.plugged = False
        await one.shared.follow()
        assert not one.shared.up
        store.plugged, store.late = True, False
        await one.shared.follow()
        assert one.shared.up

    play(steps)


def test_an_event_that_met_a_dropped_connection_is_in_the_store_when_it_is_acknowledged() -> None:
    async def steps(store: Unplugged, one: Process, other: Process) -> None:
        store.drops = 1
        await one.view(ANN, "a")
        assert await other.seen(ANN) == ["a"]
        assert (one.shared.up, one.shared.waiting, one.shared.untold) == (True, 0, 0)
        assert one.shared.failures == {"write": 1}

    play(steps)


def test_a_store_that_comes_back_empty_is_filled_with_what_the_processes_hold() -> None:
    async def steps(store: Unplugged, one: Process, other: Process) -> None:
        await one.view(ANN, "a")
        store.plugged = False
        await one.view(BOB, "b")
        store.lose_everything()
        store.plugged = True
        await one.shared.follow()
        assert (await one.seen(ANN), await one.seen(BOB)) == (["a"], ["b"])
        assert await other.seen(ANN) == ["a"]

    play(steps)


def test_filling_an_empty_store_that_breaks_off_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shopkeeper.serving.shared_sessions._AT_ONCE", 1)

    async def steps(store: Unplugged, one: Process, _: Process) -> None:
        await one.view(ANN, "a")
        await one.view(BOB, "b")
        store.plugged = False
        assert await one.seen(ANN) == ["a"]
        store.lose_everything()
        store.plugged = True
        pour = store.pour

        async def half(held: Sequence[Held]) -> None:
            store.pour = broken  # type: ignore[method-assign]
            await pour(held)

        async def broken(held: Sequence[Held]) -> None:
            raise Unavailable("Gone again.", "Wait.")

        store.pour = half  # type: ignore[method-assign]
        await one.shared.follow()
        assert not one.shared.up
        store.pour = pour  # type: ignore[method-assign]
        await one.shared.follow()
        assert (await one.seen(ANN), await one.seen(BOB)) == (["a"], ["b"])

    play(steps)


def test_who_is_erased_while_the_store_is_away_is_gone_when_it_is_back_and_their_waiting_events_too() -> None:
    async def steps(store: Unplugged, one: Process, other: Process) -> None:
        await one.view(ANN, "a")
        store.plugged = False
        await one.view(ANN, "b")
        await one.view(BOB, "c")
        with pytest.raises(Unavailable):
            await one.profiles.erase("uk", "ann")
        assert await one.seen(ANN) == []
        store.plugged = True
        await one.shared.follow()
        assert (await one.seen(ANN), await one.seen(Shopper("uk", None, "v1")), await other.seen(BOB)) == (
            [],
            [],
            ["c"],
        )

    play(steps)


def test_events_that_come_while_it_catches_up_are_handed_over_before_it_is_read_again() -> None:
    async def steps(store: Unplugged, one: Process, other: Process) -> None:
        store.plugged = False
        await one.view(ANN, "a")
        store.plugged = True
        write = store.write

        async def slow(told: Sequence[Told]) -> None:
            store.write = write  # type: ignore[method-assign]
            await one.view(ANN, "b")
            await write(told)

        store.write = slow  # type: ignore[method-assign]
        await one.shared.follow()
        assert (one.shared.up, one.shared.waiting) == (True, 0)
        assert await other.seen(ANN) == ["a", "b"]

    play(steps)


def test_more_events_than_may_wait_leave_the_oldest_out_and_count_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shopkeeper.serving.shared_sessions.WAITING", 2)

    async def steps(store: Unplugged, one: Process, other: Process) -> None:
        store.plugged = False
        await one.view(ANN, "a", "b", "c")
        assert (one.shared.waiting, one.shared.left_out) == (2, 1)
        store.plugged = True
        await one.shared.follow()
        assert await other.seen(ANN) == ["b", "c"]

    play(steps)
