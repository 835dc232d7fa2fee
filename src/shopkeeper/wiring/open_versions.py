"""Model versions that are open beside each other: the champion, the way back, those of arms, and those in shadow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from shopkeeper.errors import ShopkeeperError
from shopkeeper.recommendations.loaded import LoadedModel, load_model
from shopkeeper.registry.bundle import open_bundle
from shopkeeper.registry.ports import ModelRegistry

TRY_AGAIN_SECONDS = 10.0
"""How long a version that could not be opened is left alone."""
_log = structlog.get_logger(__name__)


class OpenVersions:
    """Opens versions of one system and holds them as long as somebody wants them. Used from one event loop.

    Arrays are opened by mmap, so what is only held warm takes next to no memory of its own.

    Args:
        models: Folder of the model bundles.
        seconds: Seconds that never go back.
    """

    def __init__(self, registry: ModelRegistry, system: str, models: Path, seconds: Callable[[], float]) -> None:
        self._registry = registry
        self._system = system
        self._models = models
        self._seconds = seconds
        self._wanted: dict[str, frozenset[str]] = {}
        self._open: dict[str, LoadedModel] = {}
        self._failed_at: dict[str, float] = {}
        self._one_at_a_time = asyncio.Lock()
        self.errors: dict[str, str] = {}
        """Why a version that is wanted is not open."""

    def get(self, version: str) -> LoadedModel | None:
        """Return a version that is open."""
        return self._open.get(version)

    def want(self, who: str, versions: Iterable[str]) -> None:
        """Say all that one part of the server needs open, in place of what it said before; the rest is let go."""
        self._wanted[who] = frozenset(versions)
        wanted = frozenset().union(*self._wanted.values())
        self._open = {version: loaded for version, loaded in self._open.items() if version in wanted}
        self.errors = {version: error for version, error in self.errors.items() if version in wanted}

    async def open(self, version: str) -> LoadedModel:
        """Return a version, opened from disk unless it is open.

        Raises:
            ShopkeeperError: it is not registered, damaged, or of a model this Shopkeeper does not know.
            OSError: its files are not there.
        """
        async with self._one_at_a_time:
            loaded = self._open.get(version)
            if loaded is None:
                try:
                    loaded = await asyncio.to_thread(self._load, version)
                except (ShopkeeperError, OSError) as error:
                    self.errors[version] = str(error)
                    self._failed_at[version] = self._seconds()
                    _log.error("model_not_opened", system=self._system, version=version, error=str(error))
                    raise
                self._open[version] = loaded
                self.errors.pop(version, None)
            return loaded

    async def open_wanted(self, *who: str) -> None:
        """Open what is wanted and is not open; what failed lately waits its time.

        Args:
            who: Only what these parts of the server want; none = all of them.
        """
        wanted = (versions for name, versions in self._wanted.items() if not who or name in who)
        for version in sorted(frozenset().union(*wanted) - self._open.keys()):
            failed_at = self._failed_at.get(version)
            if version in self.errors and failed_at is not None and self._seconds() - failed_at < TRY_AGAIN_SECONDS:
                continue
            try:
                await self.open(version)
            except (ShopkeeperError, OSError):
                continue

    async def reopen(self) -> None:
        """Open everything once more, because files were rewritten to erase someone."""
        async with self._one_at_a_time:
            for version in list(self._open):
                self._open[version] = await asyncio.to_thread(self._load, version)

    def _load(self, version: str) -> LoadedModel:
        registered = self._registry.get(self._system, version)
        return load_model(open_bundle(self._models / registered.folder))
