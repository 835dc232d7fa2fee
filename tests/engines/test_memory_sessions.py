"""Live profiles inside one process keep the laws of the port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from shopkeeper.engines.memory_sessions import MemorySessions
from shopkeeper.serving.ports import SessionStore
from shopkeeper.serving.session_state import SessionState
from shopkeeper.testing.session_store_suite import OpenSessions, SessionStoreSuite


@asynccontextmanager
async def _opened() -> AsyncIterator[SessionStore]:
    yield MemorySessions(SessionState(100))


class TestMemorySessions(SessionStoreSuite):
    @pytest.fixture
    def open_sessions(self) -> OpenSessions:
        return _opened
