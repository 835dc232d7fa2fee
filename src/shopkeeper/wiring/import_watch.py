"""What an import beside the running server brought: seen within a second, without a restart."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

import structlog

from shopkeeper.intake.ports import REPORT_KIND
from shopkeeper.quality.ports import ReportStore
from shopkeeper.serving.live_tables import ROWS_AT_ONCE, LiveTables

_AT_START = 5_000
"""Rows taken in at once while there are no requests to turn to."""
_log = structlog.get_logger(__name__)


class ImportWatch:
    """Fills the shelf at start and again after every import. Used from one event loop.

    Args:
        reports: An import ends with its report, so the newest report's number tells that there was one.
        on_reload: Called after the shelf was read again, to forget answers that know nothing of the new rows.
    """

    def __init__(self, reports: ReportStore, tables: LiveTables, on_reload: Callable[[], None]) -> None:
        self._reports = reports
        self._tables = tables
        self._on_reload = on_reload
        self.seen: int | None = None
        """Number of the report of the newest import that is on the shelf."""

    async def begin(self) -> None:
        """Fill the shelf; an import that ends meanwhile is seen by the next `follow`."""
        newest = await self._newest()
        await self._reload(_AT_START)
        self.seen = newest

    async def follow(self) -> None:
        """Read the shelf again if another import ended since; one that fails is tried again at the next call."""
        newest = await self._newest()
        if newest == self.seen:
            return
        rows = await self._reload()
        self.seen = newest
        self._on_reload()
        _log.info("shelf_read_again", report=newest, rows=rows)

    async def _reload(self, rows_at_once: int = ROWS_AT_ONCE) -> int:
        """Read the shelf and take it out of the garbage collector's rounds.

        Rows live as long as the shelf and hold no cycles; a collector that walks some 100,000 of them stops every
        request for more than 0.1 s and finds nothing.
        """
        was_on = gc.isenabled()
        gc.disable()
        try:
            return await self._tables.reload(rows_at_once)
        finally:
            gc.freeze()
            if was_on:
                gc.enable()

    def end(self) -> None:
        """Give everything back to the garbage collector, which cleans up when the process ends."""
        gc.unfreeze()

    async def _newest(self) -> int | None:
        reports = await asyncio.to_thread(self._reports.latest, REPORT_KIND, 1)
        return reports[0].number if reports else None
