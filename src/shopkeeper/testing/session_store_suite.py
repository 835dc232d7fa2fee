"""The laws of `serving.ports.SessionStore`: subclass and give `open_sessions`, a context with a new, empty store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

from shopkeeper.commerce.event import INTEREST, Event, EventType
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.serving.ports import EMPTY_PROFILE, SessionStore

OpenSessions = Callable[[], AbstractAsyncContextManager[SessionStore]]
_NOON = datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=UTC)
_KEPT = 50


def _event(product: str | None, minutes: float = 0, type_: EventType = "view") -> Event:
    moment = _NOON + timedelta(minutes=minutes)
    return Event(event_id=f"{product}-{minutes}", ts=moment, store="uk", type=type_, product=product)


def _who(user: str | None = None, visitor: str | None = None, session: str | None = None) -> Shopper:
    return Shopper("uk", user, visitor, session)


async def _seen(store: SessionStore, who: Shopper) -> list[str]:
    return [entry.product for entry in (await store.read(who)).events]


def _run(open_sessions: OpenSessions, steps: Callable[[SessionStore], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with open_sessions() as store:
            await steps(store)

    asyncio.run(whole())


class SessionStoreSuite:
    """Every engine of the port passes these."""

    def test_an_event_is_in_the_next_profile_as_it_went_in(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write(_who(visitor="ü-鍵"), _event("Ключ-鍵'\"\\"))
            (entry,) = (await store.read(_who(visitor="ü-鍵"))).events
            assert (entry.product, entry.type, entry.ts) == ("Ключ-鍵'\"\\", "view", _NOON)
            assert await store.read(_who(visitor="other")) == EMPTY_PROFILE

        _run(open_sessions, steps)

    def test_without_a_key_or_without_interest_there_is_no_profile(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write(_who(), _event("lamp"))
            assert await store.read(_who()) == EMPTY_PROFILE
            for type_ in ("impression", "search", "remove", "dismiss", "identify"):
                await store.write(_who(visitor="v"), _event("lamp", type_=type_))
            await store.write(_who(visitor="v"), _event(None))
            assert await store.read(_who(visitor="v")) == EMPTY_PROFILE
            for number, type_ in enumerate(sorted(INTEREST)):
                await store.write(_who(visitor="v"), _event(type_, number, type_))
            assert await _seen(store, _who(visitor="v")) == sorted(INTEREST)

        _run(open_sessions, steps)

    def test_the_newest_fifty_are_kept_in_order_of_time(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            minutes = [*range(1, 60), 0.5, 30.5]
            for minute in minutes:
                await store.write(_who(visitor="v"), _event(str(minute), minute))
            assert await _seen(store, _who(visitor="v")) == [str(minute) for minute in sorted(minutes)[-_KEPT:]]

        _run(open_sessions, steps)

    def test_the_version_rises_with_every_change_and_only_then(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            versions = []
            for name in ("a", "b", "a"):
                await store.write(_who(visitor=name), _event("lamp"))
                versions.append((await store.read(_who(visitor=name))).version)
            assert versions == sorted(set(versions))
            assert (await store.read(_who(visitor="a"))).version == versions[-1]

        _run(open_sessions, steps)

    def test_a_visitors_events_follow_the_user_after_login_in_order_of_time(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write(_who(visitor="v"), _event("lamp", 0))
            await store.write(_who(visitor="v"), _event("rug", 1))
            await store.write(_who(user="ann"), _event("desk", 2))
            assert await _seen(store, _who(user="ann", visitor="v")) == ["lamp", "rug", "desk"]
            assert await _seen(store, _who(user="ann")) == ["lamp", "rug", "desk"]
            assert await _seen(store, _who(visitor="v")) == []

        _run(open_sessions, steps)

    def test_a_sessions_events_follow_the_visitor(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write(_who(session="s"), _event("lamp", 0))
            await store.write(_who(visitor="v", session="s"), _event("desk", 1))
            assert await _seen(store, _who(visitor="v")) == ["lamp", "desk"]

        _run(open_sessions, steps)

    def test_a_device_that_comes_with_another_user_brings_nothing_of_the_first(
        self, open_sessions: OpenSessions
    ) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write(_who(user="ann", visitor="v"), _event("lamp", 0))
            await store.write(_who(visitor="v"), _event("ring", 1))
            assert await _seen(store, _who(user="bob", visitor="v")) == []
            assert await _seen(store, _who(visitor="v")) == []
            assert await _seen(store, _who(user="ann")) == ["lamp"]

        _run(open_sessions, steps)

    def test_what_is_done_signed_out_returns_to_the_user_who_signs_in_again(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write(_who(user="ann", visitor="v"), _event("lamp", 0))
            await store.write(_who(visitor="v"), _event("ring", 1))
            assert await _seen(store, _who(user="ann", visitor="v")) == ["lamp", "ring"]

        _run(open_sessions, steps)

    def test_profiles_never_cross_a_customer_group(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write(_who("ann"), _event("lamp"))
            assert await store.read(Shopper("de", "ann")) == EMPTY_PROFILE

        _run(open_sessions, steps)

    def test_erasing_a_user_forgets_the_user_and_the_devices_that_were_theirs(
        self, open_sessions: OpenSessions
    ) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write(_who(user="ann", visitor="v"), _event("lamp"))
            await store.write(_who(visitor="v"), _event("ring"))
            await store.write(_who(user="bob"), _event("desk"))
            assert await store.erase("uk", "ann") == 2
            assert await _seen(store, _who(user="ann", visitor="v")) == []
            assert await _seen(store, _who(user="bob")) == ["desk"]

        _run(open_sessions, steps)
