"""Keys are read from memory; a new one works at once, a revoked one stops at the next refresh."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from shopkeeper.engines.state import State, open_state
from shopkeeper.errors import Unavailable
from shopkeeper.serving.key_ring import UNKNOWN_SECONDS, KeyRing


@pytest.fixture
def state() -> Iterator[State]:
    state = open_state("sqlite://")
    yield state
    state.close()


def test_a_new_key_is_found_at_once_and_then_known_without_asking(state: State) -> None:
    ring = KeyRing(state.keys, lambda: 0.0)
    key, secret = state.keys.create("uk", ["decide"], "test")
    assert ring.known(secret) is None
    assert asyncio.run(ring.find(secret)) == key
    assert ring.known(secret) == key


def test_a_revoked_key_is_gone_after_a_refresh(state: State) -> None:
    ring = KeyRing(state.keys, lambda: 0.0)
    key, secret = state.keys.create("uk", ["decide"], "test")
    asyncio.run(ring.find(secret))
    state.keys.revoke(key.key_id, "test")
    asyncio.run(ring.refresh())
    assert ring.known(secret) is None
    assert asyncio.run(ring.find(secret)) is None


def test_once_refreshed_no_valid_key_needs_the_database(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    key, secret = state.keys.create("uk", ["decide"], "test")
    ring = KeyRing(state.keys, lambda: 0.0)
    asyncio.run(ring.refresh())
    monkeypatch.delattr(state.keys.__class__, "find")
    assert asyncio.run(ring.find(secret)) == key


def test_a_key_that_nobody_can_look_up_is_no_wrong_key(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("SELECT", {}, OSError("connection refused"))

    ring = KeyRing(state.keys, lambda: 0.0)
    monkeypatch.setattr(Engine, "connect", away)
    with pytest.raises(Unavailable, match="does not answer"):
        asyncio.run(ring.find("sk_new"))


def test_an_unknown_secret_is_asked_for_once_a_second_at_most(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    asked: list[str] = []
    monkeypatch.setattr(state.keys.__class__, "find", lambda _, secret: asked.append(secret))
    ring = KeyRing(state.keys, lambda: clock[0])
    for seconds in (0.0, UNKNOWN_SECONDS / 2, UNKNOWN_SECONDS):
        clock[0] = seconds
        assert asyncio.run(ring.find("guess")) is None
    assert asked == ["guess", "guess"]
