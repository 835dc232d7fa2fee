"""Live profiles as the serving process uses them: its own, and first those it shares with other processes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.serving.ports import Recalled
from shopkeeper.serving.session_state import SessionState
from shopkeeper.serving.shared_sessions import SharedSessions


async def _alone() -> None:
    return


class Profiles:
    """Used from one event loop.

    Args:
        local: What this process holds; complete for the shoppers it serves, so a shared store may go away.
        shared: None = this process alone knows its shoppers.
        heard: Returns when what other processes took counts in this one as well.
    """

    def __init__(
        self,
        local: SessionState,
        shared: SharedSessions | None = None,
        heard: Callable[[], Awaitable[object]] = _alone,
    ) -> None:
        self.local = local
        self.shared = shared
        self._heard = heard

    def __len__(self) -> int:
        return len(self.local)

    def remember(self, group: str, event: Event) -> None:
        """Let an event of before this process started count here again."""
        self.local.write_all(group, (event,))

    async def read(self, shopper: Shopper, asked: str = "") -> Recalled:
        """Return the profile of a shopper who allows personalisation, and the answer shared under a name."""
        if self.shared is not None:
            recalled = await self.shared.read(shopper, asked)
            if recalled is not None:
                return recalled
            await self._heard()
        return Recalled(self.local.read(shopper))

    async def write(self, group: str, events: Sequence[Event]) -> None:
        """Add events of shoppers of a customer group who allow personalisation; only interest in a product counts."""
        self.local.write_all(group, events)
        if self.shared is not None and events:
            await self.shared.write([(Shopper(group, e.user, e.visitor, e.session), e) for e in events])

    def keep(self, shopper: Shopper, asked: str, version: int, answer: bytes, seconds: float) -> None:
        """Let other processes give an answer too, made of a version of the shopper's profile."""
        if self.shared is not None:
            self.shared.keep(shopper, asked, version, answer, seconds)

    def keep_arm(self, shopper: Shopper, test: str, arm: str) -> None:
        """Let other processes know the first arm a shopper with keys had in a test."""
        if self.shared is not None:
            self.shared.keep_arm(shopper, test, arm)

    async def erase(self, group: str, user: str) -> int:
        """Forget a user and what is held of their devices and sessions; return profiles dropped.

        Raises:
            Unavailable: the shared store is away; this process has forgotten them.
        """
        shared = self.shared
        if shared is None:
            return self.local.erase(group, user)
        try:
            return await shared.erase(group, user)
        finally:
            self.local.erase(group, user)
