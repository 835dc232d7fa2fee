"""Live profiles on a real Valkey keep the laws of the port, for many processes as for one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex

import pytest
import redis

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.engines.valkey_sessions import ValkeySessions
from shopkeeper.errors import Unavailable
from shopkeeper.serving.ports import SessionStore
from shopkeeper.testing.session_store_suite import OpenSessions, SessionStoreSuite

pytestmark = pytest.mark.integration
PATIENCE = 5.0
"""Seconds to wait for an answer here, where a busy machine must not decide what a test says."""
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def open_sessions(valkey_url: str) -> OpenSessions:
    @asynccontextmanager
    async def opened() -> AsyncIterator[SessionStore]:
        with redis.Redis.from_url(valkey_url) as client:
            for key in client.scan_iter("shopkeeper:*"):
                client.delete(key)
        sessions = ValkeySessions(valkey_url, wait_seconds=PATIENCE)
        yield sessions
        await sessions.close()

    return opened


class TestValkeySessions(SessionStoreSuite):
    """The suite, on the server."""


def _event(number: int) -> Event:
    return Event(
        event_id=str(number), ts=NOON + timedelta(minutes=number), store="uk", type="view", product=str(number)
    )


def test_two_processes_that_write_one_profile_at_once_lose_nothing(valkey_url: str) -> None:
    async def steps() -> list[str]:
        one, other = (ValkeySessions(valkey_url, wait_seconds=PATIENCE) for _ in range(2))
        await one.begin()
        await other.begin()
        who = Shopper("race", visitor=token_hex(6))
        await asyncio.gather(*((one, other)[n % 2].write([(who, _event(n))]) for n in range(40)))
        found = [entry.product for entry in (await one.read(who)).profile.events]
        await one.close()
        await other.close()
        return found

    assert asyncio.run(steps()) == [str(number) for number in range(40)]


def test_a_profile_nobody_visits_is_forgotten(valkey_url: str) -> None:
    async def steps() -> None:
        sessions = ValkeySessions(valkey_url, life_seconds=100, wait_seconds=PATIENCE)
        await sessions.begin()
        await sessions.write([(Shopper("life", "ann", "v"), _event(1))])
        await sessions.close()

    asyncio.run(steps())
    with redis.Redis.from_url(valkey_url) as client:
        lives = {key: client.ttl(key) for key in client.scan_iter("shopkeeper:{life}:*") if b":version" not in key}
    assert len(lives) == 3
    assert all(0 < left <= 100 for left in lives.values())


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    async def steps() -> None:
        sessions = ValkeySessions(f"unix://{tmp_path / 'nowhere.sock'}")
        try:
            await sessions.read(Shopper("uk", "ann"))
        finally:
            await sessions.close()

    with pytest.raises(Unavailable, match="Valkey does not answer"):
        asyncio.run(steps())
