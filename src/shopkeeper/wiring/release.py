"""Which model version serves: follows the champion pointer and swaps versions without a failed request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from shopkeeper.errors import ShopkeeperError
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.registry.ports import ModelRegistry
from shopkeeper.serving.pace import Pace
from shopkeeper.wiring.open_versions import OpenVersions

_log = structlog.get_logger(__name__)


class Release:
    """Keeps one system at the version its champion pointer names. Used from one event loop.

    The version before it stays open, so the way back is a swap.

    Args:
        rehearse: Has a form of the system answer some requests, and returns how quick it is.
        on_swap: Called with that when another version took over.
    """

    def __init__(
        self,
        registry: ModelRegistry,
        system: RecommendationSystem,
        versions: OpenVersions,
        rehearse: Callable[[RecommendationSystem], Awaitable[Pace]],
        on_swap: Callable[[Pace], None],
    ) -> None:
        self._registry = registry
        self._system = system
        self._versions = versions
        self._rehearse = rehearse
        self._on_swap = on_swap
        self._tried: str | None = None
        self._one_at_a_time = asyncio.Lock()
        self.read = False
        """True once the pointer was read."""
        self.error: str | None = None
        """Why the version the pointer names does not serve; None when it does."""

    async def follow(self) -> None:
        """Read the pointer and, where it names another version, open it beside the old one, let it rehearse, and swap.

        A version that cannot be opened leaves the old one serving and is tried again only when the pointer moves.
        A caller that comes while another follows waits for it, so on return what the pointer named was tried.
        """
        async with self._one_at_a_time:
            champion, previous = await asyncio.to_thread(self._pointers)
            self.read = True
            if champion != self._tried:
                self._tried = champion
                await self._swap(champion)
            wanted = {champion, previous, self._system.version} - {None}
            self._versions.want("release", (version for version in wanted if version is not None))

    async def reopen(self) -> None:
        """Open the version that serves once more, because its files were rewritten to erase someone."""
        async with self._one_at_a_time:
            await self._versions.reopen()
            await self._swap(self._tried)

    def _pointers(self) -> tuple[str | None, str | None]:
        name = self._system.name
        return self._registry.pointer(name, "champion"), self._registry.pointer(name, "previous")

    async def _swap(self, version: str | None) -> None:
        try:
            loaded = None if version is None else await self._versions.open(version)
        except (ShopkeeperError, OSError) as error:
            self.error = f"{version}: {error}"
            return
        pace = Pace() if loaded is None else await self._rehearse(self._system.beside(loaded))
        await asyncio.to_thread(self._system.serve, loaded)
        self.error = None
        self._on_swap(pace)
        _log.info("model_swapped", system=self._system.name, version=version)
