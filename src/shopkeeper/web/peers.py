"""The workers behind one port tell each other what each of them counts, so that an answer of one is true of all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import structlog
from starlette.requests import Request

AnswerT = TypeVar("AnswerT")
WAIT_SECONDS: Final = 1.0
"""How long another worker may take to answer."""
_log = structlog.get_logger(__name__)


class Peers:
    """The other workers of a server. Used from one event loop.

    Args:
        folder: Where each worker has a socket, open to this user alone; None = there is one worker.
        number: Which worker this is, counted from 1.
    """

    def __init__(self, folder: Path | None = None, number: int = 1, workers: int = 1) -> None:
        self._folder = folder
        self.number = number
        self.workers = workers

    @contextlib.asynccontextmanager
    async def answering(self, answers: Mapping[str, Callable[[], object]]) -> AsyncIterator[None]:
        """Answer the other workers while the context is open; what is asked for has a name."""
        if self._folder is None:
            yield
            return

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.closing(writer):
                asked = (await reader.readline()).decode().strip()
                if asked in answers:
                    writer.write(msgspec.msgpack.encode(answers[asked]()))
                    await writer.drain()

        async with await asyncio.start_unix_server(answer, self._folder / str(self.number)):
            yield

    async def ask(self, what: str, kind: type[AnswerT]) -> dict[int, AnswerT]:
        """Return what the other workers say, by their number; one that starts, ends or is stuck is not among them."""
        others = [number for number in range(1, self.workers + 1) if number != self.number]
        said = await asyncio.gather(*(self._ask(number, what, kind) for number in others))
        return {number: answer for number, answer in zip(others, said, strict=True) if answer is not None}

    async def _ask(self, number: int, what: str, kind: type[AnswerT]) -> AnswerT | None:
        assert self._folder is not None  # noqa: S101 - where there are others, there is a folder
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                reader, writer = await asyncio.open_unix_connection(self._folder / str(number))
                with contextlib.closing(writer):
                    writer.write(f"{what}\n".encode())
                    return msgspec.msgpack.decode(await reader.read(), type=kind)
        except (OSError, TimeoutError, msgspec.MsgspecError) as error:
            _log.warning("worker_does_not_answer", worker=number, asked=what, error=repr(error))
            return None


def peers_of(request: Request) -> Peers:
    """Return the other workers of the server that answers a request."""
    found: Peers = request.app.state.peers
    return found
