"""A model that is to take over rehearses some requests beside the one that serves: it is warm when it does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from time import thread_time
from typing import Final, TypeVar

import structlog

from shopkeeper.serving.pace import Pace
from shopkeeper.serving.ports import DecisionRequest, DecisionSystem
from shopkeeper.serving.workers import Workers

RequestT = TypeVar("RequestT", bound=DecisionRequest)
AnswerT = TypeVar("AnswerT")
SECONDS: Final = 5.0
"""How long one answer of a rehearsal may take: the first one reads the model's files."""
_log = structlog.get_logger(__name__)


async def rehearsed(
    system: DecisionSystem[RequestT, AnswerT], requests: Iterable[RequestT], workers: Workers, rests: float = 0.0
) -> Pace:
    """Return how quick the model of a system is, by its answers to some requests in a thread; unknown where it fails.

    What a model works out at its first request, and the pages of its files, are there afterwards. Without a rehearsal
    the first requests would wait for them, in threads, as nobody would know the model to be quick.

    Args:
        rests: How many times as long as an answer took the thread rests after it, so that shoppers who are answered
            meanwhile hardly wait for it.
    """

    def timed(request: RequestT) -> float:
        begun = thread_time()
        system.answer(request)
        return thread_time() - begun

    pace = Pace()
    for request in requests:
        try:
            took = await workers.run(timed, request, SECONDS)
            pace.took(took, on_loop=False)
            await asyncio.sleep(rests * took)
        except Exception as error:  # noqa: BLE001 - whatever a model raises; it shows again, and is counted, when it serves
            _log.warning("rehearsal_failed", system=system.name, version=system.version, error=repr(error))
            return Pace()
    return pace
