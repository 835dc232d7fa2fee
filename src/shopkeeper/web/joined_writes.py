"""The head of an answer and its body in one write, so that an answer is sent whole or not at all."""

from __future__ import annotations

import asyncio


class JoinedWrites:
    """What one answer is written to: its head waits for what follows in the same turn of the loop.

    uvicorn writes head and body apart, and the loop hands each to the kernel at once. A process killed in between has
    promised an answer that never comes, and a proxy that passed the head on can no longer ask another server. It is one
    system call and one packet less, too.
    """

    __slots__ = ("_begun", "_head", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""
        self._begun = False

    def write(self, data: bytes) -> None:
        """Write, the first time with what is written next, or else at the end of this turn of the loop."""
        if not self._begun:
            self._begun, self._head = True, data
            self._loop.call_soon(self._write_head)
            return
        head, self._head = self._head, b""
        self._transport.write(head + data if head else data)

    def close(self) -> None:
        """Close the connection when all is written."""
        self._write_head()
        self._transport.close()

    def is_closing(self) -> bool:
        """Return whether the connection is being closed."""
        return self._transport.is_closing()

    def _write_head(self) -> None:
        head, self._head = self._head, b""
        if head:
            self._transport.write(head)
