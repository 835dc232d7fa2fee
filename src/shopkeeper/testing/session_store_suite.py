"""The laws of `serving.ports.SessionStore`: subclass and give `open_sessions`, a context with a new, empty store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

from msgspec import structs

from shopkeeper.commerce.event import PROFILED, Event, EventType
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.serving.ports import Held, Profile, Recalled, SessionEvent, SessionStore

OpenSessions = Callable[[], AbstractAsyncContextManager[SessionStore]]
_NOON = datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=UTC)
_KEPT = 50


def _event(product: str | None, minutes: float = 0, type_: EventType = "view") -> Event:
    moment = _NOON + timedelta(minutes=minutes)
    return Event(event_id=f"{product}-{minutes}", ts=moment, store="uk", type=type_, product=product)


def _who(user: str | None = None, visitor: str | None = None, session: str | None = None) -> Shopper:
    return Shopper("uk", user, visitor, session)


async def _seen(store: SessionStore, who: Shopper) -> list[str]:
    return [entry.product for entry in (await store.read(who)).profile.events]


def _run(open_sessions: OpenSessions, steps: Callable[[SessionStore], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with open_sessions() as store:
            assert await store.begin()
            await steps(store)

    asyncio.run(whole())


class SessionStoreSuite:
    """Every engine of the port passes these."""

    def test_an_event_is_in_the_next_profile_as_it_went_in(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write([(_who(visitor="ü-鍵"), _event("Ключ-鍵'\"\\"))])
            (entry,) = (await store.read(_who(visitor="ü-鍵"))).profile.events
            assert (entry.product, entry.type, entry.ts) == ("Ключ-鍵'\"\\", "view", _NOON)
            assert await store.read(_who(visitor="other")) == Recalled()

        _run(open_sessions, steps)

    def test_without_a_key_or_without_interest_there_is_no_profile(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write([(_who(), _event("lamp"))])
            assert await store.read(_who()) == Recalled()
            for type_ in ("impression", "search", "identify"):
                await store.write([(_who(visitor="v"), _event("lamp", type_=type_))])
            await store.write([(_who(visitor="v"), _event(None))])
            assert await store.read(_who(visitor="v")) == Recalled()
            for number, type_ in enumerate(sorted(PROFILED)):
                await store.write([(_who(visitor="v"), _event(type_, number, type_))])
            assert await _seen(store, _who(visitor="v")) == sorted(PROFILED)

        _run(open_sessions, steps)

    def test_a_rating_below_the_middle_dismisses(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            rated = structs.replace(_event("lamp", type_="rating"), value=1.0)
            await store.write([(_who(visitor="v"), rated), (_who(visitor="v"), rated)])
            (entry,) = (await store.read(_who(visitor="v"))).profile.events
            assert (entry.product, entry.type) == ("lamp", "dismiss")

        _run(open_sessions, steps)

    def test_the_newest_fifty_are_kept_in_order_of_time(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            minutes = [*range(1, 60), 0.5, 30.5]
            for minute in minutes:
                await store.write([(_who(visitor="v"), _event(str(minute), minute))])
            assert await _seen(store, _who(visitor="v")) == [str(minute) for minute in sorted(minutes)[-_KEPT:]]

        _run(open_sessions, steps)

    def test_views_do_not_push_a_refusal_out(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            who = _who(visitor="v")
            refused: tuple[EventType, ...] = ("dismiss", "remove")
            for minute, type_ in enumerate(refused):
                await store.write([(who, _event(type_, minute, type_))])
            for minute in range(2, 70):
                await store.write([(who, _event(str(minute), minute))])
            assert await _seen(store, who) == ["dismiss", "remove", *(str(minute) for minute in range(70 - _KEPT, 70))]

        _run(open_sessions, steps)

    def test_the_version_rises_with_every_change_and_only_then(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            versions = []
            for minute, name in enumerate(("a", "b", "a")):
                await store.write([(_who(visitor=name), _event("lamp", minute))])
                versions.append((await store.read(_who(visitor=name))).profile.version)
            assert versions == sorted(set(versions))
            assert (await store.read(_who(visitor="a"))).profile.version == versions[-1]

        _run(open_sessions, steps)

    def test_a_visitors_events_follow_the_user_after_login_in_order_of_time(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write([(_who(visitor="v"), _event("lamp", 0))])
            await store.write([(_who(visitor="v"), _event("rug", 1))])
            await store.write([(_who(user="ann"), _event("desk", 2))])
            assert await _seen(store, _who(user="ann", visitor="v")) == ["lamp", "rug", "desk"]
            assert await _seen(store, _who(user="ann")) == ["lamp", "rug", "desk"]
            assert await _seen(store, _who(visitor="v")) == []

        _run(open_sessions, steps)

    def test_a_sessions_events_follow_the_visitor(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write([(_who(session="s"), _event("lamp", 0))])
            await store.write([(_who(visitor="v", session="s"), _event("desk", 1))])
            assert await _seen(store, _who(visitor="v")) == ["lamp", "desk"]

        _run(open_sessions, steps)

    def test_a_device_that_comes_with_another_user_brings_nothing_of_the_first(
        self, open_sessions: OpenSessions
    ) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write([(_who(user="ann", visitor="v"), _event("lamp", 0))])
            await store.write([(_who(visitor="v"), _event("ring", 1))])
            assert await _seen(store, _who(user="bob", visitor="v")) == []
            assert await _seen(store, _who(visitor="v")) == []
            assert await _seen(store, _who(user="ann")) == ["lamp"]

        _run(open_sessions, steps)

    def test_what_is_done_signed_out_returns_to_the_user_who_signs_in_again(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write([(_who(user="ann", visitor="v"), _event("lamp", 0))])
            await store.write([(_who(visitor="v"), _event("ring", 1))])
            assert await _seen(store, _who(user="ann", visitor="v")) == ["lamp", "ring"]

        _run(open_sessions, steps)

    def test_the_first_arm_stays_and_follows_the_user_after_login(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.keep_arm(_who(visitor="v"), "r1", "treatment")
            await store.keep_arm(_who(visitor="v"), "r1", "control")
            await store.keep_arm(_who(user="ann"), "r2", "control")
            assert (await store.read(_who(visitor="v"))).arms == {"r1": "treatment"}
            both = {"r1": "treatment", "r2": "control"}
            assert (await store.read(_who(user="ann", visitor="v"))).arms == both
            assert (await store.read(_who(user="ann"))).arms == both
            assert (await store.read(Shopper("de", "ann"))).arms == {}
            await store.erase("uk", "ann")
            assert (await store.read(_who(user="ann"))).arms == {}

        _run(open_sessions, steps)

    def test_profiles_never_cross_a_customer_group(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write([(_who("ann"), _event("lamp"))])
            assert await store.read(Shopper("de", "ann")) == Recalled()

        _run(open_sessions, steps)

    def test_erasing_a_user_forgets_the_user_and_the_devices_that_were_theirs(
        self, open_sessions: OpenSessions
    ) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write([(_who(user="ann", visitor="v"), _event("lamp"))])
            await store.write([(_who(visitor="v"), _event("ring"))])
            await store.write([(_who(user="bob"), _event("desk"))])
            assert await store.erase("uk", "ann") == 2
            assert await _seen(store, _who(user="ann", visitor="v")) == []
            assert await _seen(store, _who(user="bob")) == ["desk"]

        _run(open_sessions, steps)

    def test_many_events_of_many_shoppers_are_one_write(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write([(_who(visitor=f"v{n % 7}"), _event(str(n), n)) for n in range(200)])
            for visitor in range(7):
                expected = [str(n) for n in range(200) if n % 7 == visitor]
                assert await _seen(store, _who(visitor=f"v{visitor}")) == expected

        _run(open_sessions, steps)

    def test_an_event_that_is_written_again_stays_one(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            for event in (_event("lamp"), _event("rug"), _event("lamp")):
                await store.write([(_who(visitor="v"), event)])
            assert await _seen(store, _who(visitor="v")) == ["lamp", "rug"]

        _run(open_sessions, steps)

    def test_only_the_first_to_begin_finds_it_unfilled(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            assert not await store.begin()

        _run(open_sessions, steps)

    def test_an_answer_is_given_back_until_the_shopper_does_something(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write([(_who(visitor="v"), _event("lamp"))])
            version = (await store.read(_who(visitor="v"))).profile.version
            await store.keep(_who(visitor="v"), "home", version, b"\x00lamps", 60)
            assert (await store.read(_who(visitor="v"), "home")).answer == b"\x00lamps"
            assert (await store.read(_who(visitor="v"), "cart")).answer is None
            assert (await store.read(_who(visitor="w"), "home")).answer is None
            assert (await store.read(_who(visitor="v"))).answer is None
            await store.write([(_who(visitor="v"), _event("rug", 1))])
            assert (await store.read(_who(visitor="v"), "home")).answer is None

        _run(open_sessions, steps)

    def test_an_answer_made_of_an_older_profile_is_not_kept(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write([(_who(visitor="v"), _event("lamp"))])
            version = (await store.read(_who(visitor="v"))).profile.version
            await store.write([(_who(visitor="v"), _event("rug", 1))])
            await store.keep(_who(visitor="v"), "home", version, b"lamps", 60)
            assert (await store.read(_who(visitor="v"), "home")).answer is None

        _run(open_sessions, steps)

    def test_an_answer_for_everyone_needs_no_key(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.keep(_who(), "home", 0, b"lamps", 60)
            assert await store.read(_who(), "home") == Recalled(answer=b"lamps")
            assert (await store.read(Shopper("de"), "home")).answer is None

        _run(open_sessions, steps)

    def test_what_a_process_held_is_added_once_with_the_devices(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write([(_who(user="ann"), _event("lamp", 1))])
            events = tuple(
                SessionEvent(name, "view", _NOON + timedelta(minutes=n)) for n, name in enumerate(("rug", "lamp"))
            )
            for _ in range(2):
                await store.pour([Held("uk", "user:ann", ("visitor:v",), Profile(events, 1))])
            assert await _seen(store, _who(user="ann")) == ["rug", "lamp"]
            await store.write([(_who(visitor="v"), _event("ring", 2))])
            assert await _seen(store, _who(user="bob", visitor="v")) == []

        _run(open_sessions, steps)

    def test_erasing_a_user_forgets_their_answers(self, open_sessions: OpenSessions) -> None:
        async def steps(store: SessionStore) -> None:
            await store.write([(_who(user="ann", visitor="v"), _event("lamp"))])
            for who in (_who(user="ann"), _who(visitor="v")):
                await store.keep(who, "home", (await store.read(who)).profile.version, b"lamps", 60)
                assert (await store.read(who, "home")).answer == b"lamps"
            await store.erase("uk", "ann")
            assert (await store.read(_who(user="ann"), "home")).answer is None
            assert (await store.read(_who(visitor="v"), "home")).answer is None

        _run(open_sessions, steps)
