"""How soon connections that come together are taken."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack

import uvloop

from shopkeeper.web.server import BACKLOG, DOORS, bind, doors

CALLERS = 96


class _Visitors:
    """Counts connections, and the turns of the loop until all were taken."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.turns = 0
        self.taken: list[asyncio.BaseTransport] = []
        self.all_there: asyncio.Future[None] = loop.create_future()

    def protocol(self) -> asyncio.Protocol:
        visitors = self

        class Taken(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                visitors.taken.append(transport)
                if len(visitors.taken) == CALLERS:
                    visitors.all_there.set_result(None)

        return Taken()

    def turn(self) -> None:
        self.turns += 1
        if not self.all_there.done():
            self._loop.call_soon(self.turn)


async def turns_to_take(sockets: list[socket.socket]) -> int:
    """Return how often the loop turns until it has taken every connection that waits."""
    loop = asyncio.get_running_loop()
    visitors = _Visitors(loop)
    servers = [await loop.create_server(visitors.protocol, sock=door, backlog=BACKLOG) for door in sockets]
    visitors.turn()
    await asyncio.wait_for(visitors.all_there, 10)
    for transport in visitors.taken:
        transport.close()
    for server in servers:
        server.close()
    await asyncio.sleep(0.1)
    return visitors.turns


def test_connections_that_come_together_wait_for_few_turns_of_the_loop() -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(bind("127.0.0.1", 0))
        listener.listen(BACKLOG)
        sockets = stack.enter_context(doors(listener))
        for _ in range(CALLERS):
            stack.enter_context(socket.create_connection(listener.getsockname()))
        loop = uvloop.new_event_loop()
        stack.callback(loop.close)
        assert loop.run_until_complete(turns_to_take(sockets)) <= CALLERS // DOORS + 4
