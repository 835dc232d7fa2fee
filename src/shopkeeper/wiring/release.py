"""Which model version serves: follows the champion pointer and swaps versions without a failed request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from shopkeeper.errors import ShopkeeperError
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.registry.bundle import open_bundle
from shopkeeper.registry.ports import ModelRegistry

_log = structlog.get_logger(__name__)


class Release:
    """Keeps one system at the version its champion pointer names. Used from one event loop.

    Args:
        models: Folder of the model bundles.
        on_swap: Called after another version took over.
    """

    def __init__(
        self, registry: ModelRegistry, system: RecommendationSystem, models: Path, on_swap: Callable[[], None]
    ) -> None:
        self._registry = registry
        self._system = system
        self._models = models
        self._on_swap = on_swap
        self._tried: str | None = None
        self._one_at_a_time = asyncio.Lock()
        self.read = False
        """True once the pointer was read."""
        self.content = ""
        """Hash over the arrays of the version that serves; another one after a person was erased from it."""
        self.error: str | None = None
        """Why the version the pointer names does not serve; None when it does."""

    async def follow(self) -> None:
        """Read the pointer and, where it names another version, open it beside the old one and swap.

        A version that cannot be opened leaves the old one serving and is tried again only when the pointer moves.
        A caller that comes while another follows waits for it, so on return what the pointer named was tried.
        """
        async with self._one_at_a_time:
            await self._follow()

    async def reopen(self) -> None:
        """Open the version that serves once more, because its files were rewritten to erase someone."""
        async with self._one_at_a_time:
            self._tried = None
            await self._follow()

    async def _follow(self) -> None:
        pointer = await asyncio.to_thread(self._registry.pointer, self._system.name, "champion")
        self.read = True
        if pointer == self._tried:
            return
        self._tried = pointer
        try:
            await asyncio.to_thread(self._open, pointer)
        except (ShopkeeperError, OSError) as error:
            self.error = f"{pointer}: {error}"
            _log.error("model_not_opened", system=self._system.name, version=pointer, error=str(error))
            return
        self.error = None
        self._on_swap()
        _log.info("model_swapped", system=self._system.name, version=pointer)

    def _open(self, version: str | None) -> None:
        if version is None:
            self._system.load(None)
            self.content = ""
            return
        registered = self._registry.get(self._system.name, version)
        bundle = open_bundle(self._models / registered.folder)
        self._system.load(bundle)
        self.content = bundle.manifest.content
