"""Refusals of the last year count again after a start: beside the first answers, as a year of the log takes a while."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

import structlog

from shopkeeper.commerce.event import Event
from shopkeeper.engines.duckdb_warehouse import DuckDbWarehouse
from shopkeeper.wiring.serving import Serving
from shopkeeper.wiring.warm_start import standing_refusals

MOST: Final = 100_000
"""Refusals that are held again, the newest; half a kilobyte each while they are read."""
_AT_ONCE: Final = 200
_log: Final = structlog.get_logger(__name__)


@contextlib.asynccontextmanager
async def recalling_refusals(serving: Serving) -> AsyncIterator[None]:
    """Let refusals count again while the context is open; what is not read at its end is left.

    Where the log cannot be read, that is logged, and refusals count from the last days on.
    """
    if serving.lake.empty:
        yield
        return
    with contextlib.closing(serving.lake.warehouse()) as warehouse:
        recall = asyncio.create_task(_recall(serving, warehouse))
        try:
            yield
        finally:
            while not recall.done():
                warehouse.interrupt()  # again and again: the read may be between two statements
                await asyncio.sleep(0.01)


async def _recall(serving: Serving, warehouse: DuckDbWarehouse) -> None:
    try:
        events = await asyncio.to_thread(_read, serving, warehouse)
    except Exception as error:  # noqa: BLE001 - the outermost of its task: the server goes on without
        _log.warning("refusals_not_recalled", error=str(error))
        return
    for n, event in enumerate(events):
        serving.events.recall(event)
        if n % _AT_ONCE == 0:
            await asyncio.sleep(0)


def _read(serving: Serving, warehouse: DuckDbWarehouse) -> list[Event]:
    """Return the refusals that stand; read again where somebody was erased meanwhile, who must not come back by it."""
    while True:
        before = _erasures(serving)
        events = list(standing_refusals(warehouse, serving.now(), MOST))
        if _erasures(serving) == before:
            return events


def _erasures(serving: Serving) -> list[int]:
    return [report.number for report in serving.state.reports.latest("erasure", 1)]
