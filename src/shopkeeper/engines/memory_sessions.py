"""Live profiles inside one process, by the port that other engines share."""

from __future__ import annotations

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.serving.ports import Profile
from shopkeeper.serving.session_state import SessionState


class MemorySessions:
    """Implements `serving.ports.SessionStore` on `SessionState`, which the serving process uses directly."""

    def __init__(self, state: SessionState) -> None:
        self._state = state

    async def read(self, shopper: Shopper) -> Profile:
        """Return the profile of a shopper, after moving what weaker keys gathered to it."""
        return self._state.read(shopper)

    async def write(self, shopper: Shopper, event: Event) -> None:
        """Add an event of a shopper; only interest in a product changes a profile."""
        self._state.write(shopper, event)

    async def erase(self, group: str, user: str) -> int:
        """Forget a user and their devices; return profiles dropped."""
        return self._state.erase(group, user)
