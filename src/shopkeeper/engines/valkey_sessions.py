"""Live profiles on Valkey or Redis, shared by every serving process: one round trip for each visit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any, Final
from urllib.parse import quote

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from shopkeeper.commerce.event import INTEREST, Event, EventType
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.engines.state_schema import from_micros, to_micros
from shopkeeper.errors import Unavailable
from shopkeeper.serving.ports import EMPTY_PROFILE, Profile, SessionEvent
from shopkeeper.serving.session_state import EVENTS_KEPT

LIFE_SECONDS: Final = 30 * 24 * 3600
"""A profile nobody visits is forgotten after this long."""
_ANSWER_SECONDS: Final = 1.0
_VISIT: Final = resources.files("shopkeeper.engines").joinpath("valkey_sessions.lua").read_text("utf-8")
_ERASE: Final = """
local prefix, user, dropped = ARGV[1], KEYS[1], 0
local theirs = redis.call('SMEMBERS', prefix .. 'owned:' .. user)
table.insert(theirs, user)
for _, name in ipairs(theirs) do
  dropped = dropped + redis.call('DEL', prefix .. 'profile:' .. name)
  redis.call('DEL', prefix .. 'owner:' .. name, prefix .. 'owned:' .. name)
end
return dropped
"""


class _Kept(msgspec.Struct):
    events: list[tuple[str, EventType, str]]
    version: str


class ValkeySessions:
    """Implements `serving.ports.SessionStore`; from any number of processes, as the server runs one visit at a time.

    For one server with its replicas, not for a cluster: the script makes names its caller does not list.
    """

    def __init__(self, url: str, life_seconds: int = LIFE_SECONDS) -> None:
        self._client = redis.asyncio.Redis.from_url(url, socket_timeout=_ANSWER_SECONDS)
        self._visit = self._client.register_script(_VISIT)
        self._erase = self._client.register_script(_ERASE)
        self._life = life_seconds

    async def close(self) -> None:
        """Give every connection back."""
        await self._client.aclose()

    async def read(self, shopper: Shopper) -> Profile:
        """Return the profile of a shopper who allows personalisation, after moving what weaker keys gathered to it.

        Raises:
            Unavailable: the server does not answer in a second.
        """
        return await self._visited(shopper, [])

    async def write(self, shopper: Shopper, event: Event) -> None:
        """Add an event of a shopper who allows personalisation; only interest in a product changes a profile.

        Raises:
            Unavailable: the server does not answer in a second.
        """
        told = event.product is not None and event.type in INTEREST
        await self._visited(shopper, [event.product, event.type, str(to_micros(event.ts))] if told else [])

    async def erase(self, group: str, user: str) -> int:
        """Forget a user, and what is held of every device and session that was theirs; return profiles dropped."""
        async with _answering():
            return int(await self._erase(keys=[f"user:{user}"], args=[_prefix(group)]))

    async def _visited(self, shopper: Shopper, event: list[Any]) -> Profile:
        names = [
            f"{kind}:{value}"
            for kind, value in (("user", shopper.user), ("visitor", shopper.visitor), ("session", shopper.session))
            if value is not None
        ]
        if not names:
            return EMPTY_PROFILE
        async with _answering():
            answer = await self._visit(keys=names, args=[_prefix(shopper.group), self._life, EVENTS_KEPT, *event])
        if answer is None:
            return EMPTY_PROFILE
        kept = msgspec.json.decode(answer, type=_Kept)
        events = tuple(SessionEvent(product, type_, from_micros(int(micros))) for product, type_, micros in kept.events)
        return Profile(events, int(kept.version))


def _prefix(group: str) -> str:
    return f"shopkeeper:{{{quote(group, safe='')}}}:"


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    try:
        yield
    except RedisError as error:
        raise Unavailable(
            f"Valkey does not answer: {error}.", "Check that it runs; profiles are empty until then."
        ) from error
