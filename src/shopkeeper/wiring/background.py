"""Work that repeats beside the requests: one loop each, which outlives whatever one round raises."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import structlog

_log = structlog.get_logger(__name__)


async def repeat(name: str, seconds: float, round_: Callable[[], Awaitable[object]]) -> None:
    """Run `round_` every `seconds` until cancelled; a round that fails is logged and the next one tries again."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await round_()
        except Exception as error:  # noqa: BLE001 - the outermost loop of a background task
            _log.error("background_round_failed", task=name, error=repr(error), exc_info=error)


@contextlib.asynccontextmanager
async def running(rounds: Mapping[str, tuple[float, Callable[[], Awaitable[object]]]]) -> AsyncIterator[None]:
    """Repeat every named round (seconds between rounds, what to run) while the context is open."""
    tasks = [asyncio.create_task(repeat(name, seconds, call), name=name) for name, (seconds, call) in rounds.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
