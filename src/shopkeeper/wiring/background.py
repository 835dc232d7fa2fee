"""Work that repeats beside the requests: one loop each, which outlives whatever one round raises."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import structlog

_log = structlog.get_logger(__name__)


async def repeat(name: str, seconds: float, round_: Callable[[], Awaitable[object]]) -> None:
    """Run `round_` every `seconds` until cancelled; a round that fails is logged and the next one tries again.

    Of failures in a row only the first is logged with all that led to it: some rounds come four times a second.
    """
    failed = 0
    while True:
        await asyncio.sleep(seconds)
        try:
            await round_()
            failed = 0
        except Exception as error:  # noqa: BLE001 - the outermost loop of a background task
            failed += 1
            _log.error(
                "background_round_failed", task=name, error=repr(error), times=failed,
                exc_info=error if failed == 1 else None,
            )  # fmt: skip


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
